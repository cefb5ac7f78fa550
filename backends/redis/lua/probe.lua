-- Run every command that a script here runs, and those that read and keep the token secret: a right or a command that
-- is missing shows before any harm.
--
-- KEYS  six keys that nobody uses
-- ARGV  none
-- Reply: 0, and the server's ms; or an error that names the command.
-- Atomic: all of it; leaves nothing.
local commands = {
  {write, 'UNLINK', M, W, S, R, I, G},
  {write, 'HDEL', M, ''},
  {read, 'TIME'},
  {write, 'HSET', M, 'a', '1'},
  {write, 'SET', S, '1'},
  {write, 'ZADD', W, 'GT', 1, 'a', 2, 'b'},
  {write, 'ZREM', W, 'c'},
  {write, 'ZREMRANGEBYRANK', W, 0, 0},
  {read, 'GET', S},
  {read, 'HGET', M, 'a'},
  {read, 'HMGET', M, 'a', 'b'},
  {read, 'HLEN', M},
  {read, 'EXISTS', M, W},
  {read, 'ZCARD', W},
  {read, 'ZCOUNT', W, '-inf', '+inf'},
  {read, 'ZRANK', W, 'b'},
  {read, 'ZSCORE', W, 'b'},
  {read, 'ZMSCORE', W, 'b', 'c'},
  {read, 'ZRANGE', W, 0, 1, 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES'},
  {write, 'UNLINK', M, W, S, R, I, G},
}

for k = 1, #commands do
  local command = commands[k]
  local ok, result = pcall(unpack(command))
  if not ok then
    local text, name = type(result) == 'table' and result.err or result, command[2]:lower()
    if text:find('The user executing the script', 1, true) then
      return {err = 'NOPERM ' .. name .. ': ' .. text}
    end
    return {err = (text:match('%u%u%u+ .*') or 'ERR ' .. text) .. ' (' .. name .. ')'}
  elseif command[2] == 'TIME' then
    server_ms = result[1] * 1000 + floor(result[2] / 1000)
  end
end
return {0, server_ms}
