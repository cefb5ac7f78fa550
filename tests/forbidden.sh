#!/bin/sh
# The library never ends the process, writes to a stream, reads the environment, handles a signal, or starts a thread
# or a process: it does not even call what could.
# shellcheck source=support/script.sh
. "$(dirname "$0")/support/script.sh"
need nm

cat >"$tmp/forbidden" <<END
exit _exit _Exit quick_exit abort atexit __assert __assert_fail err errx verr verrx error
stdin stdout stderr printf vprintf __printf_chk __vprintf_chk puts putchar perror psignal warn warnx
dprintf vdprintf __dprintf_chk __vdprintf_chk syslog vsyslog
getenv secure_getenv setenv unsetenv putenv clearenv environ setlocale
signal sigaction sigprocmask pthread_sigmask sigsuspend sigwait signalfd raise kill alarm setitimer timer_create
pthread_create thrd_create fork vfork clone posix_spawn posix_spawnp system popen
execl execle execlp execv execve execvp chdir umask
END
tr ' ' '\n' <"$tmp/forbidden" | sort >"$tmp/names"

nm -D -P --undefined-only "$library" | sed 's/[@ ].*//' | sort -u >"$tmp/used"
[ -s "$tmp/used" ] || fail "found no symbol"
comm -12 "$tmp/names" "$tmp/used" >"$tmp/found"
[ ! -s "$tmp/found" ] || fail "$library uses: $(tr '\n' ' ' <"$tmp/found")"
