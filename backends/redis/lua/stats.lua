-- Read the totals of a queue.
--
-- KEYS  the six keys of the queue
-- ARGV  header  see read_header() in prelude.lua
-- Reply: the 14 values of open() and finish(); waiting, ready, active; entered, admitted, activated, left, dropped,
-- lapsed, expired, completed; last number, head_age_ms (0 if nobody waits).
-- Atomic: all of it. Changes nothing.
define_rare()
local failure = open(false)
if failure then
  return failure
end

local function head_age_ms()
  for cls = 0, CLASSES - 1 do
    local place = head_of(cls)
    if place then
      return T - entered_ms(place % CLASS)
    end
  end
  return 0
end

finish()
put({in_line(), c.ready, c.active, c.entered, c.admitted, c.activated, c.left, c.dropped, c.lapsed, c.expired,
  c.completed, c.number, head_age_ms()})
return reply
