-- The queue of a name was found missing: remember since when, and after a long time take the name off the list.
--
-- KEYS  names ZSET (name -> position), dead HASH (name -> since when, server's ms; and '' for ever)
-- ARGV  the queue's name; after how many ms a name is forgotten, decimal
-- Reply: 1 if the name is off the list, else 0.
-- Atomic: all of it.
local NAMES, DEAD, name, forget_ms = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2])

if not read('ZSCORE', NAMES, name) then
  return {1}
end
local clock = read('TIME')
server_ms = clock[1] * 1000 + floor(clock[2] / 1000)
local since_ms = tonumber(read('HGET', DEAD, name) or nil)
if not since_ms or since_ms > server_ms then
  write('ZREM', NAMES, '') -- see "Writing" in prelude.lua
  write('HSET', DEAD, name, server_ms)
  return {0}
elseif server_ms - since_ms <= forget_ms then
  return {0}
end
write('ZREM', NAMES, name)
write('HDEL', DEAD, name)
return {1}
