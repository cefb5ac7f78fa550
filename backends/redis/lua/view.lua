-- Look at a queue: policy, totals and the front of the line, of one moment.
--
-- KEYS  the six keys of the queue
-- ARGV  header  see read_header() in prelude.lua
-- Reply: the 14 values of open() and finish(); the policy, 12 x '<d'; ready, active; entered, admitted, activated,
-- left, dropped, lapsed, expired, completed; head_age_ms (0 if nobody waits); lost_from, lost_to, changes; for each of
-- 8 classes: the highest number admitted, the lowest that waits (last + 1 if none), how many wait.
-- Atomic: all of it. Changes nothing.
define_rare()
local failure = open(false)
if failure then
  return failure
end
local front, age_ms = {}, nil
for cls = 0, CLASSES - 1 do
  local place, k = head_of(cls), #front
  local number = place and place % CLASS or c.number + 1
  if place and not age_ms then
    age_ms = T - entered_ms(number)
  end
  front[k + 1], front[k + 2], front[k + 3] = c.highest[cls + 1], number, c.waiting[cls + 1]
end
finish()
put({pack_policy(), c.ready, c.active, c.entered, c.admitted, c.activated, c.left, c.dropped, c.lapsed, c.expired,
  c.completed, age_ms or 0, c.lost_from, c.lost_to, c.changes})
put(front)
return reply
