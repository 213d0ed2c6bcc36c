-- lease_attempts claims attempts that are due: it moves them on in the index and writes the token
-- of the claim into their rows. Which ones the caller names; or all of several shards, unless
-- they are too many for one script: then nothing is changed.
-- KEYS[1]  prefix of the shard; of any shard when they share a server
-- ARGV     now in µs, ends of the leases of what is planned and of what was begun in µs, token,
--          newest known format (3 digits), "" and index members, or how many may be claimed at
--          once and the prefixes of the shards
-- result   {score of the earliest of the index or nil, flat: index member and row of the claimed};
--          nothing when there are too many
local call, sub, find = redis.call, string.sub, string.find
local now, token, out = tonumber(ARGV[1]), ARGV[4], {}

local function lease(base, member)
  local index, id = base .. 'p', sub(member, 3)
  local rows = base .. 'a:' .. sub(id, 1, (find(id, '-', 1, true) or 1) - 1)
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

local left, shards, due = tonumber(ARGV[6]), { KEYS[1] }, { {} }
for i = 7, #ARGV do
  if left then
    shards[i - 6], due[i - 6] = ARGV[i], call('ZRANGEBYSCORE', ARGV[i] .. 'p', '-inf', ARGV[1], 'LIMIT', 0, left + 1)
    left = left - #due[i - 6]
    if left < 0 then return {} end
  else
    due[1][i - 6] = ARGV[i]
  end
end
local earliest, failed
for i, base in ipairs(shards) do
  for _, member in ipairs(due[i]) do
    local fine, trouble = pcall(lease, base, member) -- a damaged row must not hold up the others
    if not fine then failed = trouble end
  end
  local score = call('ZRANGE', base .. 'p', 0, 0, 'WITHSCORES')[2]
  if score and (not earliest or tonumber(score) < tonumber(earliest)) then earliest = score end
end
if failed and #out == 0 then return redis.error_reply(failed) end
return { earliest or false, out }
