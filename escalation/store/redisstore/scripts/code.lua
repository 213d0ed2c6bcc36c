-- code allocates a reply code of one phone, or renews the one that its key has.
-- KEYS[1]  prefix of the shard
-- ARGV     phone, key, now in µs, value to write, codes last texted up to here (20 digits of ns)
--          are free again, the same in µs, first and last number of two ranges to look through;
--          for a strong code instead the numbers to try after them
-- result   the code, or "" when none is free
-- c: hash, code to value (last text in 20 digits of ns, length of the key in 6 digits, key, JSON);
-- ck: hash, key to code; cn: sorted set of codes by number; ct: the same by last text.
local call, sub = redis.call, string.sub
local phone, key = ARGV[1], ARGV[2]
local codes, keys = KEYS[1] .. 'c:' .. phone, KEYS[1] .. 'ck:' .. phone
local numbers, times = KEYS[1] .. 'cn:' .. phone, KEYS[1] .. 'ct:' .. phone

for _, code in ipairs(call('ZRANGEBYSCORE', times, '-inf', ARGV[6])) do
  local value = call('HGET', codes, code)
  if sub(value, 1, 20) <= ARGV[5] then
    call('HDEL', codes, code)
    call('HDEL', keys, sub(value, 27, 26 + tonumber(sub(value, 21, 26))))
    call('ZREM', numbers, code)
    call('ZREM', times, code)
  end
end

-- The lowest free number: below it, as many codes are taken as there are numbers.
local function lowest(first, last)
  local low, high = first, last + 1
  while low < high do
    local mid = math.floor((low + high) / 2)
    if call('ZCOUNT', numbers, first, mid) == mid - first + 1 then low = mid + 1 else high = mid end
  end
  return low <= last and string.format('%d', low)
end

local code = call('HGET', keys, key)
for i = 7, 9, 2 do
  if not code and #ARGV == 10 then code = lowest(tonumber(ARGV[i]), tonumber(ARGV[i + 1])) end
end
for i = 11, #ARGV do
  if not code and call('HEXISTS', codes, ARGV[i]) == 0 then code = ARGV[i] end
end
if not code then return '' end
call('HSET', codes, code, ARGV[4])
call('HSET', keys, key, code)
call('ZADD', numbers, code, code)
call('ZADD', times, ARGV[3], code)
return code
