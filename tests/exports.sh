#!/bin/sh
# libqueue.so exports what the public headers declare, versioned LIBQUEUE_0, and nothing else.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"
need nm

{
  declared qk.h
  declared qk_backend.h
} | sort -u | sed 's/$/@@LIBQUEUE_0 T/' >"$tmp/declared"
[ -s "$tmp/declared" ] || fail "found no declaration"

# The version's own symbol is absolute: A.
nm -D -P --defined-only "$library" | awk '$2 != "A" { print $1, $2 }' | sort >"$tmp/exported"
diff -U0 "$tmp/declared" "$tmp/exported" || fail "declared (-) and exported (+) differ"
