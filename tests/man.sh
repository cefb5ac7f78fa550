#!/bin/sh
# The man pages are well-formed, name every public function, and name none that does not exist.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"
need mandoc

mandoc -T lint -W warning "$srcdir"/man/*.[0-9] || fail "mandoc has warnings"

declared qk.h >"$tmp/declared"
cat "$srcdir"/man/*.[0-9] | sed -n 's/^\.F[no] "\{0,1\}\(qk_[a-z0-9_]*\).*/\1/p' | sort -u >"$tmp/named"
comm -23 "$tmp/declared" "$tmp/named" >"$tmp/missing"
[ ! -s "$tmp/missing" ] || fail "in no man page: $(tr '\n' ' ' <"$tmp/missing")"

declared qk_backend.h | sort -u - "$tmp/declared" | comm -13 - "$tmp/named" >"$tmp/unknown"
[ ! -s "$tmp/unknown" ] || fail "in a man page, but in no header: $(tr '\n' ' ' <"$tmp/unknown")"
