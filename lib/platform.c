#define _GNU_SOURCE
#include "platform.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <qk.h>

#define GUARD_SIZE 4096

int qki_fork_guard_init(struct qki_fork_guard *guard)
{
  unsigned char *page = mmap(NULL, GUARD_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return QK_ENOMEM;
  guard->pid = getpid();
  guard->page = NULL;
  if (madvise(page, GUARD_SIZE, MADV_WIPEONFORK) != 0) {
    munmap(page, GUARD_SIZE);
    return QK_OK;
  }
  *page = 1;
  guard->page = page;
  return QK_OK;
}

void qki_fork_guard_finish(struct qki_fork_guard *guard)
{
  if (guard->page)
    munmap((void *)(uintptr_t)guard->page, GUARD_SIZE);
  guard->page = NULL;
}

int qki_forked_slow(const struct qki_fork_guard *guard)
{
  return getpid() != guard->pid;
}

uintptr_t qki_thread(void)
{
  return (uintptr_t)pthread_self();
}

static int64_t read_us(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t qki_realtime_ms(void)
{
  return read_us(CLOCK_REALTIME) / 1000;
}

int64_t qki_monotonic_ms(void)
{
  return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t qki_monotonic_us(void)
{
  return read_us(CLOCK_MONOTONIC);
}

int qki_flag_open(void)
{
  return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void qki_flag_raise(int fd)
{
  uint64_t one = 1;
  int saved = errno;
  while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
    ;
  errno = saved;
}

/* Take the count of an eventfd or timerfd. 1 if there was one. */
static int take_count(int fd)
{
  uint64_t value;
  int saved = errno;
  ssize_t got;
  while ((got = read(fd, &value, sizeof value)) < 0 && errno == EINTR)
    ;
  errno = saved;
  return got == (ssize_t)sizeof value;
}

int qki_flag_clear(int fd)
{
  return take_count(fd);
}

int qki_timer_open(void)
{
  return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

void qki_timer_set(int fd, int64_t in_ms)
{
  struct itimerspec when = {.it_value = {.tv_sec = in_ms / 1000, .tv_nsec = in_ms % 1000 * 1000000}};
  if (in_ms <= 0)
    when.it_value = (struct timespec){.tv_nsec = 1};
  timerfd_settime(fd, 0, &when, NULL);
}

int qki_timer_clear(int fd)
{
  return take_count(fd);
}

int qki_fdset_open(const int *fds, size_t n)
{
  int set = epoll_create1(EPOLL_CLOEXEC);
  if (set < 0)
    return -1;
  for (size_t i = 0; i < n; i++) {
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &event) != 0) {
      close(set);
      return -1;
    }
  }
  return set;
}

int qki_fd_wait(int fd, int timeout_ms)
{
  struct pollfd one = {.fd = fd, .events = POLLIN};
  int got = poll(&one, 1, timeout_ms);
  return got > 0 ? 1 : got == 0 ? 0 : -1;
}
