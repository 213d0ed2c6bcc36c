-- lease_phone takes the right to text one phone. The value is the end of the lease (20 digits
-- of ns), the token, a newline, and the state as JSON.
-- KEYS[1]  prefix of the shard
-- ARGV     phone, now (20 digits), end of the lease (20 digits), token
-- result   the state ("" when there is none), or nil when somebody else has the lease
local key = KEYS[1] .. 'l:' .. ARGV[1]
local old, state = redis.call('GET', key), ''
if old then
  local nl = string.find(old, '\n', 21, true)
  local token = string.sub(old, 21, nl - 1)
  if token ~= '' and token ~= ARGV[4] and string.sub(old, 1, 20) > ARGV[2] then return false end
  state = string.sub(old, nl + 1)
end
redis.call('SET', key, ARGV[3] .. ARGV[4] .. '\n' .. state)
return state
