-- The five verbs on many people of one queue, in order.
--
-- KEYS  the six keys of the queue
-- ARGV  users 1 to n, nobody twice; then
--       ops       runs of equal ops, each '<BBH': verb (QK_ENTER to QK_RELEASE), flags (bits 0-2: class, 8: by token),
--                 how many
--       extra     for each op by token, in order, '<dd': epoch, number; then for each extend '<d': nonce
--       creation  '', or '<d' each: epoch and policy; the queue is made if it is missing
--       header    see read_header() in prelude.lua
-- Reply: the 14 values of open() and finish(); how many classes, and who waits in each before the first op; then
-- records in the order of the ops:
--    1 FRESH k                     k enters made new people who wait; numbers count up
--    2 SEATED deadline             an enter made a new READY
--    3 ENDED state place [stay]    before FRESH or SEATED: the user's own dead seat was ended
--    4 WAITS place position
--    5 SEAT place state extends deadline
--    6 LET_IN place deadline       an enter in BYPASS let in one who waited
--    7 REFUSED code                nothing to show
--    8 CODE code                   what follows is shown with this code
--    9 CHANGED                     the SEAT that follows was activated or extended by this op
--   10 RELEASED place state [stay] out of this state
--   11 SUCCESSOR user place        after RELEASED: whom that let in
--   12 PENDING place               READY, not confirmed
-- stay is there where state is QK_ACTIVE: how long they were, ms. Behind the last op's: how long those had waited who
-- were let in by LET_IN and SUCCESSOR, in runs: ms, how many.
-- Atomic: all of it. New people who find no memory are refused with QK_ESTORE; the others go on.
-- All of the script, in one function: see "The functions" in prelude.lua. no_memory: for new people.
local function call(no_memory)
  local QK_EINVAL = -1
  local QK_WAITING = 1
  local QK_ENTER = 1
  local QK_POLL = 2
  local QK_ACTIVATE = 3
  local QK_EXTEND = 4
  local QK_RELEASE = 5
  local QK_EEXPIRED = -6
  local WAITS, SEAT, REFUSED, CODE, CHANGED, PENDING = 4, 5, 7, 8, 9, 12
  local BY_TOKEN = 8    -- of an op's flags
  local UNCONFIRMED = 0 -- as a state: a READY that is not confirmed
  local PIECE = 990     -- people handled at once: the stack takes twice as many values, and some
  local NOTHING = {}

  local argv = ARGV
  local users = #argv - 4
  local ops, extra, creation = argv[users + 1], argv[users + 2], argv[users + 3]
  local n           -- values in reply
  local heard = {}  -- tags of people who wait and were heard of in this call; written at its end
  local tokens = 1  -- where in extra the next token is
  local nonces      -- ... the next nonce
  local waits = {}  -- of those who are let in, see add_waits()

  -- What there is to do: which verbs, how many ops, how many by token.
  local wanted, op_count, token_count = {}, 0, 0
  for at = 1, #ops, 4 do
    local verb, flags, k = parse('<BBH', ops, at)
    wanted[verb] = true
    op_count = op_count + k
    token_count = token_count + (flags >= BY_TOKEN and k or 0)
  end
  local changes_seats = wanted[QK_ACTIVATE] or wanted[QK_EXTEND] or wanted[QK_RELEASE]
  -- verb -> function(first, last, flags), which carries it out on these users. Only what is wanted is made.
  local verbs = {}

  -- ---- What is shown ----

  local function put2(a, b)
    reply[n + 1], reply[n + 2] = a, b
    n = n + 2
  end

  local function put3(a, b, d)
    reply[n + 1], reply[n + 2], reply[n + 3] = a, b, d
    n = n + 3
  end

  local function put_line(user, place)
    put3(WAITS, place, read('ZRANK', W, user) + 1)
  end

  local function put_seat(place, state, extends, deadline)
    if state == UNCONFIRMED then
      put2(PENDING, place)
    else
      put2(SEAT, place)
      put3(state, extends, deadline)
    end
  end

  -- ---- Looking ----

  -- A seat record in words: place, state (maybe UNCONFIRMED), extends, the nonce of the last extend or nil.
  local function seat_of(record)
    local handle, state, extends, at = parse(RECORD, record)
    local nonce = #record >= at and parse(TAG, record, at) or nil
    if state == QK_READY and nonce and nonce > c.confirmed then
      state = UNCONFIRMED
    end
    return place_of(handle), state, extends, nonce
  end

  -- Look up the users first to last: their places in line, or else their seat records and deadlines; false or nil where
  -- there is none.
  local function look_up(first, last)
    local places = read('ZMSCORE', W, unpack(argv, first, last))
    if c.ready + c.active == 0 then
      return places, NOTHING, NOTHING
    end
    local records, deadlines = read('HMGET', R, unpack(argv, first, last)), {}
    local found, members = {}, {}
    for k = 1, #records do
      if records[k] then
        found[#found + 1] = k
        members[#members + 1] = records[k]:sub(1, 7) .. argv[first + k - 1]
      end
    end
    if #found > 0 then
      local scores = read('ZMSCORE', S, unpack(members))
      for j = 1, #found do
        deadlines[found[j]] = tonumber(scores[j] or damaged('a seat without a deadline'))
      end
    end
    return places, records, deadlines
  end

  -- The number that the next token names; 0 if it is of another life of the queue.
  local function next_token()
    local epoch, number = parse('<dd', extra, tokens)
    tokens = tokens + 16
    return epoch == c.epoch and number or 0
  end

  -- Whom an op that is no enter is about: what seat_of() returns, or the place and QK_WAITING; nil if it is nobody,
  -- which is then in the reply.
  local function find_live(place, record, deadline, by_token)
    local number = by_token and next_token()
    local state, extends, nonce
    if place then
      place, state = tonumber(place), QK_WAITING
    elseif record and deadline > T then
      place, state, extends, nonce = seat_of(record)
    end
    if place and (not by_token or place % CLASS == number) then
      return place, state, extends, nonce
    end
    put2(REFUSED, by_token and QK_EEXPIRED or QK_ENOTFOUND)
    return nil
  end

  local function hear(place)
    if p.idle_ms > 0 then
      heard[split(place)] = true
    end
  end

  -- ---- Moving ----

  -- The writes of a run, each with many people, in this order: who loses a dead seat may get another in the same run.
  local LEAVE, FORGET, UNSEAT, ERASE, JOIN, SIT, RECORDS = 1, 2, 3, 4, 5, 6, 7
  local start_run, end_run, add, seat, leave, unseat

  if wanted[QK_ENTER] or changes_seats then
    function start_run()
      return {{'ZREM', W}, {'ZREM', I}, {'ZREM', S}, {'HDEL', R}, {'ZADD', W}, {'ZADD', S}, {'HSET', R}}
    end

    function end_run(run)
      for kind = LEAVE, RECORDS do
        if #run[kind] > 2 then
          pending[#pending + 1] = run[kind]
        end
      end
    end

    function add(list, a, b)
      local k = #list
      list[k + 1] = a
      if b then
        list[k + 2] = b
      end
    end

    -- Give a seat to a newcomer, or to one who waited. Returns the deadline.
    function seat(run, user, place)
      local tag, number, cls = split(place)
      local deadline = T + p.ready_ms
      define_admission()
      add(run[SIT], deadline, tag .. user)
      add(run[RECORDS], user, admit(tag, number, cls))
      return deadline
    end

    -- Take one who waits out of the line.
    function leave(run, user, place)
      local tag, _, cls = split(place)
      add(run[LEAVE], user)
      heard[tag] = nil
      if p.idle_ms > 0 then
        add(run[FORGET], tag)
      end
      c.waiting[cls + 1] = c.waiting[cls + 1] - 1
    end

    function unseat(run, user, record)
      add(run[UNSEAT], record:sub(1, 7) .. user)
      add(run[ERASE], user)
    end
  end

  -- ---- enter ----

  if wanted[QK_ENTER] then
    local QK_EFULL = -8
    local QK_ECLOSED = -9
    local QK_ESTORE = -12
    local QK_MODE_CLOSED = 3
    local FRESH, SEATED, ENDED, LET_IN = 1, 2, 3, 6

    -- May somebody new come in, and if so, at once? dead: they hold a seat whose time is up.
    local function decide_entry(dead)
      local waiting = in_line()
      if p.mode == QK_MODE_DRAIN or p.mode == QK_MODE_CLOSED then
        return QK_ECLOSED
      elseif c.number >= CLASS - 1 then
        return QK_EFULL
      end
      local at_once = p.mode == QK_MODE_BYPASS
      if p.eager ~= 0 and waiting == 0 then
        define_admission()
        at_once = room(dead and 1 or 0) > 0
      end
      if not at_once and p.max_waiting > 0 and waiting >= p.max_waiting then
        return QK_EFULL
      end
      return no_memory and QK_ESTORE or 0, at_once
    end

    local function end_dead(run, user, record)
      local handle, state = parse(RECORD, record)
      unseat(run, user, record)
      put3(ENDED, state, place_of(handle))
      if state == QK_ACTIVE then
        define_rare()
        c.active, c.expired = c.active - 1, c.expired + 1
        n = n + 1
        reply[n] = min(term_ms(record), T)
      else
        c.ready, c.lapsed = c.ready - 1, c.lapsed + 1
      end
    end

    -- Decide about one newcomer. Returns how many joined the line.
    local function enter_new(run, user, cls, dead)
      local code, at_once = decide_entry(dead)
      if code < 0 then
        put2(REFUSED, code)
        return 0
      end
      if dead then
        end_dead(run, user, dead)
      end
      settle()
      c.number, c.entered = c.number + 1, c.entered + 1
      local place = cls * CLASS + c.number
      if at_once then
        put2(SEATED, seat(run, user, place))
        return 0
      end
      add(run[JOIN], place, user)
      c.waiting[cls + 1] = c.waiting[cls + 1] + 1
      put2(FRESH, 1)
      return 1
    end

    -- One who waits already. before: newcomers of class cls in this run, whom the line does not hold yet.
    local function enter_waiting(run, user, place, cls, before)
      settle()
      if p.mode == QK_MODE_BYPASS then
        define_rare()
        add_waits(waits, {place})
        leave(run, user, place)
        put3(LET_IN, place, seat(run, user, place))
      else
        hear(place)
        put3(WAITS, place, read('ZRANK', W, user) + 1 + (cls < floor(place / CLASS) and before or 0))
      end
    end

    local function enter_seated(record, deadline)
      local place, state, extends = seat_of(record)
      settle()
      put_seat(place, state, extends, deadline)
    end

    -- How many newcomers may join the line now, one like the other.
    local function find_joiners()
      local waiting = in_line()
      if waiting == 0 or p.mode == QK_MODE_BYPASS or decide_entry() < 0 then
        return 0
      end
      return min(p.max_waiting > 0 and p.max_waiting - waiting or huge, CLASS - 1 - c.number)
    end

    -- The newcomers from the k-th on who follow each other, at most joiners: add them to the line. Returns how many.
    local function join(list, first, k, places, records, joiners, cls)
      local base, count, m, last = cls * CLASS + c.number, 0, #list, #places
      while k + count <= last and count < joiners and not places[k + count] and not records[k + count] do
        count, m = count + 1, m + 2
        list[m - 1], list[m] = base + count, argv[first + k + count - 2]
      end
      settle()
      c.number, c.entered, c.waiting[cls + 1] = c.number + count, c.entered + count, c.waiting[cls + 1] + count
      put2(FRESH, count)
      return count
    end

    verbs[QK_ENTER] = function(first, last, flags)
      local places, records, deadlines = look_up(first, last)
      local run, joiners, cls = start_run(), find_joiners(), flags % CLASSES
      local fresh, k = 0, 1
      while k <= #places do
        local user, record, joined = argv[first + k - 1], records[k], 0
        if places[k] then
          enter_waiting(run, user, tonumber(places[k]), cls, fresh)
        elseif record and deadlines[k] > T then
          enter_seated(record, deadlines[k])
        elseif joiners > 0 and not record then
          joined = join(run[JOIN], first, k, places, records, joiners, cls)
          joiners = joiners - joined
          k = k + joined - 1
        else
          joined = enter_new(run, user, cls, record)
          joiners = joined > 0 and find_joiners() or joiners
        end
        fresh = fresh + joined
        k = k + 1
      end
      end_run(run)
      if fresh > 0 then
        later('ZADD', G, c.number, pack(TAG, T))
      end
    end
  end

  -- ---- poll, activate, extend ----

  if wanted[QK_POLL] then
    verbs[QK_POLL] = function(first, last, flags)
      local places, records, deadlines = look_up(first, last)
      for k = 1, #places do
        local place, state, extends = find_live(places[k], records[k], deadlines[k], flags >= BY_TOKEN)
        if state == QK_WAITING then
          hear(place)
          put_line(argv[first + k - 1], place)
        elseif place then
          put_seat(place, state, extends, deadlines[k])
        end
      end
    end
  end

  local put_code, put_changed

  if changes_seats then
    -- Show somebody as they stand, with a code.
    function put_code(code, user, place, state, extends, deadline)
      put2(CODE, code)
      if state == QK_WAITING then
        put_line(user, place)
      else
        put_seat(place, state, extends, deadline)
      end
    end

    -- Write a seat's new deadline and record, and show it. rest: what follows the tag.
    function put_changed(run, user, record, rest, deadline)
      local tag = record:sub(1, 7)
      add(run[SIT], deadline, tag .. user)
      add(run[RECORDS], user, tag .. rest)
      n = n + 1
      reply[n] = CHANGED
    end
  end

  if wanted[QK_ACTIVATE] then
    local QK_ENOTREADY = -4

    verbs[QK_ACTIVATE] = function(first, last, flags)
      local places, records, deadlines = look_up(first, last)
      local run = start_run()
      for k = 1, #places do
        local user, deadline = argv[first + k - 1], deadlines[k]
        local place, state, extends = find_live(places[k], records[k], deadline, flags >= BY_TOKEN)
        if state == QK_WAITING or state == UNCONFIRMED then
          put_code(QK_ENOTREADY, user, place, state, extends, deadline)
        elseif place then
          settle()
          if state == QK_READY then
            deadline = T + p.active_ms
            c.ready, c.active, c.activated = c.ready - 1, c.active + 1, c.activated + 1
            put_changed(run, user, records[k], pack('>BI4', QK_ACTIVE, 0), deadline)
          end
          put_seat(place, QK_ACTIVE, extends, deadline)
        end
      end
      end_run(run)
    end
  end

  if wanted[QK_EXTEND] then
    local QK_ENOTACTIVE = -5
    local QK_ELIMIT = -7
    define_rare()

    verbs[QK_EXTEND] = function(first, last, flags)
      local places, records, deadlines = look_up(first, last)
      local run = start_run()
      for k = 1, #places do
        local user, deadline = argv[first + k - 1], deadlines[k]
        local place, state, extends, seen = find_live(places[k], records[k], deadline, flags >= BY_TOKEN)
        local nonce = parse('<d', extra, nonces)
        nonces = nonces + 8
        if place and state ~= QK_ACTIVE then
          put_code(QK_ENOTACTIVE, user, place, state, extends, deadline)
        elseif place and nonce ~= seen and extends >= p.max_extends then
          put_code(QK_ELIMIT, user, place, state, extends, deadline)
        elseif place then
          settle()
          if nonce ~= seen then
            local later_ms = max(T + p.active_ms - deadline, 0)
            local term = term_ms(records[k]) + later_ms
            extends, deadline = extends + 1, deadline + later_ms
            put_changed(run, user, records[k], pack('>BI4I7I7', QK_ACTIVE, extends, nonce, term), deadline)
          end
          put_seat(place, QK_ACTIVE, extends, deadline)
        end
      end
      end_run(run)
    end
  end

  -- ---- release ----

  if wanted[QK_RELEASE] then
    local RELEASED, SUCCESSOR = 10, 11
    define_admission()
    define_rare()

    local function is_idle(place)
      if p.idle_ms == 0 or T - c.polled_ms < p.idle_ms then
        return false
      end
      local tag, number = split(place)
      if heard[tag] then
        return false
      end
      return T - tonumber(read('ZSCORE', I, tag) or entered_ms(number)) >= p.idle_ms
    end

    -- Whom the release of a seat lets in: user and place, or nil. front: count, how many the front of the line may have
    -- to hold; gone, who of it is gone in this run; people and at, the front and where in it the head is; let_in, the
    -- places of those that were.
    local function find_successor(front)
      if p.eager == 0 or in_line() == 0 or room(1) == 0 then
        return nil
      end
      front.people = front.people or read('ZRANGE', W, 0, front.count - 1, 'WITHSCORES')
      while front.gone[front.people[front.at]] do
        front.at = front.at + 2
      end
      local user, place = front.people[front.at], tonumber(front.people[front.at + 1])
      if is_idle(place) then
        return nil
      end
      return user, place
    end

    -- End a seat, and let the head in if that may be. Returns whom it let in.
    local function release_seat(run, user, record, deadline, place, state, front)
      local next_user, next_place = find_successor(front)
      unseat(run, user, record)
      put3(RELEASED, place, state == UNCONFIRMED and QK_READY or state)
      if state == QK_ACTIVE then
        c.active, c.completed = c.active - 1, c.completed + 1
        n = n + 1
        reply[n] = max(T - max(deadline - term_ms(record), 0), 0)
      else
        c.ready, c.left = c.ready - 1, c.left + 1
      end
      if next_user then
        leave(run, next_user, next_place)
        seat(run, next_user, next_place)
        front.gone[next_user] = true
        front.let_in[#front.let_in + 1] = next_place
        put3(SUCCESSOR, next_user, next_place)
      end
      return next_user
    end

    local function comes(user, first, last)
      for k = first, last do
        if argv[k] == user then
          return true
        end
      end
      return false
    end

    -- Release the users first to last, or up to one that lets in somebody who comes behind: these must be looked up
    -- again. Returns whose turn is next.
    local function release_some(first, last, by_token)
      local places, records, deadlines = look_up(first, last)
      local run, front, next_user = start_run(), {count = last - first + 1, at = 1, gone = {}, let_in = {}}
      local at = first
      while at <= last and not (next_user and comes(next_user, at, last)) do
        local k, user = at - first + 1, argv[at]
        local place, state = find_live(places[k], records[k], deadlines[k], by_token)
        next_user = nil
        if place then
          settle()
        end
        if state == QK_WAITING then
          leave(run, user, place)
          front.gone[user] = true
          c.left = c.left + 1
          put3(RELEASED, place, state)
        elseif place then
          next_user = release_seat(run, user, records[k], deadlines[k], place, state, front)
        end
        at = at + 1
      end
      end_run(run)
      add_waits(waits, front.let_in)
      return at
    end

    verbs[QK_RELEASE] = function(first, last, flags)
      first = release_some(first, last, flags >= BY_TOKEN)
      while first <= last do
        flush()
        first = release_some(first, last, flags >= BY_TOKEN)
      end
    end
  end

  -- ---- The call ----

  local function write_heard()
    local list = {'ZADD', I, 'GT'}
    for tag in pairs(heard) do
      list[#list + 1], list[#list + 2] = T, tag
      if #list > 2 * PIECE then
        pending[#pending + 1] = list
        list = {'ZADD', I, 'GT'}
      end
    end
    if #list > 3 then
      pending[#pending + 1] = list
    end
  end

  if op_count ~= users then
    return {QK_EINVAL, 0, 'not as many ops as users'}
  end
  nonces = 1 + 16 * token_count
  adds_people = wanted[QK_ENTER] and not no_memory
  local failure = open(true, creation)
  if failure then
    return failure
  end
  put_classes()
  n = #reply
  local first = 1
  for at = 1, #ops, 4 do
    local verb, flags, k = parse('<BBH', ops, at)
    for from = first, first + k - 1, PIECE do
      flush()
      verbs[verb](from, min(from + PIECE, first + k) - 1, flags)
    end
    first = first + k
  end
  if next(heard) then
    write_heard()
  end
  put(waits)
  commit()
  return finish()
end

define_writing()
local ok, result = pcall(call, false)
if ok then
  return result
elseif result == NO_MEMORY then
  define_rare()
  reset()
  return call(true)
end
-- What pcall() caught is a table or a string, by the version of Redis; before the code there may be a line number.
local text = type(result) == 'table' and result.err or result
return {err = text:match('%u%u%u+ .*') or 'ERR ' .. text}
