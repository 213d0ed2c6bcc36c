-- commit applies guarded changes of incidents, each whole or not at all.
-- KEYS[1]      prefix of their shard; of any shard when they share a server
-- ARGV         per change the prefix of its shard, "tocsin:{n}:", from which every key below is
--              made; the number of its arguments; then these:
--   1..11      id, dedup key, expected revision ("" creates), token, "1" open or
--              "0" resolved, format (3 digits), alerts seen, last seen (20 digits of ns),
--              due as a score ("" for none), end as a score, row (with these two counters)
--   then       count of members; per member its field and row
--   then       count of puts; per put its id, state letter, index member, fence, score, row
--   then       count of cancels; per cancel its id and its overlay (JSON of what changes)
--   then       count of timeline entries; the entries
-- result       per change "ok"; "ok <revision>" when this token was applied before; "conflict";
--              "fenced"; "newer"
local call, sub, find = redis.call, string.sub, string.find
local base, timers, opens, index -- of the change under way

-- judge tells why a row that is there is left alone, if it is.
local function judge(row, a)
  local rev = sub(row, 57, find(row, '\n', 57, true) - 1)
  if sub(rev, find(rev, ':', 1, true) + 1) == ARGV[a + 3] then return 'ok ' .. rev end
  if sub(row, 2, 4) > ARGV[a + 5] then return 'newer' end
  if rev ~= ARGV[a + 2] then return 'conflict' end
end

-- create writes an incident and leads its key to it.
local function create(a, ik, kk)
  local id, open, other = ARGV[a], ARGV[a + 4], nil
  local holder = call('SET', kk, id, 'NX', 'GET')
  if holder and holder ~= id then
    other = call('GETRANGE', base .. 'i:' .. holder, 0, 0)
    if other == '1' and open == '1' then
      local row = call('GETRANGE', ik, 0, 319)
      return row ~= '' and judge(row, a) or 'conflict'
    end
  end
  local old = call('SET', ik, ARGV[a + 10], 'NX', 'GET')
  if old then return judge(old, a) end
  if other and other ~= '1' then call('SET', kk, id) end

  if ARGV[a + 8] ~= '' then call('ZADD', timers, ARGV[a + 8], id) end
  if open == '1' then
    call('ZADD', opens, 0, id)
  else
    call('ZADD', base .. 'd', 0, id)
    call('ZADD', base .. 'e', ARGV[a + 9], id)
  end
end

-- update writes over the row that was read. It adds up the counters, and carries the opening on.
local function update(a, ik, kk, old, point)
  local id, open, row = ARGV[a], ARGV[a + 4], ARGV[a + 10]
  local opening, stop = '', find(old, '\n', 57, true)
  if string.byte(old, stop + 1) == 30 then
    opening = call('GETRANGE', ik, stop + 9 + tonumber(sub(old, stop + 2, stop + 9)), -1)
  end
  local seen, last = ARGV[a + 7], sub(old, 17, 36)
  if last > seen then seen = last end
  local count = string.format('%012d', ARGV[a + 6] + sub(old, 5, 16))
  call('SET', ik, sub(row, 1, 4) .. count .. seen .. sub(row, 37) .. opening)
  if point then call('SET', kk, id) end

  if ARGV[a + 8] ~= '' then call('ZADD', timers, ARGV[a + 8], id) else call('ZREM', timers, id) end
  local wasOpen = sub(old, 1, 1) == '1'
  if open ~= '1' then
    if wasOpen then call('ZREM', opens, id) end
    call('ZADD', base .. 'd', 0, id)
    call('ZADD', base .. 'e', ARGV[a + 9], id)
  elseif not wasOpen then
    call('ZADD', opens, 0, id)
    call('ZREM', base .. 'd', id)
    call('ZREM', base .. 'e', id)
  end
end

-- put writes an attempt; old is its row, if there is one.
local function put(p, ak, old)
  local aid, state, member = ARGV[p], ARGV[p + 1], ARGV[p + 2]
  if old and sub(old, 5, 6) ~= sub(member, 1, 2) then call('ZREM', index, sub(old, 5, 6) .. aid) end
  if state == 'p' then
    call('ZADD', index, ARGV[p + 4], member)
  elseif state == 's' then
    call('ZADD', index, 'NX', ARGV[p + 4], member) -- a lease that runs stays as it is
  else
    call('ZREM', index, member)
  end
  call('HSET', ak, aid, ARGV[p + 5])
end

local function cancel(c, ak)
  local row = call('HGET', ak, ARGV[c])
  if not row or sub(row, 1, 1) ~= 'p' then return end
  local first = find(row, '\n', 7, true)
  local second = find(row, '\n', first + 1, true)
  call('HSET', ak, ARGV[c], 'c' .. sub(row, 2, first) .. ARGV[c + 1] .. sub(row, second))
  call('ZREM', index, sub(row, 5, 6) .. ARGV[c])
end

-- change applies the change whose arguments are a to z.
local function change(a, z)
  local id, open = ARGV[a], ARGV[a + 4]
  local ik, kk, ak = base .. 'i:' .. id, base .. 'k:' .. ARGV[a + 1], base .. 'a:' .. id
  local old, point
  local exists = ARGV[a + 2] ~= ''
  if exists then
    old = call('GETRANGE', ik, 0, 319)
    if old == '' then return 'conflict' end
    local answer = judge(old, a)
    if answer then return answer end
    local holder = call('GET', kk)
    point = holder ~= id
    if holder and point then
      local other = call('GETRANGE', base .. 'i:' .. holder, 0, 0)
      if other == '1' and open == '1' then return 'conflict' end
      point = other ~= '1' and open == '1'
    end
  end

  -- Where the four lists begin.
  local members = a + 11
  local puts = members + 1 + 2 * ARGV[members]
  local cancels = puts + 1 + 6 * ARGV[puts]
  local entries = cancels + 1 + 2 * ARGV[cancels]

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

  -- From here on everything is applied, unless the incident cannot be created.
  if exists then
    update(a, ik, kk, old, point)
  else
    local answer = create(a, ik, kk)
    if answer then return answer end
  end
  for m = members + 1, puts - 1, 1000 do
    call('HSET', base .. 'm:' .. id, unpack(ARGV, m, math.min(m + 999, puts - 1)))
  end
  for p = puts + 1, cancels - 1, 6 do put(p, ak, before[ARGV[p]]) end
  for c = cancels + 1, entries - 1, 2 do cancel(c, ak) end
  for e = entries + 1, z, 1000 do
    call('RPUSH', base .. 'h:' .. id, unpack(ARGV, e, math.min(e + 999, z)))
  end
  return 'ok'
end

local out, a = {}, 1
while a <= #ARGV do
  base = ARGV[a]
  timers, opens, index = base .. 't', base .. 'o', base .. 'p'
  local z = a + 1 + ARGV[a + 1]
  out[#out + 1] = change(a + 2, z)
  a = z + 1
end
return out
