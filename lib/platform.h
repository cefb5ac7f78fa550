/* The few things that POSIX does not have: the one place for Linux and GNU extensions. */
#ifndef QKI_PLATFORM_H
#define QKI_PLATFORM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Notices that the process was forked, at the cost of one load: a page that the kernel wipes in the child
 * (MADV_WIPEONFORK, Linux 4.14), or the pid where the kernel cannot. */
struct qki_fork_guard {
  const volatile unsigned char *page;
  pid_t pid;
};

/* QK_OK or QK_ENOMEM. */
int qki_fork_guard_init(struct qki_fork_guard *guard);
void qki_fork_guard_finish(struct qki_fork_guard *guard);
int qki_forked_slow(const struct qki_fork_guard *guard);

static inline int qki_forked(const struct qki_fork_guard *guard)
{
  return guard->page ? !*guard->page : qki_forked_slow(guard);
}

/* Tells living threads apart; never 0. */
uintptr_t qki_thread(void);

/* Unix time and time since boot, in ms; the latter for deadlines. */
int64_t qki_realtime_ms(void);
int64_t qki_monotonic_ms(void);
int64_t qki_monotonic_us(void);

/* A descriptor that is readable while it is raised; both calls are async-signal-safe. qki_flag_clear returns
 * 1 if it was raised. -1 if there is no descriptor left. */
int qki_flag_open(void);
void qki_flag_raise(int fd);
int qki_flag_clear(int fd);

/* A descriptor that is readable once its time is up, in_ms from when it was set (0 = at once); clearing it
 * returns 1 if it was. -1 if there is no descriptor left. */
int qki_timer_open(void);
void qki_timer_set(int fd, int64_t in_ms);
int qki_timer_clear(int fd);

/* A descriptor that is readable while one of fds is; -1 on failure. */
int qki_fdset_open(const int *fds, size_t n);
/* Wait until fd is readable. 1; 0 after timeout_ms (-1 = none); -1 on a signal. */
int qki_fd_wait(int fd, int timeout_ms);

#endif
