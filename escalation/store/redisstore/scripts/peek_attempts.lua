-- peek_attempts shows due attempts, most urgent first, and when the next one comes due. It
-- changes nothing.
-- KEYS[1]  prefix of the shard
-- ARGV     now in µs, limit, how many due ones to look through for the most urgent
-- result   {score of the first that is not due or nil, flat: index member and score of the due ones}
-- An index member is the rank in two digits and the id of the attempt.
local index, ranks, byRank, out = KEYS[1] .. 'p', {}, {}, {}
local due = redis.call('ZRANGEBYSCORE', index, '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[3])
for i = 1, #due, 2 do
  local rank = string.sub(due[i], 1, 2)
  if not byRank[rank] then
    byRank[rank] = {}
    ranks[#ranks + 1] = rank
  end
  table.insert(byRank[rank], i)
end
table.sort(ranks)
local left = tonumber(ARGV[2])
for _, rank in ipairs(ranks) do
  for _, i in ipairs(byRank[rank]) do
    if left > 0 then
      out[#out + 1] = due[i]
      out[#out + 1] = due[i + 1]
      left = left - 1
    end
  end
end
local future = redis.call('ZRANGEBYSCORE', index, '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
return { future[2] or false, out }
