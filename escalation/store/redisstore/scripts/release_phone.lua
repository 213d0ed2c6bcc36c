-- release_phone saves a phone's state and gives its lease back.
-- KEYS[1]  prefix of the shard
-- ARGV     phone, token, state as JSON
-- result   1 released, 0 the lease was taken over
local key = KEYS[1] .. 'l:' .. ARGV[1]
local old = redis.call('GET', key)
if not old or string.sub(old, 21, string.find(old, '\n', 21, true) - 1) ~= ARGV[2] then return 0 end
redis.call('SET', key, string.rep('0', 20) .. '\n' .. ARGV[3])
return 1
