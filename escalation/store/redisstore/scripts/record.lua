-- record appends to the intake log and forgets what is old. Entries get the time they were
-- taken as their id; one that comes late gets the id after the newest.
-- KEYS[1]  prefix of the shard
-- ARGV     time in ms, forget what is before (ms), description as JSON, body
-- result   the id of the entry
local key = KEYS[1] .. 'intake'
local function add(at)
  return redis.pcall('XADD', key, 'MINID', '=', ARGV[2], at .. '-*', 'd', ARGV[3], 'b', ARGV[4])
end
local id = add(ARGV[1])
if type(id) ~= 'table' then return id end
-- Most likely its time is before the newest entry's.
local info = redis.call('XINFO', 'STREAM', key)
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then return add(string.match(info[i + 1], '^%d+')) end
end
return id
