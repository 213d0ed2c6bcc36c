-- append adds the next value to a series, whole or not at all, and forgets the oldest.
-- KEYS[1]  prefix of shard 0
-- ARGV     series, number of the last value that the caller knows, the number after it, token,
--          number from which on down values are forgotten (0: none), row (format, token, newline, value)
-- result   "ok", also when this token was applied before; "conflict <number of the last value>"; "newer"
-- s: hash, series to number and token of its last value; s:<series>:<number>: rows.
local call, sub = redis.call, string.sub
local base, series, after, following, token = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local rows = base .. 's:' .. series .. ':'

local last, was = string.match(call('HGET', base .. 's', series) or '0:', '^(%d+):(.*)$')
if was == token then return 'ok' end
if last ~= after then
  if sub(call('GETRANGE', rows .. following, 0, 3 + #token), 4) == token .. '\n' then return 'ok' end
end
if call('GETRANGE', rows .. last, 0, 2) > sub(ARGV[6], 1, 3) then return 'newer' end
if last ~= after then return 'conflict ' .. last end

call('SET', rows .. following, ARGV[6])
call('HSET', base .. 's', series, following .. ':' .. token)
local old = tonumber(ARGV[5])
while old > 0 and call('DEL', rows .. string.format('%.0f', old)) == 1 do old = old - 1 end
return 'ok'
