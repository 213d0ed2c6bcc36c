-- touch counts repeats of open incidents whose revision is the present one; one of no alerts only
-- looks whether it is, and the incident need not be open.
-- KEYS[1]  prefix of the shard; of any shard when they share a server
-- ARGV     per touch: key of the incident's row, revision, number of alerts, last seen (20 digits of ns)
-- result   per touch: 1 counted, or so it is; 0 refused
local sub, out = string.sub, {}
for i = 1, #ARGV, 4 do
  local key, rev, seen = ARGV[i], ARGV[i + 1], ARGV[i + 3]
  local head = redis.call('GETRANGE', key, 0, 56 + #rev)
  if sub(head, 57) ~= rev .. '\n' then
    out[#out + 1] = 0
  elseif ARGV[i + 2] == '0' then
    out[#out + 1] = 1
  elseif sub(head, 1, 1) == '1' then
    local last = sub(head, 17, 36)
    if last > seen then seen = last end
    redis.call('SETRANGE', key, 4, string.format('%012d', tonumber(sub(head, 5, 16)) + tonumber(ARGV[i + 2])) .. seen)
    out[#out + 1] = 1
  else
    out[#out + 1] = 0
  end
end
return out
