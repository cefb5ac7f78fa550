-- Read the front of the line, per class.
--
-- KEYS  the six keys of the queue
-- ARGV  header  see read_header() in prelude.lua
-- Reply: the 14 values of open() and finish(); last number, lost_from, lost_to, changes; for each of 8 classes: the
-- highest number admitted, the lowest that waits (last + 1 if none), how many wait.
-- Atomic: all of it. Changes nothing.
define_rare()
local failure = open(false)
if failure then
  return failure
end
finish()
put({c.number, c.lost_from, c.lost_to, c.changes})
for cls = 0, CLASSES - 1 do
  local place = head_of(cls)
  put({c.highest[cls + 1], place and place % CLASS or c.number + 1, c.waiting[cls + 1]})
end
return reply
