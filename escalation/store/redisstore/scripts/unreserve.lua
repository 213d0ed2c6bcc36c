-- unreserve takes one entry out of a group's index, unless it was reserved anew.
-- KEYS[1]  prefix of the shard
-- ARGV     group digest, field, the value that was read before the member ended
-- result   1 removed, 0 left
local key = KEYS[1] .. 'g:' .. ARGV[1]
if redis.call('HGET', key, ARGV[2]) == ARGV[3] then return redis.call('HDEL', key, ARGV[2]) end
return 0
