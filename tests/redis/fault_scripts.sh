#!/bin/sh
# Print what scripts.sh of the folder $1 prints, for scripts that break: the nth write of the script NAME raises an
# error, where the key fault:NAME holds n and fault:text is not a number.
set -eu
export LC_ALL=C

folder=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

if [ "$(grep -c '^local write = redis\.call$' "$folder/lua/prelude.lua")" != 1 ]; then
  echo 'prelude.lua does not say once: local write = redis.call' >&2
  exit 1
fi
for script in "$folder"/lua/*.lua; do
  name=$(basename "$script" .lua)
  { [ "$name" = prelude ] || echo "write.name = '$name'" && cat "$script"; } |
    sed "s/^local write = redis\.call\$/local write = setmetatable({}, {__call = function(self, ...) \
self.n = (self.n or 0) + 1 \
if tonumber(redis.call('GET', 'fault:' .. self.name) or 0) == self.n then redis.call('INCR', 'fault:text') end \
return redis.call(...) end})/" >"$tmp/$name.lua"
done
sh "$folder/scripts.sh" "$tmp"
