-- Set a queue's policy, or its mode.
--
-- KEYS  the six keys of the queue
-- ARGV  policy    12 x '<d'; its mode counts only where the queue is made by this call. '': only the mode is set
--       mode      '<d'; ignored beside a policy
--       creation  '<d' each: epoch and default policy; the queue is made if it is missing
--       header    see read_header() in prelude.lua
-- Reply: the 14 values of open() and finish().
-- Atomic: all of it.
define_writing()
define_admission()
define_rare()
local policy, mode, creation = ARGV[1], ARGV[2], ARGV[3]

-- The admissions of the old window count as made now: nobody gains by a change.
local function change_window(window_ms)
  local used = find_rate_used()
  p.rate_window_ms = window_ms
  rate, rate_used = {floor(T / slot_ms()), used}, nil
  has_windows = true
end

-- All who wait count as having polled now, or polls count no longer.
local function forget_polls()
  later('UNLINK', I)
  later('ZADD', I, '+inf', '')
  c.pointer = 0
end

local function set_policy(new)
  local idle_before, mode_before = p.idle_ms, p.mode
  settle()
  local starts = new.idle_ms > 0 and (idle_before == 0 or new.idle_ms < idle_before)
  if starts then
    c.polled_ms = T
  end
  if starts or (new.idle_ms == 0 and idle_before > 0) then
    forget_polls()
  end
  if new.rate_window_ms ~= p.rate_window_ms then
    change_window(new.rate_window_ms)
  end
  p, has_policy = new, true
  if not is_new then
    p.mode = mode_before
  end
end

local function set_mode(new)
  settle()
  p.mode, has_policy = new, true
end

local failure = open(true, creation)
if failure then
  return failure
elseif policy == '' then
  set_mode((parse('<d', mode)))
else
  set_policy(parse_policy(policy))
end
commit()
return finish()
