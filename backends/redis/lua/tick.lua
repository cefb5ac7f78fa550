-- One step of a tick: end seats that are over, drop who is idle, admit; strictly in this order.
--
-- KEYS  the six keys of the queue
-- ARGV  bounds  '<dddd': people this step may move; seats that it may end, people that it may drop, and admit (-1 = no
--               bound)
--       header  see read_header() in prelude.lua
-- Reply: the 14 values of open() and finish(); lapsed, expired, dropped, admitted; waiting, ready, active; more,
-- next_ms (-1 = never; 0 if more or unfinished), unfinished; in how many runs those who were let in had waited, and
-- for each run: ms, how many; in the same way how long seats lasted that expired; then, if the host listens, for each
-- event: type, user, place.
-- Atomic: all of it. Bounded: looks at a few times as many people as it may move.
define_writing()
define_admission()
define_rare()

-- All of the script, in one function: see "The functions" in prelude.lua.
local function run()
  local QK_EVENT_ADMITTED = 2
  local QK_EVENT_DROPPED = 6
  local QK_EVENT_LAPSED = 7
  local QK_EVENT_EXPIRED = 8
  local MOST = 250       -- people a step
  local MARKS = 1000     -- marks of entering trimmed by a step
  local LOOKS = 2        -- people looked at for each that may be moved
  local LITTLE, MUCH = 16, 256 -- people read at once
  -- A phase returns DONE, or PAUSED: the step is full.
  local DONE, PAUSED = 0, 1

  local left             -- people that this step may still move
  local looks            -- people that it may still look at
  local may_end, may_drop, may_admit
  local lapsed, expired, dropped, admitted = 0, 0, 0, 0
  local more, has_idle = 0, false
  local waits, stays = {}, {} -- runs: ms, how many
  local events = {}

  local function emit(type, user, place)
    if listens then
      local k = #events
      events[k + 1], events[k + 2], events[k + 3] = type, user, place
    end
  end

  -- ---- Seats ----

  local function end_seat(user, tag, record)
    local handle, state = parse(RECORD, record or damaged('a seat without a record'))
    if record:sub(1, 7) ~= tag then
      damaged('a seat and its record differ')
    end
    if state == QK_ACTIVE then
      c.active, c.expired, expired = c.active - 1, c.expired + 1, expired + 1
      add_run(stays, min(term_ms(record), T), 1)
    else
      c.ready, c.lapsed, lapsed = c.ready - 1, c.lapsed + 1, lapsed + 1
    end
    emit(state == QK_ACTIVE and QK_EVENT_EXPIRED or QK_EVENT_LAPSED, user, (place_of(handle)))
  end

  local function end_seats()
    local most = min(left, may_end)
    local due = read('ZRANGE', S, '-inf', T, 'BYSCORE', 'LIMIT', 0, most + 1)
    local count = min(#due, most)
    if count > 0 then
      local users = {}
      for k = 1, count do
        users[k] = due[k]:sub(8)
      end
      local records = read('HMGET', R, unpack(users))
      for k = 1, count do
        end_seat(users[k], due[k]:sub(1, 7), records[k])
      end
      later('ZREMRANGEBYRANK', S, 0, count - 1)
      later('HDEL', R, unpack(users))
      left, may_end = left - count, may_end - count
    end
    if #due > count then
      more = may_end == 0 and 1 or 0
      return may_end == 0 and DONE or PAUSED
    end
    return DONE
  end

  -- ---- Who is idle ----
  -- Two orders are merged: people with an entry in i, by their polls; and the silent, who have none and count as having
  -- polled when they entered: their numbers rise with that time. Everyone below c.pointer has an entry, and keeps
  -- it.

  local marks, mark_at -- some of g, and where in it the last number asked for is

  -- entered_ms() for numbers that rise from call to call; begins with marks = {}, mark_at = 1.
  local function rising_entered_ms(number)
    while marks[mark_at + 1] and tonumber(marks[mark_at + 1]) < number do
      mark_at = mark_at + 2
    end
    if not marks[mark_at] then
      marks = read('ZRANGE', G, number, '+inf', 'BYSCORE', 'LIMIT', 0, LITTLE, 'WITHSCORES')
      mark_at = 1
    end
    if not marks[mark_at] or marks[mark_at] == '' then
      damaged('no mark of entering')
    end
    return (parse(TAG, marks[mark_at]))
  end

  -- Read some of the line, all classes, from number `from` on: what ZRANGE gives for each class, and the number below
  -- which that is everybody.
  local function read_line(from, size)
    local line, edge = {}, c.number + 1
    for cls = 0, CLASSES - 1 do
      if c.waiting[cls + 1] > 0 then
        local low = cls * CLASS
        local found = read('ZRANGE', W, low + from, low + CLASS - 1, 'BYSCORE', 'LIMIT', 0, size, 'WITHSCORES')
        if #found == 2 * size then
          edge = min(edge, found[#found] - low + 1)
        end
        looks = looks - #found / 2
        line[cls] = found
      end
    end
    return line, edge
  end

  -- The silent of those below edge, in order of number.
  local function pick_silent(line, edge)
    local silent, lists = {}, 0
    for cls, found in pairs(line) do
      lists = lists + 1
      local tags, low = {}, cls * CLASS
      for k = 2, #found, 2 do
        local number = found[k] - low
        if number >= edge then
          break
        end
        tags[#tags + 1] = pack(TAG, number * CLASSES + cls)
      end
      local scores = #tags > 0 and read('ZMSCORE', I, unpack(tags)) or tags
      for k = 1, #scores do
        if not scores[k] then
          local place = tonumber(found[2 * k])
          silent[#silent + 1] = {user = found[2 * k - 1], place = place, number = place - low}
        end
      end
    end
    if lists > 1 then
      table.sort(silent, function(a, b) return a.number < b.number end)
    end
    return silent
  end

  -- The first count silent people who polled at until_ms or before. Then true if the search ended undecided behind
  -- them, and where; some of the line is read in any case, so that a search that goes on in the next step ends.
  local function find_silent(until_ms, count)
    local silent, from, size = {}, c.pointer, LITTLE
    marks, mark_at = {}, 1
    while from <= c.number and #silent < count do
      local line, edge = read_line(from, size)
      local more_silent = pick_silent(line, edge)
      if #silent == 0 then
        c.pointer = more_silent[1] and more_silent[1].number or edge
      end
      for k = 1, #more_silent do
        local person = more_silent[k]
        person.polled_ms = max(rising_entered_ms(person.number), c.polled_ms)
        if person.polled_ms > until_ms or #silent == count then
          return silent, false
        end
        silent[#silent + 1] = person
      end
      from = edge
      size = min(2 * size, MUCH)
      if looks <= 0 and from <= c.number and #silent < count then
        return silent, true, from
      end
    end
    return silent, false
  end

  -- The first count people who polled at until_ms or before and have an entry in i.
  local function find_pollers(until_ms, count)
    local found = read('ZRANGE', I, '-inf', until_ms, 'BYSCORE', 'LIMIT', 0, count, 'WITHSCORES')
    local pollers = {}
    for k = 1, #found, 2 do
      local place = place_of(parse(TAG, found[k]))
      local polled_ms = max(tonumber(found[k + 1]), c.polled_ms)
      pollers[#pollers + 1] = {tag = found[k], place = place, number = place % CLASS, polled_ms = polled_ms}
    end
    return pollers
  end

  local function is_staler(a, b)
    return a.polled_ms < b.polled_ms or (a.polled_ms == b.polled_ms and a.number < b.number)
  end

  -- The first count people who polled at until_ms or before, in order of their polls, of equals of their numbers. Then
  -- true if the search ended undecided behind them, and where.
  local function find_stale(until_ms, count)
    if c.polled_ms > until_ms then
      return {}, false
    end
    local silent, is_undecided, from = find_silent(until_ms, count)
    local pollers = find_pollers(until_ms, count)
    local stale, a, b = {}, 1, 1
    while #stale < count and (silent[a] or (pollers[b] and not is_undecided)) do
      if silent[a] and not (pollers[b] and is_staler(pollers[b], silent[a])) then
        stale[#stale + 1], a = silent[a], a + 1
      else
        stale[#stale + 1], b = pollers[b], b + 1
      end
    end
    return stale, is_undecided, from
  end

  -- ---- Drop ----

  local function drop(person)
    local place, user = person.place, person.user
    user = user or read('ZRANGE', W, place, place, 'BYSCORE')[1] or damaged('a poll of nobody')
    local cls = floor(place / CLASS)
    c.waiting[cls + 1], c.dropped, dropped = c.waiting[cls + 1] - 1, c.dropped + 1, dropped + 1
    emit(QK_EVENT_DROPPED, user, place)
    return user
  end

  local function drop_idle()
    if p.idle_ms == 0 then
      return DONE
    end
    local most = min(left, may_drop)
    local stale, is_undecided, from = find_stale(T - p.idle_ms, most + 1)
    local count = min(#stale, most)
    local users, tags = {'ZREM', W}, {'ZREM', I}
    for k = 1, count do
      users[k + 2] = drop(stale[k])
      if not stale[k].user then
        tags[#tags + 1] = stale[k].tag
      end
    end
    if count > 0 then
      pending[#pending + 1] = users
      left, may_drop = left - count, may_drop - count
    end
    if #tags > 2 then
      pending[#pending + 1] = tags
    end
    if #stale > count then
      has_idle, more = true, may_drop == 0 and 1 or more
      return may_drop == 0 and DONE or PAUSED
    elseif is_undecided then
      c.pointer = from
      return PAUSED
    end
    return DONE
  end

  -- ---- Admit ----

  -- How many of the heads (user, place, ...) may be admitted before one whose idle time is up.
  local function count_lively(heads)
    if not has_idle then
      return #heads / 2
    end
    local tags, numbers = {}, {}
    for k = 2, #heads, 2 do
      tags[k / 2], numbers[k / 2] = split(tonumber(heads[k]))
    end
    local scores = read('ZMSCORE', I, unpack(tags))
    for k = 1, #tags do
      local polled_ms = max(tonumber(scores[k] or entered_ms(numbers[k])), c.polled_ms)
      if T - polled_ms >= p.idle_ms then
        return k - 1
      end
    end
    return #tags
  end

  local function admit_heads(heads, count)
    local deadline = T + p.ready_ms
    local seats, records, tags, places = {'ZADD', S}, {'HSET', R}, {'ZREM', I}, {}
    for k = 1, count do
      local user, place = heads[2 * k - 1], tonumber(heads[2 * k])
      local tag, number, cls = split(place)
      c.waiting[cls + 1] = c.waiting[cls + 1] - 1
      seats[2 * k + 1], seats[2 * k + 2] = deadline, tag .. user
      records[2 * k + 1], records[2 * k + 2] = user, admit(tag, number, cls)
      tags[k + 2], places[k] = tag, place
      emit(QK_EVENT_ADMITTED, user, place)
    end
    add_waits(waits, places)
    later('ZREMRANGEBYRANK', W, 0, count - 1)
    pending[#pending + 1] = seats
    pending[#pending + 1] = records
    if p.idle_ms > 0 then
      pending[#pending + 1] = tags
    end
    admitted, left, may_admit = count, left - count, may_admit - count
  end

  local function admit_line()
    local open_to = min(room(0), in_line())
    local most = min(open_to, left, may_admit)
    if open_to == 0 then
      return DONE
    end
    flush()
    local heads = read('ZRANGE', W, 0, min(open_to, most + 1) - 1, 'WITHSCORES')
    local lively = count_lively(heads)
    local count = min(lively, most)
    if count > 0 then
      admit_heads(heads, count)
    end
    if lively > count then
      more = may_admit == 0 and 1 or more
      return may_admit == 0 and DONE or PAUSED
    end
    return DONE
  end

  -- ---- When next ----

  -- How long until the rate lets one in: 0 if it does now.
  local function rate_wait_ms()
    local used, end_ms, k = find_rate_used(), T, 1
    local slots = add_to(rate, oldest_slot(), floor(T / slot_ms()), granted)
    while used >= p.rate do
      used = used - slots[k + 1]
      end_ms = slots[k] * slot_ms() + slot_ms() - 1 + p.rate_window_ms
      k = k + 2
    end
    return end_ms - T
  end

  local function rate_blocks()
    return p.rate > 0 and p.mode ~= QK_MODE_BYPASS and admits() and free_seats(0) > 0 and in_line() > 0
  end

  -- When the person who polled longest ago did so; nil: undecided.
  local function stalest_ms()
    local silent, is_undecided = find_silent(huge, 1)
    if is_undecided then
      return nil
    end
    local first = tonumber(read('ZRANGE', I, 0, 0, 'WITHSCORES')[2])
    return min(max(first, c.polled_ms), silent[1] and silent[1].polled_ms or huge)
  end

  -- How long until this queue wants a tick again; nil: undecided.
  local function find_next()
    local next_ms = min(step_ms(), tonumber(read('ZRANGE', S, 0, 0, 'WITHSCORES')[2]) - T)
    if T < c.lost_ms and c.lost > 0 then
      next_ms = min(next_ms, c.lost_ms - T)
    end
    if rate_blocks() then
      local wait_ms = rate_wait_ms()
      next_ms = wait_ms > 0 and min(next_ms, wait_ms) or next_ms
    end
    if p.idle_ms > 0 and in_line() > 0 then
      local polled_ms = stalest_ms()
      return polled_ms and min(next_ms, polled_ms + p.idle_ms - T)
    end
    return next_ms
  end

  -- Forget marks of entering below everyone who waits.
  local function trim_marks()
    local lowest = c.number + 1
    for cls = 0, CLASSES - 1 do
      local place = head_of(cls)
      lowest = min(lowest, place and place % CLASS or huge)
    end
    local count = min(read('ZCOUNT', G, '-inf', lowest - 1), MARKS)
    if count > 0 then
      later('ZREMRANGEBYRANK', G, 0, count - 1)
    end
  end

  -- ---- The step ----

  -- Returns whether the step is full, and next_ms.
  local function run_phases()
    if end_seats() == PAUSED or drop_idle() == PAUSED or admit_line() == PAUSED then
      return true, 0
    end
    flush()
    if more == 1 then
      return false, 0
    end
    local next_ms = find_next()
    if not next_ms then
      return true, 0
    end
    return false, next_ms < huge and next_ms or -1
  end

  local failure = open(true)
  if failure then
    return failure
  end
  left, may_end, may_drop, may_admit = parse('<dddd', ARGV[1])
  left = min(left, MOST)
  looks = LOOKS * left
  may_end = may_end < 0 and huge or may_end
  may_drop = may_drop < 0 and huge or may_drop
  may_admit = may_admit < 0 and huge or may_admit
  settle()
  local is_full, next_ms = run_phases()
  flush()
  settle()
  trim_marks()
  commit()
  finish()
  local values = {lapsed, expired, dropped, admitted, in_line(), c.ready, c.active, more, next_ms,
    is_full and 1 or 0}
  put(values)
  put({#waits / 2, unpack(waits)})
  put({#stays / 2, unpack(stays)})
  put(events)
  return reply
end

return run()
