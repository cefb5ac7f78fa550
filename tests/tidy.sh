#!/bin/sh
# clang-tidy finds nothing in what is installed or shown as an example. .clang-tidy has the checks.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"
need_clang_14 clang-tidy

top=$(cd "$srcdir" && pwd)
printf '%s\n' -std=c11 -D_POSIX_C_SOURCE=200809L '-DPACKAGE_VERSION="0"' \
  -I"$top" -I"$top/include" -I"$top/lib" >"$tmp/compile_flags.txt"
# One file at a time: clang-tidy 14 takes every va_list of a second file for uninitialised.
sources lib backends examples tools | sed -n "s:.*\.c\$:$top/&:p" |
  xargs -n 1 -P "$(nproc)" "$tool" --quiet -p "$tmp" >"$tmp/found" 2>"$tmp/errors" || {
  cat "$tmp/errors" "$tmp/found"
  fail "$(grep ': error: ' "$tmp/found" | sort -u)"
}
