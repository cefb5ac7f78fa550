-- Read a page of the line, in order.
--
-- KEYS  the six keys of the queue
-- ARGV  page    '<ddd': class and number after which the page begins, how many people (at most 1,000)
--       header  see read_header() in prelude.lua
-- Reply: the 14 values of open() and finish(); how many classes, and who waits in each; the position of the first
-- person; then for each: user, place.
-- Atomic: all of it. Changes nothing.
local MOST = 1000

local failure = open(false)
if failure then
  return failure
end
local cls, after, most = parse('<ddd', ARGV[1])
local first = cls * CLASS + min(after, CLASS - 1) + 1
local people = {}
if most > 0 then
  people = read('ZRANGE', W, first, CLASSES * CLASS - 1, 'BYSCORE', 'LIMIT', 0, min(most, MOST), 'WITHSCORES')
end
finish()
put_classes()
put({people[1] and read('ZRANK', W, people[1]) + 1 or 0})
for k = 2, #people, 2 do
  people[k] = tonumber(people[k])
end
put(people)
return reply
