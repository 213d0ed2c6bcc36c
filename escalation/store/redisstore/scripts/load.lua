-- load reads one incident and rows beside it, as one view.
-- KEYS[1]  prefix of the shard
-- ARGV     id ("" to look it up), dedup key, count of members, their fields, ids of attempts
-- result   {incident row or nil, {member rows or nil}, {attempt rows or nil}}
local id = ARGV[1]
if id == '' then id = redis.call('GET', KEYS[1] .. 'k:' .. ARGV[2]) end
if not id then return { false, {}, {} } end
local incident = redis.call('GET', KEYS[1] .. 'i:' .. id)
local function rows(key, from, to)
  local all = {}
  for i = from, to, 1000 do
    for _, row in ipairs(redis.call('HMGET', key, unpack(ARGV, i, math.min(i + 999, to)))) do
      all[#all + 1] = row
    end
  end
  return all
end
local last = 3 + tonumber(ARGV[3])
return { incident, rows(KEYS[1] .. 'm:' .. id, 4, last), rows(KEYS[1] .. 'a:' .. id, last + 1, #ARGV) }
