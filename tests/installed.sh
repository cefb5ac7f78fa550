#!/bin/sh
# What `make install` installs is enough: the examples build and run against it alone, found through pkg-config, and
# a backend that was written against it passes the conformance suite.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"
need pkg-config

# The job server of an outer make is not ours.
unset MAKEFLAGS MFLAGS
"${MAKE:-make}" install DESTDIR="$tmp/root" >"$tmp/log" 2>&1 || fail "$(cat "$tmp/log")"

pc=$(find "$tmp/root" -name libqueue.pc)
LD_LIBRARY_PATH=$(dirname "$(find "$tmp/root" -name libqueue.so)")
export LD_LIBRARY_PATH PKG_CONFIG_SYSROOT_DIR="$tmp/root" PKG_CONFIG_PATH="${pc%/*}"
compile="$CC -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra $(pkg-config --cflags libqueue)"
libs=$(pkg-config --libs libqueue)
unset PKG_CONFIG_SYSROOT_DIR
jansson=$(pkg-config --libs jansson)

run() {
  "$@" >"$tmp/output" 2>&1 || fail "$* failed: $(tail -n 20 "$tmp/output")"
}

# shellcheck disable=SC2086
{
  $compile "$srcdir/examples/hello.c" -o "$tmp/hello" $libs
  $compile "$srcdir"/examples/rush*.c -o "$tmp/rush" $libs $jansson -lm
  $compile "$srcdir"/examples/backend/*.c -o "$tmp/backend" $libs
}
host="$srcdir/examples/loops/host.c $srcdir/examples/loops/talk.c"
# shellcheck disable=SC2046,SC2086
{
  $compile "$srcdir/examples/loops/loop_epoll.c" $host -o "$tmp/loop_epoll" $libs
  for loop in libuv libevent; do
    pkg-config --exists $loop || need "$loop"
    $compile "$srcdir/examples/loops/loop_$loop.c" $host -o "$tmp/loop_$loop" $libs $(pkg-config --cflags --libs $loop)
  done
  $compile "$srcdir"/examples/exporter*.c -o "$tmp/exporter" $libs $(pkg-config --cflags --libs libevent)
}
run "$tmp/hello"
run "$tmp/rush" --quiet --peak-rate 100
run "$tmp/backend"

# The tool, its page and its completions are where shells and man look for them.
run "$(find "$tmp/root" -path '*/bin/qk')" --version
for file in man/man1/qk.1 bash-completion/completions/qk.bash zsh/site-functions/_qk fish/vendor_completions.d/qk.fish; do
  [ -n "$(find "$tmp/root" -path "*/share/$file")" ] || fail "not installed: $file"
done

pkg-config --exists check || need 'check (libcheck)'
tests=$srcdir/tests
# Every backend has a main of its own in the suite's folder.
suite="$(grep -L 'int main(' "$tests"/conformance/*.c) $tests/support/fixture.c $tests/support/runner.c"
# shellcheck disable=SC2046,SC2086
$compile -I"$srcdir" -I"$tests/support" $(pkg-config --cflags check) $suite "$tests/conformance/naive.c" \
  "$srcdir/examples/backend/naive.c" -o "$tmp/conformance" $libs $jansson $(pkg-config --libs check)
run "$tmp/conformance"
