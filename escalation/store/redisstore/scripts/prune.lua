-- prune forgets one incident, if it is still the one that was judged.
-- KEYS[1]  prefix of the shard
-- ARGV     incident id, dedup key, revision
-- result   1 forgotten, 0 left
local call, base, id = redis.call, KEYS[1], ARGV[1]
local head = call('GETRANGE', base .. 'i:' .. id, 0, 56 + #ARGV[3])
if string.sub(head, 1, 1) ~= '0' or string.sub(head, 57) ~= ARGV[3] .. '\n' then return 0 end
local attempts = call('HGETALL', base .. 'a:' .. id)
for i = 1, #attempts, 2 do
  call('ZREM', base .. 'p', string.sub(attempts[i + 1], 5, 6) .. attempts[i])
end
for _, index in ipairs({ 't', 'o', 'd', 'e' }) do call('ZREM', base .. index, id) end
for _, kind in ipairs({ 'i:', 'm:', 'a:', 'h:' }) do call('DEL', base .. kind .. id) end
if call('GET', base .. 'k:' .. ARGV[2]) == id then call('DEL', base .. 'k:' .. ARGV[2]) end
return 1
