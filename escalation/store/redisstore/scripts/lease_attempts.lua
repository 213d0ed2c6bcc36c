-- lease_attempts claims attempts that are still due: it moves them on in the index and writes
-- the token of the claim into their rows.
-- KEYS[1]  prefix of the shard
-- ARGV     now in µs, ends of the leases of what is planned and of what was begun in µs, token,
--          newest known format (3 digits), index members
-- result   {score of the earliest of the index or nil, flat: index member and row of the claimed}
local call, sub, find = redis.call, string.sub, string.find
local index, now, token, out = KEYS[1] .. 'p', tonumber(ARGV[1]), ARGV[4], {}
for i = 6, #ARGV do
  local member = ARGV[i]
  local id = sub(member, 3)
  local rows = KEYS[1] .. 'a:' .. sub(id, 1, (find(id, '-', 1, true) or 1) - 1)
  local score = call('ZSCORE', index, member)
  local row = score and call('HGET', rows, id)
  local state = row and sub(row, 1, 1)
  if score and ((state ~= 'p' and state ~= 's') or sub(row, 5, 6) ~= sub(member, 1, 2)) then
    call('ZREM', index, member) -- nothing is left to do under this name
  elseif score then
    local first = find(row, '\n', 7, true)
    if sub(row, 2, 4) > ARGV[5] then
      -- Left to a newer process; but it must not keep others from being seen here.
      if tonumber(score) <= now then call('ZADD', index, ARGV[2], member) end
    elseif sub(row, 7, first - 1) == token then
      out[#out + 1] = member -- this very call, sent again
      out[#out + 1] = row
    elseif tonumber(score) <= now then
      row = sub(row, 1, 6) .. token .. sub(row, first)
      call('HSET', rows, id, row)
      call('ZADD', index, state == 's' and ARGV[3] or ARGV[2], member)
      out[#out + 1] = member
      out[#out + 1] = row
    end
  end
end
return { call('ZRANGE', index, 0, 0, 'WITHSCORES')[2] or false, out }
