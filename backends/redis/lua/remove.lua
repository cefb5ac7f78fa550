-- End a queue's life, also that of a damaged one.
--
-- KEYS  the six keys of the queue
-- ARGV  header  see read_header() in prelude.lua; only its deadline counts
-- Reply: 0 and the server's ms; or LATE; or QK_ENOTFOUND.
-- Atomic: all of it.
read_header()
if is_late then
  return {LATE, server_ms}
elseif write('UNLINK', M, W, S, R, I, G) == 0 then
  return fail(QK_ENOTFOUND, 'no such queue')
end
return {0, server_ms}
