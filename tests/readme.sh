#!/bin/sh
# The first program that README.md shows is examples/hello.c, builds as it stands, and runs.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"

# shellcheck disable=SC2016
awk '/^```c$/ { inside = 1; next } /^```$/ && inside { exit } inside' "$srcdir/README.md" >"$tmp/hello.c"
[ -s "$tmp/hello.c" ] || fail "README.md shows no C program"
diff -u "$srcdir/examples/hello.c" "$tmp/hello.c" || fail "examples/hello.c (-) and README.md (+) differ"

$CC -std=c11 -Wall -Wextra -Werror -I"$srcdir/include" "$tmp/hello.c" -o "$tmp/hello" -L.libs -lqueue
LD_LIBRARY_PATH=$PWD/.libs "$tmp/hello" >"$tmp/output" || fail "hello failed: $(cat "$tmp/output")"
