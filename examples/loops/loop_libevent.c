/* The host on libevent. */
#include <event2/event.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include "host.h"

struct loop {
  struct event_base *base;
  struct event *timer, *signals[2];
  struct host *host;
};

static void watch_ready(evutil_socket_t fd, short what, void *arg)
{
  struct watch *watch = arg;
  (void)fd;
  (void)what;
  watch->ready(watch);
}

int loop_watch(struct loop *loop, struct watch *watch, int events)
{
  short wanted = EV_PERSIST | (events & WATCH_READ ? EV_READ : 0) | (events & WATCH_WRITE ? EV_WRITE : 0);
  if (events == watch->events)
    return 0;
  if (watch->handle)
    event_free(watch->handle);
  watch->handle = events ? event_new(loop->base, watch->fd, wanted, watch_ready, watch) : NULL;
  watch->events = events;
  return events && (!watch->handle || event_add(watch->handle, NULL) != 0) ? -1 : 0;
}

static void timer_ready(evutil_socket_t fd, short what, void *arg)
{
  (void)fd;
  (void)what;
  host_alarm(((struct loop *)arg)->host);
}

static void signal_ready(evutil_socket_t number, short what, void *arg)
{
  (void)number;
  (void)what;
  host_stop(((struct loop *)arg)->host);
}

void loop_alarm(struct loop *loop, uint32_t ms)
{
  struct timeval in = {.tv_sec = ms / 1000, .tv_usec = (int)(ms % 1000) * 1000};
  evtimer_add(loop->timer, &in);
}

void loop_end(struct loop *loop)
{
  event_base_loopbreak(loop->base);
}

static int loop_open(struct loop *loop)
{
  loop->base = event_base_new();
  if (!loop->base)
    return -1;
  loop->timer = evtimer_new(loop->base, timer_ready, loop);
  loop->signals[0] = evsignal_new(loop->base, SIGINT, signal_ready, loop);
  loop->signals[1] = evsignal_new(loop->base, SIGTERM, signal_ready, loop);
  return loop->timer && loop->signals[0] && loop->signals[1] && event_add(loop->signals[0], NULL) == 0 &&
                 event_add(loop->signals[1], NULL) == 0
             ? 0
             : -1;
}

static void loop_close(struct loop *loop)
{
  event_free(loop->timer);
  event_free(loop->signals[0]);
  event_free(loop->signals[1]);
  event_base_free(loop->base);
  libevent_global_shutdown();
}

int main(int argc, char **argv)
{
  struct loop loop = {0};
  if (loop_open(&loop) != 0) {
    fputs("libevent does not start\n", stderr);
    return 1;
  }
  loop.host = host_open(argc, argv, &loop);
  if (loop.host)
    event_base_dispatch(loop.base);
  int status = host_close(loop.host);
  loop_close(&loop);
  return status;
}
