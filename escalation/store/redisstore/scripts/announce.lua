-- announce says that a process is there, and forgets those that have long been gone.
-- KEYS[1]  prefix of shard 0
-- ARGV     process, row (20 digits of the instant until which it counts, value), 20 digits of
--          the instant before which rows are forgotten
-- result   how many were forgotten
local key, gone = KEYS[1] .. 'w', 0
redis.call('HSET', key, ARGV[1], ARGV[2])
local all = redis.call('HGETALL', key)
for i = 1, #all, 2 do
  if string.sub(all[i + 1], 1, 20) < ARGV[3] then gone = gone + redis.call('HDEL', key, all[i]) end
end
return gone
