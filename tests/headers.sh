#!/bin/sh
# Each public header stands alone, as C11 and as C++11, and may be included twice.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"

strict='-Wall -Wextra -pedantic -Werror'
for header in qk.h qk_backend.h; do
  printf '#include <%s>\n#include <%s>\n' $header $header >"$tmp/header"
  # shellcheck disable=SC2086
  {
    $CC -x c -std=c11 $strict -I"$srcdir/include" -fsyntax-only "$tmp/header" || fail "$header: not C11"
    $CXX -x c++ -std=c++11 $strict -I"$srcdir/include" -fsyntax-only "$tmp/header" || fail "$header: not C++11"
  }
done
