/* A host with a page for Prometheus: one thread, libevent's loop, and the calls that never block. It opens a
 * store, ticks it, lets a crowd of simulated people use it, and serves GET /metrics and GET /healthz.
 *
 *     cc -std=c11 exporter*.c $(pkg-config --cflags --libs libqueue libevent) -o exporter
 *     ./exporter --port 9464 redis://127.0.0.1
 *
 * To start a host from it, put your own protocol where the crowd is. */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <qk.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "exporter_crowd.h"

#define TICK_MS 500
#define DONE_MAX 256

struct host {
  qk_store *store;
  struct event_base *base;
  struct evhttp *http;
  struct crowd *crowd;
  struct event *tick_timer, *store_ready, *interrupted, *terminated;
  qk_op tick;
  qk_tick_report report;
  int32_t health; /* what the last tick came to */
};

static void tick(evutil_socket_t fd, short events, void *arg)
{
  (void)fd;
  (void)events;
  struct host *host = arg;
  qk_op *op = &host->tick;
  *op = (qk_op){.size = sizeof *op, .verb = QK_TICK, .report = &host->report};
  if (qk_submit(host->store, &op, 1) != QK_OK)
    event_add(host->tick_timer, &(struct timeval){.tv_usec = TICK_MS * 1000});
}

static void tick_done(struct host *host)
{
  host->health = host->tick.result;
  int more = host->health == QK_OK && host->report.more;
  event_add(host->tick_timer, &(struct timeval){.tv_usec = more ? 0 : TICK_MS * 1000});
}

/* The store's descriptor is readable: it has something to send, to receive or to hand back. */
static void reap(evutil_socket_t fd, short events, void *arg)
{
  (void)fd;
  (void)events;
  struct host *host = arg;
  qk_op *done[DONE_MAX];
  int n = qk_reap(host->store, done, DONE_MAX, 0);
  for (int i = 0; i < n; i++) {
    if (done[i] == &host->tick)
      tick_done(host);
    else
      crowd_answer(done[i]);
  }
}

static void reply(struct evhttp_request *request, int code, const char *type, const char *text)
{
  struct evbuffer *body = evbuffer_new();
  if (!body || evbuffer_add(body, text, strlen(text)) != 0) {
    evhttp_send_error(request, HTTP_INTERNAL, NULL);
  } else {
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", type);
    evhttp_send_reply(request, code, NULL, body);
  }
  if (body)
    evbuffer_free(body);
}

static void metrics(struct evhttp_request *request, void *arg)
{
  const struct host *host = arg;
  char *text = qk_metrics(host->store);
  if (text)
    reply(request, HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text);
  else
    evhttp_send_error(request, HTTP_INTERNAL, NULL);
  qk_free(text);
}

/* Fit for work while the ticks succeed. */
static void healthz(struct evhttp_request *request, void *arg)
{
  const struct host *host = arg;
  reply(request, host->health == QK_OK ? HTTP_OK : HTTP_SERVUNAVAIL, "text/plain; charset=utf-8",
        qk_strerror(host->health));
}

/* On the loopback address only: what is inside is nobody else's business. Returns the port, or -1. */
static int listen_on(struct host *host, uint16_t port)
{
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  host->http = evhttp_new(host->base);
  if (!host->http)
    return -1;
  evhttp_set_allowed_methods(host->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
  evhttp_set_cb(host->http, "/metrics", metrics, host);
  evhttp_set_cb(host->http, "/healthz", healthz, host);
  struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(host->http, "127.0.0.1", port);
  if (!bound || getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &size) != 0)
    return -1;
  return ntohs(address.sin_port);
}

static void stop(evutil_socket_t fd, short events, void *arg)
{
  (void)fd;
  (void)events;
  event_base_loopbreak(arg);
}

static int watch(struct host *host)
{
  struct event_base *base = host->base;
  signal(SIGPIPE, SIG_IGN);
  host->tick_timer = evtimer_new(base, tick, host);
  host->store_ready = event_new(base, qk_fd(host->store), EV_READ | EV_PERSIST, reap, host);
  host->interrupted = evsignal_new(base, SIGINT, stop, base);
  host->terminated = evsignal_new(base, SIGTERM, stop, base);
  if (!host->tick_timer || !host->store_ready || !host->interrupted || !host->terminated)
    return -1;
  event_active(host->tick_timer, EV_TIMEOUT, 0);
  event_add(host->store_ready, NULL);
  event_add(host->interrupted, NULL);
  event_add(host->terminated, NULL);
  return 0;
}

static int run(struct host *host, const char *uri, uint16_t port)
{
  qk_error error = {0};
  if (qk_open(&host->store, uri, NULL, &error) != QK_OK) {
    fprintf(stderr, "exporter: %s\n", error.text);
    return 1;
  }
  host->base = event_base_new();
  host->crowd = host->base ? crowd_create(host->store, host->base, &error) : NULL;
  int bound = host->crowd && watch(host) == 0 ? listen_on(host, port) : -1;
  if (bound < 0) {
    fprintf(stderr, "exporter: %s\n", error.text[0] ? error.text : "cannot listen on that port");
    return 1;
  }
  printf("http://127.0.0.1:%d/metrics\n", bound);
  fflush(stdout);
  return event_base_dispatch(host->base) < 0;
}

static void finish(struct host *host)
{
  struct event *events[] = {host->tick_timer, host->store_ready, host->interrupted, host->terminated};
  if (host->http)
    evhttp_free(host->http);
  for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
    if (events[i])
      event_free(events[i]);
  }
  /* The ops under way are the store's until it is closed. */
  qk_close(host->store);
  crowd_destroy(host->crowd);
  if (host->base)
    event_base_free(host->base);
}

int main(int argc, char **argv)
{
  struct host host = {0};
  char *end = "";
  long port = 9464;
  int next = 1;
  if (argc > 2 && strcmp(argv[1], "--port") == 0) {
    port = strtol(argv[2], &end, 10);
    next = 3;
  }
  if (*end || port < 0 || port > 65535 || argc > next + 1 || (argc > next && argv[next][0] == '-')) {
    fputs("usage: exporter [--port N] [URI]    N: 9464, 0 = any; URI: memory:\n", stderr);
    return 2;
  }
  int status = run(&host, next < argc ? argv[next] : "memory:", (uint16_t)port);
  finish(&host);
  return status;
}
