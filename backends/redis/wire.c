#include "inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "route.h"

#define NEWS_MAX 32
#define CATCH_UPS 64 /* so that a server that never pauses does not keep us */
#define HOLD_FIRST_US 1000
#define HOLD_MAX_US 50000
#define LAST_TRY_US 30000 /* no try so close to the deadline: its answer might come too late to be known */
#define ATTEMPT_MIN_MS                                                                                       \
  250 /* a greeting takes three round trips, and it goes on while requests come and go                       \
       */
#define ATTEMPT_MAX_MS 2000
#define WORTH_US 50000

/* ---- Small things ---- */

/* splitmix64 (Steele, Lea, Flood 2014). */
int64_t qkr_random_below(struct qkr_wire *wire, int64_t below)
{
  uint64_t z = wire->random += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return (int64_t)((z ^ z >> 31) % (uint64_t)below);
}

int64_t qkr_attempt_us(const struct qkr_wire *wire)
{
  int64_t third_ms = wire->settings->timeout_ms / 3 + 1;
  if (third_ms < ATTEMPT_MIN_MS)
    third_ms = ATTEMPT_MIN_MS;
  return (third_ms < ATTEMPT_MAX_MS ? third_ms : ATTEMPT_MAX_MS) * 1000;
}

void qkr_trouble(struct qkr_wire *wire, int code, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(wire->trouble, sizeof wire->trouble, format, arguments);
  va_end(arguments);
  wire->trouble_code = code;
  qk_host_log(wire->host, code == QK_ESTORE ? 1 : 0, code, NULL, wire->trouble);
}

void qkr_wire_wakeup(struct qkr_wire *wire)
{
  qkr_poller_wake(&wire->poller);
}

int qkr_wire_fd(const struct qkr_wire *wire)
{
  return wire->poller.fd;
}

const char *qkr_wire_trouble(const struct qkr_wire *wire)
{
  return wire->trouble;
}

void qkr_wire_on_connect(struct qkr_wire *wire, void (*connected)(void *arg), void *arg)
{
  wire->connected = connected;
  wire->connected_arg = arg;
}

/* ---- The life of a request ---- */

static int64_t deadline_us(const struct qkr_request *request)
{
  return request->deadline_ms < INT64_MAX / 1000 ? request->deadline_ms * 1000 : INT64_MAX;
}

static int enlist(struct qkr_wire *wire, struct qkr_request *request, int flags)
{
  request->was_sent = 0;
  request->tries = request->hops = request->waits = 0;
  request->next = request->prev = NULL;
  request->where = NULL;
  request->flags = flags;
  request->due_us = deadline_us(request);
  return qkr_schedule_add(&wire->schedule, request);
}

void qkr_finish(struct qkr_wire *wire, struct qkr_request *request, int code)
{
  qkr_list_remove(request);
  qkr_schedule_remove(&wire->schedule, request);
  if (request->flags & QKR_PINNED)
    qkr_errand_of(request)->is_out = 0;
  else
    wire->load--;
  request->done(request, code);
}

void qkr_fail(struct qkr_wire *wire, struct qkr_request *request, int code)
{
  qkr_finish(wire, request, request->was_sent && !request->reads ? QK_EUNKNOWN : code);
}

/* Keep a request until a time, or its deadline. */
static void hold_until(struct qkr_wire *wire, struct qkr_request *request, int64_t wake_us)
{
  int64_t end_us = deadline_us(request);
  qkr_list_remove(request);
  qkr_list_push(&wire->held, request);
  qkr_schedule_move(&wire->schedule, request, wake_us < end_us ? wake_us : end_us);
}

void qkr_hold(struct qkr_wire *wire, struct qkr_request *request)
{
  int64_t most_us = HOLD_MAX_US;
  if (request->waits < 6)
    most_us = (int64_t)HOLD_FIRST_US << request->waits;
  request->waits++;
  request->hops = 0;
  request->flags &= ~(QKR_ASKING | QKR_LOAD);
  int64_t wake_us = qkr_now_us() + 1 + qkr_random_below(wire, most_us);
  hold_until(wire, request, wake_us < deadline_us(request) - LAST_TRY_US ? wake_us : INT64_MAX);
}

int qkr_is_too_late(const struct qkr_wire *wire, const struct qkr_request *request)
{
  int64_t least_us = wire->settings->timeout_ms * INT64_C(1000) / 8;
  if (least_us > WORTH_US)
    least_us = WORTH_US;
  return !request->was_sent && deadline_us(request) - qkr_now_us() < least_us;
}

static void wake(struct qkr_wire *wire, struct qkr_request *request)
{
  if (qkr_is_too_late(wire, request)) {
    qkr_fail(wire, request, QK_ESTORE);
    return;
  }
  qkr_list_remove(request);
  qkr_schedule_move(&wire->schedule, request, deadline_us(request));
  qkr_route_request(wire, request);
}

/* A request on the wire takes its connection with it: the late reply must meet nobody else. Where only
 * replicas are missing there is no such reply. */
static void expire(struct qkr_wire *wire, struct qkr_request *request)
{
  if (request->flags & QKR_ANSWERED) {
    qkr_finish(wire, request, QK_EUNKNOWN);
    return;
  }
  for (struct qkr_node *node = wire->nodes; node; node = node->next)
    if (request->where == &node->sent) {
      int is_pinned = request->flags & QKR_PINNED;
      qkr_node_lose(node, "no answer in time");
      if (is_pinned)
        return;
      break;
    }
  qkr_fail(wire, request, QK_ESTORE);
}

void qkr_send_errand(struct qkr_node *node, struct qkr_errand *errand)
{
  struct qkr_wire *wire = node->wire;
  errand->is_out = 1;
  if (enlist(wire, &errand->request, QKR_PINNED) == QK_OK) {
    qkr_node_add(node, &errand->request);
    return;
  }
  errand->is_out = 0;
  errand->request.done(&errand->request, QK_ENOMEM);
}

/* ---- Work ---- */

static void run_requests(struct qkr_wire *wire, int64_t now_us)
{
  struct qkr_request *request;
  while ((request = qkr_schedule_first(&wire->schedule)) && request->due_us <= now_us) {
    if (deadline_us(request) <= now_us)
      expire(wire, request);
    else
      wake(wire, request);
  }
}

static int64_t next_due(const struct qkr_wire *wire)
{
  const struct qkr_request *first = qkr_schedule_first(&wire->schedule);
  int64_t due_us = first ? first->due_us : INT64_MAX;
  int64_t route_us = qkr_route_due(wire);
  if (route_us < due_us)
    due_us = route_us;
  for (const struct qkr_node *node = wire->nodes; node; node = node->next) {
    int64_t node_us = qkr_node_due(node);
    if (node_us < due_us)
      due_us = node_us;
  }
  return due_us;
}

/* Send what callbacks have put in line, and see to it that the rest is not forgotten. */
static void settle(struct qkr_wire *wire)
{
  do {
    wire->dirty = 0;
    for (struct qkr_node *node = wire->nodes; node; node = node->next)
      qkr_node_pump(node);
  } while (wire->dirty);
  qkr_route_tidy(wire);
  qkr_poller_set(&wire->poller, next_due(wire));
}

/* Some request that is not an errand of ours; NULL if there is none. */
static struct qkr_request *any_request(const struct qkr_wire *wire)
{
  for (size_t i = 0; i < wire->schedule.count; i++)
    if (!(wire->schedule.heap[i]->flags & QKR_PINNED))
      return wire->schedule.heap[i];
  return NULL;
}

void qkr_wire_abort(struct qkr_wire *wire)
{
  struct qkr_request *request;
  wire->aborted = 1;
  for (struct qkr_node *node = wire->nodes; node; node = node->next)
    if (node->conn.fd >= 0)
      qkr_node_lose(node, NULL);
  while ((request = any_request(wire)))
    qkr_fail(wire, request, QK_ESTORE);
}

void qkr_wire_forget(struct qkr_wire *wire)
{
  struct qkr_request *request;
  while ((request = any_request(wire))) {
    qkr_list_remove(request);
    qkr_schedule_remove(&wire->schedule, request);
    if (request->forget)
      request->forget(request);
  }
}

void qkr_wire_send(struct qkr_wire *wire, struct qkr_request *request)
{
  if (wire->aborted) {
    request->done(request, QK_ESTORE);
    return;
  }
  if (enlist(wire, request, 0) != QK_OK) {
    request->done(request, QK_ENOMEM);
    return;
  }
  wire->load++;
  if (request->not_before_us > qkr_now_us())
    hold_until(wire, request, request->not_before_us);
  else
    qkr_route_request(wire, request);
  if (wire->busy)
    return;
  wire->busy = 1;
  settle(wire);
  wire->busy = 0;
}

static int take_news(struct qkr_wire *wire, int timeout_ms)
{
  struct qkr_news news[NEWS_MAX];
  int n = qkr_poller_wait(&wire->poller, news, NEWS_MAX, timeout_ms);
  for (int i = 0; i < n; i++)
    qkr_node_news(news[i].owner, &news[i]);
  return n;
}

/* Read what has come by now: it counts, however late we look. After a stop (SIGSTOP) the wait ends without
 * news although there are some. */
static int64_t catch_up(struct qkr_wire *wire)
{
  int64_t now_us = qkr_now_us();
  if (next_due(wire) <= now_us)
    for (int i = 0; i < CATCH_UPS && take_news(wire, 0) > 0; i++)
      ;
  return now_us;
}

void qkr_wire_process(struct qkr_wire *wire, int timeout_ms)
{
  wire->busy = 1;
  take_news(wire, timeout_ms);
  int64_t now_us = catch_up(wire);
  run_requests(wire, now_us);
  for (struct qkr_node *node = wire->nodes; node; node = node->next)
    qkr_node_run(node, now_us);
  qkr_route_run(wire, now_us);
  settle(wire);
  wire->busy = 0;
}
