-- Put a queue's name on a list of names.
--
-- KEYS  names ZSET (name -> position, which rises and never moves), dead HASH (see delist.lua)
-- ARGV  the queue's name
-- Reply: 0.
-- Atomic: all of it.
local NAMES, DEAD, name = KEYS[1], KEYS[2], ARGV[1]

if not read('ZSCORE', NAMES, name) then
  local last = read('ZRANGE', NAMES, -1, -1, 'WITHSCORES')
  write('ZADD', NAMES, (tonumber(last[2]) or 0) + 1, name)
end
if read('HLEN', DEAD) == 0 or read('HGET', DEAD, name) then
  write('HSET', DEAD, '', '') -- a key that exists stays with its slot while a cluster moves it
  write('HDEL', DEAD, name)
end
return {0}
