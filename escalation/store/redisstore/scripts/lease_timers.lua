-- lease_timers takes timers that are still due, by moving them on in the index.
-- KEYS[1]  prefix of the shard
-- ARGV     now in µs, end of the lease in µs, incident ids
-- result   flat: the leased ids with their due times (20 digits of ns); then the earliest timer
--          of the index with its score and its due time, if there is one
local timers, now, out = KEYS[1] .. 't', tonumber(ARGV[1]), {}
local function due(id) return redis.call('GETRANGE', KEYS[1] .. 'i:' .. id, 36, 55) end
for i = 3, #ARGV do
  local id = ARGV[i]
  local score = redis.call('ZSCORE', timers, id)
  if score and tonumber(score) <= now then
    local at = due(id)
    if at == '' then
      redis.call('ZREM', timers, id) -- its incident is gone
    else
      redis.call('ZADD', timers, ARGV[2], id)
      out[#out + 1] = id
      out[#out + 1] = at
    end
  end
end
local first = redis.call('ZRANGE', timers, 0, 0, 'WITHSCORES')
if first[1] then
  out[#out + 1] = first[1]
  out[#out + 1] = first[2]
  out[#out + 1] = due(first[1])
end
return out
