# shellcheck shell=sh disable=SC2034
# What the test scripts share. Each runs in the top folder of the build tree, started by make check or by hand.
set -eu
export LC_ALL=C

srcdir=${srcdir:-$(dirname "$0")/..}
CC=${CC:-cc}
CXX=${CXX:-c++}
library=.libs/libqueue.so

# A folder of the script's own, gone when it ends.
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
  echo "$*" >&2
  exit 1
}

# End as a visible skip where a tool is missing; in CI nothing may be skipped for that.
need() {
  for tool; do
    command -v "$tool" >/dev/null && continue
    [ "${CI:-}" != true ] || fail "missing in CI: $tool"
    echo "skipped: no $tool"
    exit 77
  done
}

# Set tool to one of clang 14, since verdicts change with the version. Style is checked in the repository: whoever
# builds the tarball need not have these tools.
need_clang_14() {
  if [ ! -e "$srcdir/.git" ]; then
    echo "skipped: not in the repository"
    exit 77
  fi
  for tool in "$1-14" "$1"; do
    "$tool" --version 2>/dev/null | grep -q 'version 14\.' && return
  done
  need "$1-14"
}

# The project's C and C++ files, below the given folders.
sources() {
  (cd "$srcdir" && find "$@" -type f \( -name '*.c' -o -name '*.h' -o -name '*.cc' \) | sort)
}

# The functions that a public header declares with QK_API, sorted. The compiler has removed the comments.
declared() {
  printf '#include <%s>\n' "$1" | $CC -I"$srcdir/include" -E -P -x c - | tr '\n' ' ' | tr ';' '\n' |
    sed -n 's/.*__attribute__((visibility("default")))[^(]*[ *]\(qk_[a-z0-9_]*\) *(.*/\1/p' | sort -u
}
