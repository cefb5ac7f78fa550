-- What the scripts share; put before each of them, therefore all local.
--
-- A queue is six keys, KEYS[1] to KEYS[6]. L is logical time in ms, a place is class * 2^49 + number, a handle is
-- number * 8 + class, and a tag is a handle in 7 big-endian bytes, so that tags sort as numbers do.
--   m HASH  p policy, c counters, r and o windows, l lease, x = a script is under way (or died there)
--   w ZSET  who waits: user -> place
--   s ZSET  seats: tag .. user -> deadline
--   r HASH  seat records: user -> tag, state (1 byte), extends (4 bytes); behind that, 7 bytes each, of an ACTIVE that
--           was extended: the nonce of the last extend, the ms from activation to deadline; of a READY: the sequence
--           number of a grant that waits for confirmation
--   i ZSET  last polls of people who wait, while idle_ms is set: tag -> L
--   g ZSET  marks of entering: L in 7 big-endian bytes -> the highest number that entered then
-- Each of w, s, i, g holds "" with score +inf, and r the field "": a key that exists stays with its slot while a
-- cluster moves it. What is left of them when those are taken off must balance with c.
--
-- The rules are those of lib/rules.c, verbs.c, slice.c, moves.c and views.c, to the last field.
if redis.replicate_commands then
  redis.replicate_commands() -- Redis 6.2 may be set to refuse writes after TIME otherwise
end

-- Codes and states, as in qk.h.
local QK_ENOTFOUND = -3
local QK_ESTATE = -14
local QK_EVERSION = -15
local QK_READY = 2
local QK_ACTIVE = 3
local QK_MODE_OPEN = 0
local QK_MODE_DRAIN = 2
local QK_MODE_BYPASS = 4

local LATE = 1       -- status: the deadline is over, nothing is done
local LAYOUT = 1     -- version of the keys
local CLASSES = 8
local CLASS = 2 ^ 49 -- places of one class
local TAG = '>I7'
local RECORD = '>I7BI4'
local POLICY = '<dddddddddddd'
local SCALARS = '<' .. ('d'):rep(27)
local PER_CLASS = '<dddddddd'
local FLOW_SECONDS = 60

local M, W, S, R, I, G = unpack(KEYS)
local pack, parse = struct.pack, struct.unpack
local floor, min, max, huge = math.floor, math.min, math.max, math.huge
local read = redis.call
local write = redis.call
local p -- policy
local c -- counters
local T -- L of this call

-- This call:
local server_ms, now_ms      -- the server's clock, and the store's: the host's or the server's
local is_late                -- the deadline is over
local listens, confirms      -- the host wants events; its grants wait for confirmation
local adds_people            -- new people may be added: refuse to write without memory
local reply                  -- its first 14 values are the same everywhere
local pending = {}           -- writes that are decided and not done
local is_dirty, is_saved     -- c has changed since it was written; c was written
local is_begun               -- something is written: x stands
local is_new                 -- this call makes the queue
local has_lost               -- this call noticed that writes were lost
local has_policy             -- p has changed
local passed_ms, moved_ms    -- by how much the clock and L moved when they were stored; nil: not stored
local rate, outflow          -- the windows: {slot, count, slot, count, ...}, rising; nil until needed
local has_windows            -- they have changed
local granted = 0            -- admissions not yet counted in them
local rate_used              -- admissions in the rate window now; nil until needed
local NO_MEMORY = {}         -- raised, with nothing written, where new people find none

-- The functions, in groups. Every call runs this text, and making a function costs more than calling it. So a group
-- is made where it is needed; and inside a function, since what is made there finds the locals above without a
-- search (and may share 60 of them).
local define_writing, define_admission, define_rare
local fail, damaged, split, place_of, in_line, parse_policy, parse_counters, read_header, step_ms, open, finish, put
local put_classes
local settle, later, flush, commit
local find_flow, add_to, slot_ms, oldest_slot, find_rate_used, count_granted, free_seats, admits, room, admit
local create, notice_loss, reset, pack_policy, head_of, entered_ms, add_run, add_waits, term_ms

-- ---- Reading ----

local function define_reading()
  local server_run, seen_epoch, seen_number, seen_admitted, seen_run -- of the header

  function fail(code, text)
    return {code, server_ms, text}
  end

  -- For damage that only shows on the way: an error reply; where something is written, x keeps all others off.
  function damaged(what)
    error('damaged: ' .. what, 0)
  end

  -- Append values to the reply.
  function put(values)
    local out, n = reply, #reply
    for k = 1, #values do
      out[n + k] = values[k]
    end
  end

  -- Append how many wait in each class, up to the highest that is not empty; how many classes first.
  function put_classes()
    local last = 1
    for cls = 2, CLASSES do
      last = c.waiting[cls] > 0 and cls or last
    end
    put({last, unpack(c.waiting, 1, last)})
  end

  -- The tag, number and class of a place.
  function split(place)
    local cls = floor(place / CLASS)
    local number = place - cls * CLASS
    return pack(TAG, number * CLASSES + cls), number, cls
  end

  function place_of(handle)
    local cls = handle % CLASSES
    return cls * CLASS + (handle - cls) / CLASSES
  end

  -- Everybody in line, all classes.
  function in_line()
    local n = c.waiting
    return n[1] + n[2] + n[3] + n[4] + n[5] + n[6] + n[7] + n[8]
  end

  function parse_policy(bytes)
    local mode, max_active, max_waiting, rate, rate_window_ms, ready_ms, active_ms, max_extends, idle_ms, eager,
      clock_step_ms, lanes = parse(POLICY, bytes)
    return {
      mode = mode, max_active = max_active, max_waiting = max_waiting, rate = rate, rate_window_ms = rate_window_ms,
      ready_ms = ready_ms, active_ms = active_ms, max_extends = max_extends, idle_ms = idle_ms, eager = eager,
      clock_step_ms = clock_step_ms, lanes = lanes,
    }
  end

  -- version is the layout's. number: the last one issued. time_ms: L, and clock_ms: the store's clock, when they were
  -- stored. polled_ms: all who wait count as having polled then at least. run: the server process that wrote last;
  -- base: what admitted was when that began; lost: grants from before that hosts remember and the store does not,
  -- until lost_ms. confirmed: the highest grant that is; a grant's sequence number is admitted after it. pointer:
  -- everyone who waits below this number has an entry in i. flow: admissions of the 60 logical seconds up to second.
  -- waiting and highest: class 0 is [1].
  function parse_counters(bytes)
    local version, epoch, number, time_ms, clock_ms, polled_ms, ready, active, entered, admitted, activated, left,
      dropped, lapsed, expired, completed, changes, lost_from, lost_to, run, base, lost, lost_ms, confirmed, pointer,
      second, flow, at = parse(SCALARS, bytes)
    return {
      version = version, epoch = epoch, number = number, time_ms = time_ms, clock_ms = clock_ms,
      polled_ms = polled_ms, ready = ready, active = active, entered = entered, admitted = admitted,
      activated = activated, left = left, dropped = dropped, lapsed = lapsed, expired = expired,
      completed = completed, changes = changes, lost_from = lost_from, lost_to = lost_to, run = run, base = base,
      lost = lost, lost_ms = lost_ms, confirmed = confirmed, pointer = pointer, second = second, flow = flow,
      waiting = {parse(PER_CLASS, bytes, at)}, highest = {parse(PER_CLASS, bytes, at + 64)},
    }
  end

  -- Read policy and counters: nil, or the reply that ends the script.
  local function load(creation)
    local fields = read('HMGET', M, 'p', 'c', 'x')
    local policy, counters, mark = fields[1], fields[2], fields[3]
    if not policy or not counters then
      if read('EXISTS', M, W, S, R, I, G) > 0 then
        return fail(QK_ESTATE, 'a part of the queue is missing')
      elseif not creation or creation == '' then
        return fail(QK_ENOTFOUND, 'no such queue')
      end
      define_rare()
      create(creation)
      return nil
    end
    local version = #counters >= 8 and parse('<d', counters) or 0
    if version > LAYOUT then
      return fail(QK_EVERSION, 'written by a newer version')
    elseif version ~= LAYOUT or #counters ~= 8 * 43 or #policy ~= 8 * 12 then
      return fail(QK_ESTATE, 'counters or policy are not ours')
    elseif mark then
      return fail(QK_ESTATE, 'a script ended half-way')
    end
    p, c = parse_policy(policy), parse_counters(counters)
    local waiting, seated, polled = in_line(), c.ready + c.active, read('ZCARD', I)
    if read('ZCARD', W) == waiting + 1 and read('ZCARD', S) == seated + 1 and read('HLEN', R) == seated + 1 and
      polled > 0 and polled <= waiting + 1 and read('ZCARD', G) > 0 and
      c.entered == waiting + seated + c.left + c.dropped + c.lapsed + c.expired + c.completed then
      return nil
    end
    return fail(QK_ESTATE, 'keys and totals do not balance')
  end

  -- Read the header, the last of ARGV, '<d' each:
  --   clock                                 the host's, in ms; -1 = use the server's
  --   deadline                              server's ms from which on nothing may be written; 0 = none
  --   run                                   of this server process; 0 = unknown
  --   seen epoch, number, admitted, run     what this host has seen of the queue, and the run under which
  --   flags                                 1 = wants events, 2 = grants wait for confirmation
  function read_header()
    local clock_ms, deadline_ms, flags
    clock_ms, deadline_ms, server_run, seen_epoch, seen_number, seen_admitted, seen_run, flags =
      parse('<dddddddd', ARGV[#ARGV])
    listens, confirms = flags % 2 >= 1, flags % 4 >= 2
    local server = read('TIME')
    server_ms = server[1] * 1000 + floor(server[2] / 1000)
    now_ms = clock_ms < 0 and server_ms or clock_ms
    is_late = deadline_ms > 0 and server_ms >= deadline_ms
  end

  -- The most that L may move in one call.
  function step_ms()
    local step = p.clock_step_ms
    if step == 0 then
      return huge
    end
    step = min(step, max(floor(p.ready_ms / 4), 1), max(floor(p.active_ms / 4), 1))
    return p.idle_ms == 0 and step or min(step, max(floor(p.idle_ms / 4), 1))
  end

  -- Read header and queue. writes: this script may change something. creation: how to make the queue if it is missing;
  -- '' or nil: not at all. Returns nil, or the reply that ends the script.
  function open(writes, creation)
    read_header()
    if is_late and writes then
      return {LATE, server_ms}
    end
    local failure = load(creation)
    if failure then
      return failure
    end
    T = c.time_ms + min(max(now_ms - c.clock_ms, 0), step_ms())
    local is_ours = seen_epoch == c.epoch
    if writes and (server_run ~= c.run or (is_ours and (seen_run ~= server_run or seen_number > c.number))) then
      define_rare()
      local is_older = is_ours and seen_run ~= 0 and seen_run ~= server_run
      notice_loss(server_run, is_ours and seen_number or 0, is_older and seen_admitted or 0)
    end
    if c.second ~= floor(T / 1000) then
      define_admission()
      find_flow()
    end
    -- status, server's ms, the store's clock, epoch, L, last number, admissions in 60 s; the rest in finish()
    reply = {0, server_ms, now_ms, c.epoch, T, c.number, c.flow, 0, 0, 0, 0, 0, 0, 0}
    return nil
  end

  -- Fill in what only the end of a script knows: mode, idle_ms, admitted, last number, by how much clock and L moved,
  -- flags (1 = a loss was noticed, 2 = this call made the queue, 4 = grants wait for confirmation, 8 = c was written).
  -- Returns the reply.
  function finish()
    reply[8], reply[9], reply[10], reply[11] = p.mode, p.idle_ms, c.admitted, c.number
    reply[12], reply[13] = passed_ms or 0, moved_ms or 0
    reply[14] = (has_lost and 1 or 0) + (is_new and 2 or 0) + (c.admitted > c.confirmed and 4 or 0) +
      (is_saved and 8 or 0)
    return reply
  end
end

define_reading()

-- ---- Writing ----
-- x is set by the first write and deleted by the last, so that a script which died between them is noticed. Redis
-- refuses for want of memory only what is written first, and never a deletion: one of nothing opens the way.

function define_writing()
  if settle then
    return
  end

  -- Store the time of this call. To be called before each change of c: what was saved before is not up to date then.
  function settle()
    local SLACK_MS = 1000 -- hosts read the clock out of order
    is_dirty = true
    if passed_ms then
      return
    end
    passed_ms, moved_ms = now_ms - c.clock_ms, T - c.time_ms
    c.time_ms = T
    if passed_ms > 0 or passed_ms < -SLACK_MS then
      c.clock_ms = now_ms
    end
    c.changes = c.changes + 1
  end

  function later(...)
    pending[#pending + 1] = {...}
  end

  -- The command that saves m, with or without x.
  local function saving(mark)
    local scalars = pack(SCALARS, c.version, c.epoch, c.number, c.time_ms, c.clock_ms, c.polled_ms, c.ready, c.active,
      c.entered, c.admitted, c.activated, c.left, c.dropped, c.lapsed, c.expired, c.completed, c.changes, c.lost_from,
      c.lost_to, c.run, c.base, c.lost, c.lost_ms, c.confirmed, c.pointer, c.second, c.flow)
    local waiting = pack(PER_CLASS, unpack(c.waiting, 1, CLASSES))
    local out = {'HSET', M, 'c', scalars .. waiting .. pack(PER_CLASS, unpack(c.highest, 1, CLASSES))}
    if granted > 0 then
      count_granted()
    end
    if has_windows then
      out[5], out[6], out[7], out[8] = 'r', cmsgpack.pack(rate), 'o', cmsgpack.pack(outflow)
    end
    if has_policy then
      out[#out + 1], out[#out + 2] = 'p', pack_policy()
    end
    if mark then
      out[#out + 1], out[#out + 2] = 'x', 1
    end
    is_dirty, is_saved, has_policy, has_windows = false, true, false, false
    return out
  end

  -- The first write.
  local function begin(mark)
    local command = saving(mark)
    is_begun = true
    if adds_people and not is_new then
      local ok, err = pcall(write, unpack(command))
      if not ok then
        local text = type(err) == 'table' and err.err or err
        error(text:find('OOM', 1, true) and NO_MEMORY or err, 0)
      end
      return
    end
    if not is_new then
      write('HDEL', M, '')
    end
    write(unpack(command))
  end

  -- Write what is pending, so that reads see it.
  function flush()
    if #pending == 0 then
      return
    end
    if not is_begun then
      begin(true)
    end
    for k = 1, #pending do
      write(unpack(pending[k]))
    end
    pending = {}
  end

  -- Write all that is left. A single write is whole by itself and needs no x.
  function commit()
    local count = #pending
    if not is_begun and count == 0 then
      if is_dirty then
        begin(false)
      end
    elseif not is_begun and count == 1 and not is_dirty then
      write('HDEL', M, '')
      write(unpack(pending[1]))
    else
      flush()
      if is_dirty then
        write(unpack(saving(false)))
      end
      write('HDEL', M, 'x')
    end
  end
end

-- ---- Admission ----
-- An admission at x belongs to slot floor(x / w) of the rate window and counts until slot * w + w - 1 + window; w is
-- slot_ms().

function define_admission()
  if room then
    return
  end

  local function sum(window, oldest)
    local n = 0
    for k = 1, #window, 2 do
      n = n + (window[k] >= oldest and window[k + 1] or 0)
    end
    return n
  end

  local function load_windows()
    if not rate then
      local texts = read('HMGET', M, 'r', 'o')
      rate = texts[1] and cmsgpack.unpack(texts[1]) or {}
      outflow = texts[2] and cmsgpack.unpack(texts[2]) or {}
    end
  end

  -- The window with n more in slot, its newest, and without what is older than oldest.
  function add_to(window, oldest, slot, n)
    local out = {}
    for k = 1, #window, 2 do
      if window[k] >= slot then
        n = n + window[k + 1]
      elseif window[k] >= oldest then
        out[#out + 1] = window[k]
        out[#out + 1] = window[k + 1]
      end
    end
    out[#out + 1] = slot
    out[#out + 1] = n
    return out
  end

  function slot_ms()
    local PARTS = 50
    return floor((p.rate_window_ms + PARTS - 1) / PARTS)
  end

  function oldest_slot()
    local before = T - p.rate_window_ms - slot_ms() + 1
    return before < 0 and 0 or floor(before / slot_ms()) + 1
  end

  function find_flow()
    local second = floor(T / 1000)
    load_windows()
    c.second, c.flow = second, sum(outflow, second - FLOW_SECONDS + 1)
  end

  -- How much of the rate is used up.
  function find_rate_used()
    if not rate_used then
      load_windows()
      rate_used = sum(rate, oldest_slot()) + granted
    end
    return rate_used
  end

  function count_granted()
    local second = floor(T / 1000)
    load_windows()
    rate = add_to(rate, oldest_slot(), floor(T / slot_ms()), granted)
    outflow = add_to(outflow, second - FLOW_SECONDS + 1, second, granted)
    granted, has_windows = 0, true
  end

  function free_seats(freed)
    local lost = T < c.lost_ms and c.lost or 0
    return max(p.max_active - (c.ready + c.active - freed) - lost, 0)
  end

  function admits()
    return p.mode == QK_MODE_OPEN or p.mode == QK_MODE_DRAIN
  end

  -- How many may be admitted now as far as mode, seats and rate say; freed seats count as free already.
  function room(freed)
    if p.mode == QK_MODE_BYPASS then
      return huge
    end
    local seats = admits() and free_seats(freed) or 0
    if seats == 0 or p.rate == 0 then
      return seats
    end
    return min(seats, max(p.rate - find_rate_used(), 0))
  end

  -- Count an admission. Returns the record of the new seat.
  function admit(tag, number, cls)
    c.ready, c.admitted, c.flow = c.ready + 1, c.admitted + 1, c.flow + 1
    granted = granted + 1
    if rate_used then
      rate_used = rate_used + 1
    end
    if number > c.highest[cls + 1] then
      c.highest[cls + 1] = number
    end
    if confirms then
      return tag .. pack('>BI4I7', QK_READY, 0, c.admitted)
    end
    if c.confirmed == c.admitted - 1 then
      c.confirmed = c.admitted
    end
    return tag .. '\2\0\0\0\0'
  end
end

-- ---- Now and then ----

function define_rare()
  if create then
    return
  end

  -- Make the queue: creation is '<d' each, epoch and policy.
  function create(creation)
    p, c = parse_policy(creation:sub(9)), parse_counters(('\0'):rep(8 * 43))
    c.version, c.epoch, c.clock_ms = LAYOUT, parse('<d', creation), now_ms
    is_new, is_dirty, has_policy = true, true, true
    later('ZADD', W, '+inf', '')
    later('ZADD', S, '+inf', '')
    later('ZADD', I, '+inf', '')
    later('ZADD', G, '+inf', '')
    later('HSET', R, '', '')
  end

  -- Numbers that the queue has forgotten or may have: skip them, and as many changes. Grants that it has forgotten:
  -- hold their seats. run: of the server now; number, admitted: the highest that the host saw, admitted only if that
  -- was in another run.
  function notice_loss(run, number, admitted)
    local GAP = 2 ^ 32
    local known, is_other_run = max(c.number, number), run ~= 0 and c.run ~= run
    if known > c.number or (is_other_run and c.run ~= 0) then
      local last = known + GAP < CLASS and known + GAP or known
      if last > c.number then
        c.lost_from, c.lost_to, c.number = c.number + 1, last, last
      end
      has_lost, is_dirty = true, true
    end
    if is_other_run then
      c.run, c.base, c.lost = run, c.admitted, 0
      is_dirty = true
    end
    if run ~= 0 and admitted - c.base > c.lost then
      c.lost, c.lost_ms = admitted - c.base, T + p.ready_ms + p.active_ms
      is_dirty = true
    end
    c.changes = c.changes + (has_lost and GAP or is_dirty and 1 or 0)
  end

  -- As if nothing was decided yet; nothing is written.
  function reset()
    pending, granted, rate, outflow, rate_used = {}, 0, nil, nil, nil
    is_dirty, is_saved, is_begun, passed_ms, moved_ms = nil, nil, nil, nil, nil
    has_lost, has_policy, has_windows = nil, nil, nil
  end

  function pack_policy()
    return pack(POLICY, p.mode, p.max_active, p.max_waiting, p.rate, p.rate_window_ms, p.ready_ms, p.active_ms,
      p.max_extends, p.idle_ms, p.eager, p.clock_step_ms, p.lanes)
  end

  -- The lowest place taken in a class; nil if nobody waits there.
  function head_of(cls)
    if c.waiting[cls + 1] == 0 then
      return nil
    end
    local found = read('ZRANGE', W, cls * CLASS, (cls + 1) * CLASS - 1, 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    return tonumber(found[2] or damaged('nobody in a class that counts people'))
  end

  -- When somebody who waits under this number entered; nil if no mark tells.
  local function find_entered_ms(number)
    local mark = read('ZRANGE', G, number, '+inf', 'BYSCORE', 'LIMIT', 0, 1)[1]
    return mark and mark ~= '' and parse(TAG, mark) or nil
  end

  function entered_ms(number)
    return find_entered_ms(number) or damaged('no mark of entering')
  end

  -- Add to runs (ms, how many, ...).
  function add_run(runs, ms, n)
    local k = #runs
    if runs[k - 1] == ms then
      runs[k] = runs[k] + n
    else
      runs[k + 1], runs[k + 2] = ms, n
    end
  end

  -- Add to runs how long those waited who had these places, rising. To a hundredth, or to 10 ms: who entered between
  -- two that are so close counts as their middle. Without a mark: not at all.
  function add_waits(runs, places)
    local function entered(k)
      return find_entered_ms(places[k] % CLASS)
    end
    local function add(a, b, from_ms, until_ms)
      local wait_ms = T - floor((from_ms + until_ms) / 2)
      local is_one_class = floor(places[a] / CLASS) == floor(places[b] / CLASS)
      if is_one_class and until_ms - from_ms <= max(wait_ms / 100, 10) then
        add_run(runs, wait_ms, b - a + 1)
        return
      end
      local m = floor((a + b) / 2)
      add(a, m, from_ms, m > a and entered(m) or from_ms)
      add(m + 1, b, m + 1 < b and entered(m + 1) or until_ms, until_ms)
    end
    local count = #places
    local first_ms = count > 0 and entered(1)
    if first_ms then
      add(1, count, first_ms, count > 1 and entered(count) or first_ms)
    end
  end

  -- How long an ACTIVE seat lasts from activation to deadline. Of one that was never extended: what active_ms is now.
  function term_ms(record)
    local AT = 20 -- in an extended one
    return #record >= AT + 6 and parse(TAG, record, AT) or p.active_ms
  end
end
