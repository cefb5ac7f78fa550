-- Confirm grants: enough replicas have them. Drops nothing.
--
-- KEYS  the six keys of the queue
-- ARGV  sequence  '<d': all grants up to this one
--       header    see read_header() in prelude.lua
-- Reply: the 14 values of open() and finish().
-- Atomic: all of it.
define_writing()
local failure = open(true)
if failure then
  return failure
end
local sequence = min(parse('<d', ARGV[1]), c.admitted)
if sequence > c.confirmed then
  c.confirmed = sequence
  c.changes = c.changes + 1
  is_dirty = true
end
commit()
return finish()
