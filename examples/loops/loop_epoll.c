/* The host on epoll, with a timerfd and a signalfd. */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "host.h"

struct loop {
  int epoll, is_over;
  struct watch timer, signals;
  struct host *host;
};

/* Without events epoll would still tell of a hang-up, again and again: then the descriptor must not be in it.
 */
int loop_watch(struct loop *loop, struct watch *watch, int events)
{
  int change = !events ? EPOLL_CTL_DEL : watch->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  struct epoll_event event = {.data.ptr = watch};
  if (events & WATCH_READ)
    event.events |= EPOLLIN;
  if (events & WATCH_WRITE)
    event.events |= EPOLLOUT;
  if (events != watch->events && epoll_ctl(loop->epoll, change, watch->fd, &event) != 0)
    return -1;
  watch->events = events;
  return 0;
}

void loop_alarm(struct loop *loop, uint32_t ms)
{
  struct itimerspec in = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 + 1}};
  timerfd_settime(loop->timer.fd, 0, &in, NULL);
}

void loop_end(struct loop *loop)
{
  loop->is_over = 1;
}

static void timer_ready(struct watch *watch)
{
  uint64_t times;
  if (read(watch->fd, &times, sizeof times) == sizeof times)
    host_alarm(((struct loop *)watch->owner)->host);
}

static void signal_ready(struct watch *watch)
{
  struct signalfd_siginfo info;
  if (read(watch->fd, &info, sizeof info) == sizeof info)
    host_stop(((struct loop *)watch->owner)->host);
}

static int loop_open(struct loop *loop)
{
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, NULL);
  loop->epoll = epoll_create1(EPOLL_CLOEXEC);
  loop->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  loop->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return loop_watch(loop, &loop->timer, WATCH_READ) || loop_watch(loop, &loop->signals, WATCH_READ);
}

/* One event at a time: what its handler forgets cannot be among those that come after it. */
static void loop_run(struct loop *loop)
{
  struct epoll_event event;
  while (!loop->is_over)
    if (epoll_wait(loop->epoll, &event, 1, -1) == 1) {
      struct watch *watch = event.data.ptr;
      watch->ready(watch);
    }
}

int main(int argc, char **argv)
{
  struct loop loop = {0};
  loop.timer = (struct watch){.ready = timer_ready, .owner = &loop};
  loop.signals = (struct watch){.ready = signal_ready, .owner = &loop};
  if (loop_open(&loop) != 0) {
    perror("epoll");
    return 1;
  }
  loop.host = host_open(argc, argv, &loop);
  if (loop.host)
    loop_run(&loop);
  int status = host_close(loop.host);
  close(loop.signals.fd);
  close(loop.timer.fd);
  close(loop.epoll);
  return status;
}
