-- dump_keys reads keys as they stand at one moment.
-- KEYS[1]  prefix of the shard
-- ARGV     keys, without the prefix
-- result   per key its serialized value ("" for none) and when it expires (ms, -1: never)
local out = {}
for i, key in ipairs(ARGV) do
  out[2 * i - 1] = redis.call('DUMP', KEYS[1] .. key) or ''
  out[2 * i] = redis.call('PEXPIRETIME', KEYS[1] .. key)
end
return out
