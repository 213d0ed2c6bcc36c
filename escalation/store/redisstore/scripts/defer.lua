-- defer gives a claim back; one that is no longer held is left alone.
-- KEYS[1]  prefix of the shard
-- ARGV     incident id, attempt id, token of the claim, when it comes due again in µs
-- result   1 given back, 0 not held
local rows = KEYS[1] .. 'a:' .. ARGV[1]
local row = redis.call('HGET', rows, ARGV[2])
if not row then return 0 end
local state, first = string.sub(row, 1, 1), string.find(row, '\n', 7, true)
if (state ~= 'p' and state ~= 's') or ARGV[3] == '' or string.sub(row, 7, first - 1) ~= ARGV[3] then return 0 end
redis.call('HSET', rows, ARGV[2], string.sub(row, 1, 6) .. string.sub(row, first))
redis.call('ZADD', KEYS[1] .. 'p', ARGV[4], string.sub(row, 5, 6) .. ARGV[2])
return 1
