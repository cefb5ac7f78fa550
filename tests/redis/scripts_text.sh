#!/bin/sh
# What can be said of the Redis scripts by reading them: their codes are those of qk.h, probe.lua tries every command
# that they use, they write through one line that tests can replace, and scripts.sh embeds them under the right sum.
srcdir=${srcdir:-$(dirname "$0")/../..}
# shellcheck source=../support/script.sh
. "$(dirname "$0")/../support/script.sh"
need sha1sum od

redis=$srcdir/backends/redis
scripts=$(find "$redis/lua" -name '*.lua' | sort)

# Codes, states, verbs, modes and events.
{
  echo '#include <qk.h>'
  # shellcheck disable=SC2086
  sed -n 's/^ *local \(QK_[A-Z_]*\) = \(-*[0-9][0-9]*\)$/_Static_assert(\1 == \2, "\1");/p' $scripts | sort -u
} >"$tmp/codes.c"
[ "$(wc -l <"$tmp/codes.c")" -gt 20 ] || fail "found few codes in the scripts"
# shellcheck disable=SC2086
if grep -n 'QK_[A-Z_]* = ' $scripts | grep -v ': *local QK_[A-Z_]* = -*[0-9][0-9]*$'; then
  fail "codes that are not written as one line each"
fi
$CC -std=c11 -I"$srcdir/include" -fsyntax-only "$tmp/codes.c" || fail "codes of the scripts differ from qk.h"

# Commands.
# shellcheck disable=SC2086
grep -ohE "(read\\(|write\\(|later\\(|\\{)'[A-Z]+'" $scripts | sed "s/.*'\\([A-Z]*\\)'/\\1/" | sort -u >"$tmp/used"
grep -oE "\\{(read|write), '[A-Z]+'" "$redis/lua/probe.lua" | sed "s/.*'\\([A-Z]*\\)'/\\1/" | sort -u >"$tmp/tried"
[ "$(wc -l <"$tmp/used")" -gt 10 ] || fail "found few commands in the scripts"
missing=$(comm -23 "$tmp/used" "$tmp/tried" | tr '\n' ' ')
[ -z "$missing" ] || fail "probe.lua does not try: $missing"

# Writes.
[ "$(grep -c '^local write = redis\.call$' "$redis/lua/prelude.lua")" = 1 ] || fail "no line: local write = redis.call"
# shellcheck disable=SC2086
[ "$(cat $scripts | grep -c 'redis\.[a-z]*call')" = 2 ] || fail "redis.call is used elsewhere than in read and write"

# The embedded text.
sh "$redis/scripts.sh" "$redis/lua" >"$tmp/scripts.c"
cat >"$tmp/main.c" <<'END'
#include <stdio.h>
#include <string.h>

#include "backends/redis/script.h"

/* Print the names and sums; or the text of the script argv[1]. */
int main(int argc, char **argv)
{
  for (size_t i = 0; qkr_scripts[i]; i++) {
    const struct qkr_script *script = qkr_scripts[i];
    if (argc < 2)
      printf("%s %s\n", script->name, script->sha1);
    else if (!strcmp(argv[1], script->name))
      fwrite(script->text, 1, script->len, stdout);
  }
  return 0;
}
END
$CC -std=c11 -I"$srcdir" -o "$tmp/scripts" "$tmp/main.c" "$tmp/scripts.c"
"$tmp/scripts" >"$tmp/sums"
[ "$(wc -l <"$tmp/sums")" = 11 ] || fail "not eleven scripts"
while read -r name sum; do
  [ "$("$tmp/scripts" "$name" | sha1sum)" = "$sum  -" ] || fail "$name: the sum is not that of its text"
done <"$tmp/sums"
