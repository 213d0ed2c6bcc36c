-- peek_timers shows the earliest timers, and the first one that is not due. It changes nothing.
-- KEYS[1]  prefix of the shard
-- ARGV     now in µs, limit
-- result   flat: per timer its incident, its score, and its due time (20 digits of ns) where the
--          score alone does not tell whether it is due, else ""
local timers, now, out = KEYS[1] .. 't', tonumber(ARGV[1]), {}
local function add(list)
  for i = 1, #list, 2 do
    out[#out + 1] = list[i]
    out[#out + 1] = list[i + 1]
    local sure = tonumber(list[i + 1]) < now
    out[#out + 1] = sure and '' or redis.call('GETRANGE', KEYS[1] .. 'i:' .. list[i], 36, 55)
  end
  return #list / 2
end
local due = add(redis.call('ZRANGEBYSCORE', timers, '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2]))
if due < tonumber(ARGV[2]) then
  add(redis.call('ZRANGEBYSCORE', timers, '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, 1))
end
return out
