-- commit applies one guarded change of one incident, whole or not at all.
-- KEYS[1]      prefix of the shard, "tocsin:{n}:"; every key below is made from it
-- ARGV[1..11]  id, dedup key, expected revision ("" creates), token, "1" open or
--              "0" resolved, format (3 digits), alerts seen, last seen (20 digits of ns),
--              due as a score ("" for none), end as a score, row (with these two counters)
-- then         count of members; per member its field and row
-- then         count of puts; per put its id, state letter, index member, fence, score, row
-- then         count of cancels; per cancel its id and its overlay (JSON of what changes)
-- then         count of timeline entries; the entries
-- result       "ok"; "ok <revision>" when this token was applied before; "conflict"; "fenced"; "newer"
local call, sub, find = redis.call, string.sub, string.find
local base, id, key, expected, token = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local open, format = ARGV[5], ARGV[6]
local ik, kk, mk, ak = base .. 'i:' .. id, base .. 'k:' .. key, base .. 'm:' .. id, base .. 'a:' .. id

local old = call('GETRANGE', ik, 0, 319)
local exists = old ~= ''
if exists then
  local rev = sub(old, 57, find(old, '\n', 57, true) - 1)
  if sub(rev, find(rev, ':', 1, true) + 1) == token then return 'ok ' .. rev end
  if sub(old, 2, 4) > format then return 'newer' end
  if rev ~= expected then return 'conflict' end
elseif expected ~= '' then
  return 'conflict'
end

local holder = call('GET', kk)
local point = holder ~= id
if holder and point then
  local other = call('GETRANGE', base .. 'i:' .. holder, 0, 0)
  if other == '1' and open == '1' then return 'conflict' end
  point = other ~= '1' and (open == '1' or not exists)
end

-- Where the four lists begin.
local members = 12
local puts = members + 1 + 2 * tonumber(ARGV[members])
local cancels = puts + 1 + 6 * tonumber(ARGV[puts])
local entries = cancels + 1 + 2 * tonumber(ARGV[cancels])

local before = {}
for p = puts + 1, cancels - 1, 6 do
  local aid, fence = ARGV[p], ARGV[p + 3]
  local row = exists and call('HGET', ak, aid)
  if row then
    if sub(row, 2, 4) > sub(ARGV[p + 5], 2, 4) then return 'newer' end
    if not before[aid] then before[aid] = row end
  end
  if fence ~= '' and (not row or sub(row, 7, find(row, '\n', 7, true) - 1) ~= fence) then return 'fenced' end
end

-- From here on everything is applied.
call('SET', ik, ARGV[11])
local wasOpen = ''
if exists then
  wasOpen = sub(old, 1, 1)
  local seen, last = ARGV[8], sub(old, 17, 36)
  if last > seen then seen = last end
  call('SETRANGE', ik, 4, string.format('%012d', ARGV[7] + sub(old, 5, 16)) .. seen)
end
if point then call('SET', kk, id) end

if ARGV[9] ~= '' then
  call('ZADD', base .. 't', ARGV[9], id)
elseif exists then
  call('ZREM', base .. 't', id)
end
if open == '1' then
  if wasOpen ~= '1' then
    call('ZADD', base .. 'o', 0, id)
    if exists then
      call('ZREM', base .. 'd', id)
      call('ZREM', base .. 'e', id)
    end
  end
else
  if wasOpen == '1' then call('ZREM', base .. 'o', id) end
  call('ZADD', base .. 'd', 0, id)
  call('ZADD', base .. 'e', ARGV[10], id)
end

for m = members + 1, puts - 1, 1000 do
  call('HSET', mk, unpack(ARGV, m, math.min(m + 999, puts - 1)))
end

local index = base .. 'p'
for p = puts + 1, cancels - 1, 6 do
  local aid, state, member = ARGV[p], ARGV[p + 1], ARGV[p + 2]
  local row = before[aid]
  if row and sub(row, 5, 6) ~= sub(member, 1, 2) then call('ZREM', index, sub(row, 5, 6) .. aid) end
  if state == 'p' then
    call('ZADD', index, ARGV[p + 4], member)
  elseif state == 's' then
    call('ZADD', index, 'NX', ARGV[p + 4], member) -- a lease that runs stays as it is
  else
    call('ZREM', index, member)
  end
  call('HSET', ak, aid, ARGV[p + 5])
end

for c = cancels + 1, entries - 1, 2 do
  local aid = ARGV[c]
  local row = call('HGET', ak, aid)
  if row and sub(row, 1, 1) == 'p' then
    local first = find(row, '\n', 7, true)
    local second = find(row, '\n', first + 1, true)
    call('HSET', ak, aid, 'c' .. sub(row, 2, first) .. ARGV[c + 1] .. sub(row, second))
    call('ZREM', index, sub(row, 5, 6) .. aid)
  end
end

for e = entries + 1, #ARGV, 1000 do
  call('RPUSH', base .. 'h:' .. id, unpack(ARGV, e, math.min(e + 999, #ARGV)))
end
return 'ok'
