-- renew_phone has the lease of a phone end later. One that was sent late shortens nothing.
-- KEYS[1]  prefix of the shard
-- ARGV     phone, token, end of the lease (20 digits)
-- result   1 renewed, 0 the lease was taken over or given back
local key = KEYS[1] .. 'l:' .. ARGV[1]
local old = redis.call('GET', key)
if not old or string.sub(old, 21, string.find(old, '\n', 21, true) - 1) ~= ARGV[2] then return 0 end
if ARGV[3] > string.sub(old, 1, 20) then redis.call('SET', key, ARGV[3] .. string.sub(old, 21)) end
return 1
