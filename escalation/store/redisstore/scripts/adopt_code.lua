-- adopt_code writes a code of one phone that another store gave out, unless it is in use.
-- KEYS[1]  prefix of the shard
-- ARGV     phone, code, key, last text in µs, value to write, codes last texted up to here (20
--          digits of ns) are free again
-- result   1 written, 0 the code stands for something else
-- The keys are those of code.lua.
local call, sub = redis.call, string.sub
local phone, code, key = ARGV[1], ARGV[2], ARGV[3]
local codes, keys = KEYS[1] .. 'c:' .. phone, KEYS[1] .. 'ck:' .. phone

local old = call('HGET', codes, code)
if old then
  local owner = sub(old, 27, 26 + tonumber(sub(old, 21, 26)))
  if owner ~= key then
    if sub(old, 1, 20) > ARGV[6] then return 0 end
    call('HDEL', keys, owner)
  end
end
call('HSET', codes, code, ARGV[5])
call('ZADD', KEYS[1] .. 'cn:' .. phone, code, code)
call('ZADD', KEYS[1] .. 'ct:' .. phone, ARGV[4], code)
local have = call('HGET', keys, key)
if not have or not call('HGET', codes, have) then call('HSET', keys, key, code) end
return 1
