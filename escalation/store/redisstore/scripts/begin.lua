-- begin notes that an attempt is about to be handed over, if its claim still holds, and leases it
-- anew.
-- KEYS[1]  prefix of the shard
-- ARGV     incident id, attempt id, token of the claim, overlay (JSON of what Begin sets),
--          end of the lease in µs
-- result   "ok", "fenced", "missing"
local rows = KEYS[1] .. 'a:' .. ARGV[1]
local row = redis.call('HGET', rows, ARGV[2])
if not row then return 'missing' end
local state, first = string.sub(row, 1, 1), string.find(row, '\n', 7, true)
if (state ~= 'p' and state ~= 's') or ARGV[3] == '' or string.sub(row, 7, first - 1) ~= ARGV[3] then return 'fenced' end
local second = string.find(row, '\n', first + 1, true)
redis.call('HSET', rows, ARGV[2], 's' .. string.sub(row, 2, first) .. ARGV[4] .. string.sub(row, second))
redis.call('ZADD', KEYS[1] .. 'p', ARGV[5], string.sub(row, 5, 6) .. ARGV[2])
return 'ok'
