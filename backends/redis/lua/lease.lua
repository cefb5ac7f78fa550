-- Ask for the right to tick a queue. Saves work; nothing depends on it.
--
-- KEYS  the six keys of the queue
-- ARGV  ttl     '<d': for how long, ms of the server's clock
--       owner   who asks
--       header  see read_header() in prelude.lua
-- Reply: the 14 values of open() and finish(); 1, or 0 if another owner has it.
-- Atomic: all of it.
local ttl_ms, owner = parse('<d', ARGV[1]), ARGV[2]

-- Whose lease it is and until when; nil if nobody's.
local function holder()
  local lease = read('HGET', M, 'l')
  if not lease then
    return nil, 0
  end
  local until_ms, at = parse('<d', lease)
  return lease:sub(at), until_ms
end

local failure = open(false)
if failure then
  return failure
elseif is_late then
  return {LATE, server_ms}
end
local name, until_ms = holder()
local is_ours = name == owner or until_ms <= server_ms
if is_ours then
  write('HDEL', M, '')
  write('HSET', M, 'l', pack('<d', server_ms + ttl_ms) .. owner)
end
finish()
put({is_ours and 1 or 0})
return reply
