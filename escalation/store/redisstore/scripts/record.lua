-- record appends to the intake log and forgets what is old. Entries get the time they were
-- taken as their id; one that comes late gets the id after the newest.
-- KEYS[1]  prefix of the shard
-- ARGV     time in ms, forget what is before (ms), description as JSON, body
-- result   the id of the entry
local key, at = KEYS[1] .. 'intake', ARGV[1]
if redis.call('EXISTS', key) == 1 then
  local info = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      local last = string.match(info[i + 1], '^%d+')
      if tonumber(last) > tonumber(at) then at = last end
    end
  end
end
return redis.call('XADD', key, 'MINID', '=', ARGV[2], at .. '-*', 'd', ARGV[3], 'b', ARGV[4])
