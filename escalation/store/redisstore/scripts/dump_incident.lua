-- dump_incident reads one incident with all its rows and its places in the indexes, as they
-- stand at one moment.
-- KEYS[1]  prefix of the shard
-- ARGV     id, dedup key
-- result   empty when there is no such incident; else serialized i, m, a, h ("" for none), "1" when
--          the dedup key names it, its scores in t, o, d, e ("" for none), then per live attempt
--          its member of p and the score
local call, sub = redis.call, string.sub
local base, id = KEYS[1], ARGV[1]
local out = {}
local row = call('DUMP', base .. 'i:' .. id)
if not row then return out end
out[1] = row
for i, kind in ipairs({'m', 'a', 'h'}) do out[1 + i] = call('DUMP', base .. kind .. ':' .. id) or '' end
out[5] = call('GET', base .. 'k:' .. ARGV[2]) == id and '1' or ''
for i, index in ipairs({'t', 'o', 'd', 'e'}) do out[5 + i] = call('ZSCORE', base .. index, id) or '' end
local attempts = call('HGETALL', base .. 'a:' .. id)
for i = 1, #attempts, 2 do
  local member = sub(attempts[i + 1], 5, 6) .. attempts[i]
  local score = call('ZSCORE', base .. 'p', member)
  if score then
    out[#out + 1] = member
    out[#out + 1] = score
  end
end
return out
