#include "poller.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <qk.h>

#define NEWS_MAX 32

int64_t qkr_now_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int qkr_poller_init(struct qkr_poller *poller)
{
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = poller};
  struct epoll_event alarm = {.events = EPOLLIN, .data.ptr = &poller->alarm};
  poller->due_us = INT64_MAX;
  poller->fd = epoll_create1(EPOLL_CLOEXEC);
  poller->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  poller->alarm = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (poller->fd >= 0 && poller->timer >= 0 && poller->alarm >= 0 &&
      epoll_ctl(poller->fd, EPOLL_CTL_ADD, poller->timer, &event) == 0 &&
      epoll_ctl(poller->fd, EPOLL_CTL_ADD, poller->alarm, &alarm) == 0)
    return QK_OK;
  qkr_poller_finish(poller);
  return QK_ESTORE;
}

void qkr_poller_finish(struct qkr_poller *poller)
{
  if (poller->timer >= 0)
    close(poller->timer);
  if (poller->alarm >= 0)
    close(poller->alarm);
  if (poller->fd >= 0)
    close(poller->fd);
  poller->fd = poller->timer = poller->alarm = -1;
}

static int control(const struct qkr_poller *poller, int operation, int fd, void *owner, int writing)
{
  struct epoll_event event = {.events = writing ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = owner};
  return epoll_ctl(poller->fd, operation, fd, &event) == 0 ? QK_OK : QK_ESTORE;
}

int qkr_poller_add(const struct qkr_poller *poller, int fd, void *owner, int writing)
{
  return control(poller, EPOLL_CTL_ADD, fd, owner, writing);
}

int qkr_poller_change(const struct qkr_poller *poller, int fd, void *owner, int writing)
{
  return control(poller, EPOLL_CTL_MOD, fd, owner, writing);
}

void qkr_poller_remove(const struct qkr_poller *poller, int fd)
{
  struct epoll_event event = {0};
  epoll_ctl(poller->fd, EPOLL_CTL_DEL, fd, &event);
}

/* An earlier time than asked for costs one idle wake-up; setting the timer at each change costs more. */
void qkr_poller_set(struct qkr_poller *poller, int64_t due_us)
{
  struct itimerspec when = {0};
  if (due_us >= poller->due_us)
    return;
  if (due_us < 1)
    due_us = 1; /* zero would stop the timer */
  poller->due_us = due_us;
  when.it_value.tv_sec = (time_t)(due_us / 1000000);
  when.it_value.tv_nsec = (long)(due_us % 1000000) * 1000;
  timerfd_settime(poller->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void clear_timer(struct qkr_poller *poller)
{
  uint64_t times;
  if (read(poller->timer, &times, sizeof times) == (ssize_t)sizeof times)
    poller->due_us = INT64_MAX;
}

void qkr_poller_wake(const struct qkr_poller *poller)
{
  uint64_t one = 1;
  while (write(poller->alarm, &one, sizeof one) < 0 && errno == EINTR)
    ;
}

static void clear_alarm(const struct qkr_poller *poller)
{
  uint64_t times;
  while (read(poller->alarm, &times, sizeof times) < 0 && errno == EINTR)
    ;
}

int qkr_poller_wait(struct qkr_poller *poller, struct qkr_news *news, int max, int timeout_ms)
{
  struct epoll_event events[NEWS_MAX];
  int n = 0;
  int got = epoll_wait(poller->fd, events, max < NEWS_MAX ? max : NEWS_MAX, timeout_ms);
  for (int i = 0; i < got; i++) {
    if (events[i].data.ptr == poller) {
      clear_timer(poller);
      continue;
    }
    if (events[i].data.ptr == &poller->alarm) {
      clear_alarm(poller);
      continue;
    }
    news[n].owner = events[i].data.ptr;
    news[n].can_read = (events[i].events & ~(uint32_t)EPOLLOUT) != 0;
    news[n++].can_write = (events[i].events & ~(uint32_t)EPOLLIN) != 0;
  }
  return n;
}
