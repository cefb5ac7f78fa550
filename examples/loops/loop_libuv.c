/* The host on libuv. */
#include <stdlib.h>
#include <uv.h>
#include "host.h"

struct loop {
  uv_loop_t uv;
  uv_timer_t timer;
  uv_signal_t signals[2];
  struct host *host;
};

static void free_handle(uv_handle_t *handle)
{
  free(handle);
}

/* An error, as a hang-up may be, has stopped the handle: the host finds out by itself, and ends the watch. */
static void poll_ready(uv_poll_t *handle, int status, int events)
{
  struct watch *watch = handle->data;
  (void)status;
  (void)events;
  watch->ready(watch);
}

/* A handle lives until libuv says that it is closed, longer than the watch. */
int loop_watch(struct loop *loop, struct watch *watch, int events)
{
  uv_poll_t *handle = watch->handle;
  int wanted = (events & WATCH_READ ? UV_READABLE : 0) | (events & WATCH_WRITE ? UV_WRITABLE : 0);
  if (!handle && events) {
    handle = malloc(sizeof *handle);
    if (!handle || uv_poll_init(&loop->uv, handle, watch->fd) != 0) {
      free(handle);
      return -1;
    }
    handle->data = watch;
    watch->handle = handle;
  }
  if (handle && !events) {
    uv_close((uv_handle_t *)handle, free_handle);
    watch->handle = NULL;
  }
  return events && uv_poll_start(handle, wanted, poll_ready) != 0 ? -1 : 0;
}

static void timer_ready(uv_timer_t *timer)
{
  host_alarm(((struct loop *)timer->data)->host);
}

void loop_alarm(struct loop *loop, uint32_t ms)
{
  uv_timer_start(&loop->timer, timer_ready, ms, 0);
}

static void signal_ready(uv_signal_t *handle, int number)
{
  (void)number;
  host_stop(((struct loop *)handle->data)->host);
}

void loop_end(struct loop *loop)
{
  uv_stop(&loop->uv);
}

static void loop_open(struct loop *loop)
{
  static const int numbers[] = {SIGINT, SIGTERM};
  uv_loop_init(&loop->uv);
  uv_timer_init(&loop->uv, &loop->timer);
  loop->timer.data = loop;
  for (int i = 0; i < 2; i++) {
    uv_signal_init(&loop->uv, &loop->signals[i]);
    loop->signals[i].data = loop;
    uv_signal_start(&loop->signals[i], signal_ready, numbers[i]);
  }
}

static void loop_close(struct loop *loop)
{
  uv_close((uv_handle_t *)&loop->timer, NULL);
  for (int i = 0; i < 2; i++)
    uv_close((uv_handle_t *)&loop->signals[i], NULL);
  uv_run(&loop->uv, UV_RUN_DEFAULT);
  uv_loop_close(&loop->uv);
}

int main(int argc, char **argv)
{
  struct loop loop;
  loop_open(&loop);
  loop.host = host_open(argc, argv, &loop);
  if (loop.host)
    uv_run(&loop.uv, UV_RUN_DEFAULT);
  int status = host_close(loop.host);
  loop_close(&loop);
  return status;
}
