#!/bin/sh
# Every C and C++ file is as clang-format 14 would have it.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"
need_clang_14 clang-format

sources include lib backends examples tools tests >"$tmp/files"
(cd "$srcdir" && xargs "$tool" --dry-run -Werror <"$tmp/files") 2>"$tmp/errors" ||
  fail "run $tool -i on:$(sed -n 's/:[0-9]*:[0-9]*: error:.*//p' "$tmp/errors" | sort -u | sed 's/^/ /' | tr -d '\n')"
