#include "node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route.h"

#define IN_FLIGHT 64            /* requests: enough to keep a server busy over any round trip of ours */
#define UNSENT_BYTES (4u << 20) /* beyond that memory only grows */
#define READS 16                /* of 64 KB, before the other nodes get their turn */
#define STALL_MIN_US 500000     /* a server that forks or syncs may say nothing for a while */
#define BACKOFF_FIRST_US 10000
#define BACKOFF_MAX_US 1000000

/* ---- Beginning and end ---- */

struct qkr_node *qkr_node_get(struct qkr_wire *wire, const struct qkr_address *address, int is_sentinel)
{
  struct qkr_node *node = wire->nodes;
  while (node && (node->is_sentinel != is_sentinel || !qkr_address_equal(&node->address, address)))
    node = node->next;
  if (node)
    return node;
  node = calloc(1, sizeof *node);
  if (!node)
    return NULL;
  node->wire = wire;
  node->address = *address;
  node->is_sentinel = is_sentinel;
  qkr_conn_init(&node->conn);
  node->next = wire->nodes;
  wire->nodes = node;
  return node;
}

void qkr_node_destroy(struct qkr_node *node, int forked)
{
  struct qkr_node **link = &node->wire->nodes;
  while (*link != node)
    link = &(*link)->next;
  *link = node->next;
  if (node->conn.fd >= 0 && !forked)
    qkr_poller_remove(&node->wire->poller, node->conn.fd);
  qkr_conn_close(&node->conn);
  free(node);
}

/* ---- Connecting ---- */

static void describe(const struct qkr_node *node, char *out, size_t size)
{
  if (node->address.port)
    snprintf(out, size, "%.100s, port %u", node->address.host, (unsigned)node->address.port);
  else
    snprintf(out, size, "%.100s", node->address.host);
}

static void connect_next(struct qkr_node *node)
{
  struct qkr_wire *wire = node->wire;
  int failed = 0;
  while (node->targets.next < node->targets.count) {
    int fd = qkr_targets_connect(&node->targets);
    failed = errno;
    if (fd < 0)
      continue;
    node->state = QKR_CONNECTING;
    node->until_us = qkr_now_us() + qkr_attempt_us(wire);
    node->has_room_watch = 1;
    if (qkr_conn_open(&node->conn, fd) == QK_OK && qkr_poller_add(&wire->poller, fd, node, 1) == QK_OK)
      return;
    qkr_node_lose(node, "no memory for the connection");
    return;
  }
  qkr_node_lose(node, failed ? strerror(failed) : "no address answers");
}

static void begin(struct qkr_node *node)
{
  const char *why;
  node->broken = NULL;
  node->retiring = node->is_waiting = node->is_wanted = 0;
  node->owed_replicas = 0;
  node->returning = 0;
  node->refusal = QK_OK;
  if (qkr_targets_find(&node->targets, &node->address, &why) == QK_OK)
    connect_next(node);
  else
    qkr_node_lose(node, why);
}

/* This address did not work: the next one of the same name, or the end of the attempt. */
static void try_next(struct qkr_node *node, const char *why)
{
  if (node->targets.next == node->targets.count) {
    qkr_node_lose(node, why);
    return;
  }
  qkr_poller_remove(&node->wire->poller, node->conn.fd);
  qkr_conn_close(&node->conn);
  connect_next(node);
}

static void end_connecting(struct qkr_node *node)
{
  int failed = qkr_socket_error(node->conn.fd);
  if (failed) {
    try_next(node, strerror(failed));
    return;
  }
  node->state = QKR_GREETING;
  node->until_us = qkr_now_us() + qkr_attempt_us(node->wire);
  qkr_greet(node);
}

void qkr_node_ready(struct qkr_node *node)
{
  node->state = QKR_READY;
  node->wire->dirty = 1;
  qk_host_count(node->wire->host, QK_COUNT_CONNECTS, 1);
  if (node->was_ready)
    qk_host_count(node->wire->host, QK_COUNT_RECONNECTS, 1);
  node->was_ready = 1;
  if (!node->is_sentinel && node->wire->connected)
    node->wire->connected(node->wire->connected_arg);
}

void qkr_node_refuse(struct qkr_node *node, int code, const char *text)
{
  char where[128];
  describe(node, where, sizeof where);
  node->broken = "it refuses us";
  node->refusal = code;
  qkr_trouble(node->wire, code, "%s: %s", where, text);
}

/* ---- Losing ---- */

/* What the kernel has taken may have reached the server. */
static void mark_written(struct qkr_node *node)
{
  for (size_t i = 0; i < node->conn.count; i++) {
    const struct qkr_expect *expect = qkr_conn_expect(&node->conn, i);
    if (expect->request && expect->offset < node->conn.written)
      qkr_unheard(expect->request);
  }
}

/* After the loss of a connection that worked the first attempt is made at once. */
static void back_off(struct qkr_node *node)
{
  int64_t delay_us = 0;
  if (node->failures > 0) {
    uint32_t doublings = node->failures < 8 ? node->failures - 1 : 7;
    int64_t most_us = (int64_t)BACKOFF_FIRST_US << doublings;
    delay_us = 1 + qkr_random_below(node->wire, most_us < BACKOFF_MAX_US ? most_us : BACKOFF_MAX_US);
  }
  node->failures++;
  node->retry_us = qkr_now_us() + delay_us;
}

/* Put the requests of a lost connection in line again, in their order. */
static void take_back(struct qkr_node *node)
{
  struct qkr_request *request;
  while ((request = node->sent.last)) {
    qkr_list_remove(request);
    qkr_list_unshift(&node->again, request);
    if (request->flags & QKR_ANSWERED) /* it did happen, but perhaps on this server alone */
      qkr_unheard(request);
    request->flags &= ~(QKR_ANSWERED | QKR_LOAD);
  }
}

static void end_pinned(struct qkr_node *node, struct qkr_list *list)
{
  for (struct qkr_request *request = list->first, *next; request; request = next) {
    next = request->next;
    if (request->flags & QKR_PINNED)
      qkr_finish(node->wire, request, QK_ESTORE);
  }
}

/* A server that refuses us will not change its mind within a deadline. What done() sends comes behind these.
 */
static void end_all(struct qkr_node *node, struct qkr_list *list)
{
  for (size_t n = list->count; n > 0; n--)
    qkr_fail(node->wire, list->first, node->refusal);
}

static void end_impatient(struct qkr_node *node, struct qkr_list *list)
{
  struct qkr_request *request = list->first;
  for (size_t n = list->count; n > 0; n--) {
    struct qkr_request *next = request->next;
    if (request->impatient)
      qkr_fail(node->wire, request, QK_ESTORE);
    request = next;
  }
}

/* A redirect by ASK led here: start again where the map says. */
static void send_back_askers(struct qkr_node *node, struct qkr_list *list)
{
  for (struct qkr_request *request = list->first, *next; request; request = next) {
    next = request->next;
    if (request->flags & QKR_ASKING) {
      request->flags &= ~QKR_ASKING;
      qkr_list_remove(request);
      qkr_route_request(node->wire, request);
    }
  }
}

void qkr_node_lose(struct qkr_node *node, const char *why)
{
  char where[128];
  describe(node, where, sizeof where);
  mark_written(node);
  if (node->conn.fd >= 0)
    qkr_poller_remove(&node->wire->poller, node->conn.fd);
  qkr_conn_close(&node->conn);
  if (why && node->refusal == QK_OK)
    qkr_trouble(node->wire, QK_ESTORE, "%s %s: %s",
                node->state == QKR_READY ? "lost the connection to" : "cannot connect to", where, why);
  node->state = QKR_IDLE;
  node->broken = NULL;
  node->retiring = 0;
  back_off(node);
  take_back(node);
  end_pinned(node, &node->again);
  end_pinned(node, &node->waiting);
  send_back_askers(node, &node->again);
  send_back_askers(node, &node->waiting);
  if (node->refusal != QK_OK && node->refusal != QK_ESTORE) {
    end_all(node, &node->again);
    end_all(node, &node->waiting);
  }
  if (node->failures > 1) {
    end_impatient(node, &node->again);
    end_impatient(node, &node->waiting);
  }
  qkr_route_lost(node);
}

/* ---- Reading and writing ---- */

static void flush(struct qkr_node *node)
{
  uint64_t before = node->conn.written;
  if (node->conn.fd < 0 || node->broken)
    return;
  int code = qkr_conn_flush(&node->conn);
  qk_host_count(node->wire->host, QK_COUNT_BYTES_OUT, node->conn.written - before);
  if (code != QK_OK) {
    node->broken = "it broke while sending";
    return;
  }
  int wants_room = qkr_conn_unsent(&node->conn) > 0;
  if (wants_room != node->has_room_watch) {
    node->has_room_watch = wants_room;
    if (qkr_poller_change(&node->wire->poller, node->conn.fd, node, wants_room) != QK_OK)
      node->broken = "it cannot be watched";
  }
}

/* Hand out the replies that have come. QK_OK, or why the connection cannot go on. */
static int read_replies(struct qkr_node *node)
{
  struct qkr_reply reply;
  int got;
  while ((got = qkr_reader_next(node->conn.reader, &reply)) == 1) {
    if (node->conn.count == 0)
      return QK_ESTATE;
    struct qkr_expect expect = qkr_conn_take(&node->conn);
    node->wire->answering = node;
    expect.on_reply(node, expect.request, &reply);
    node->wire->answering = NULL;
    if (node->broken)
      return QK_ESTORE;
  }
  return got;
}

static void read_all(struct qkr_node *node)
{
  int code = QK_OK;
  uint64_t before = node->conn.received;
  for (int i = 0; i < READS && code == QK_OK; i++) {
    code = qkr_conn_read(&node->conn);
    if (code == QK_OK)
      code = read_replies(node);
  }
  qk_host_count(node->wire->host, QK_COUNT_BYTES_IN, node->conn.received - before);
  if (node->broken)
    qkr_node_lose(node, node->broken);
  else if (code == QK_ESTATE)
    qkr_node_lose(node, "the server sent what is no reply");
  else if (code != QK_OK && code != QK_EAGAIN)
    qkr_node_lose(node, code == QK_ENOMEM ? "no memory for a reply" : "the server closed it");
  else if (node->retiring && node->sent.count == 0)
    qkr_node_lose(node, node->is_sentinel ? NULL : "the server is a replica now");
}

void qkr_node_news(struct qkr_node *node, const struct qkr_news *news)
{
  if (node->state == QKR_CONNECTING) {
    if (news->can_write)
      end_connecting(node);
    return;
  }
  if (news->can_read && node->state != QKR_IDLE)
    read_all(node);
  if (news->can_write)
    flush(node);
}

/* ---- Sending ---- */

void qkr_node_add(struct qkr_node *node, struct qkr_request *request)
{
  if (request->flags & QKR_PINNED)
    qkr_list_unshift(&node->again, request);
  else
    qkr_list_push(&node->waiting, request);
  node->wire->dirty = 1;
}

int qkr_node_has_work(const struct qkr_node *node)
{
  return node->again.count + node->waiting.count > 0;
}

static int has_room(const struct qkr_node *node)
{
  return !node->broken && !node->retiring && node->returning == 0 && node->sent.count < IN_FLIGHT &&
         qkr_conn_unsent(&node->conn) < UNSENT_BYTES;
}

/* QK_OK if the request left, or ended. */
static int send_one(struct qkr_node *node, struct qkr_request *request)
{
  struct qkr_wire *wire = node->wire;
  if (request->deadline_ms <= qkr_now_us() / 1000 || (request->tries > 0 && qkr_is_too_late(wire, request))) {
    qkr_fail(wire, request, QK_ESTORE);
    return QK_OK;
  }
  int code = qkr_exchange_check_replicas(node, request);
  if (code == QK_EAGAIN) /* the question itself may go */
    return node->again.first && node->again.first->flags & QKR_PINNED ? QK_OK : QK_EAGAIN;
  if (code == QK_OK)
    code = qkr_exchange_put(node, request);
  if (code != QK_OK)
    qkr_fail(wire, request, code);
  return QK_OK;
}

void qkr_node_pump(struct qkr_node *node)
{
  int code = QK_OK;
  if (node->state == QKR_READY)
    while (code == QK_OK && has_room(node) && qkr_node_has_work(node))
      code = send_one(node, node->again.first ? node->again.first : node->waiting.first);
  if (node->state == QKR_READY)
    qkr_exchange_put_wait(node);
  if (node->state == QKR_READY || node->state == QKR_GREETING)
    flush(node);
}

/* ---- Time ---- */

/* A server that says nothing for so long is tried on a new connection: it may have died without a word, and
 * something else may stand in its place by now. */
static int64_t stall_us(const struct qkr_node *node)
{
  if (node->sent.count == 0 || node->is_waiting)
    return INT64_MAX;
  int64_t most_us = qkr_attempt_us(node->wire);
  return node->conn.heard_us + (most_us > STALL_MIN_US ? most_us : STALL_MIN_US);
}

int64_t qkr_node_due(const struct qkr_node *node)
{
  if (node->broken)
    return 0;
  switch (node->state) {
  case QKR_IDLE:
    return qkr_node_has_work(node) || node->is_wanted ? node->retry_us : INT64_MAX;
  case QKR_READY:
    return stall_us(node);
  default:
    return node->until_us;
  }
}

void qkr_node_run(struct qkr_node *node, int64_t now_us)
{
  if (now_us < qkr_node_due(node))
    return;
  if (node->broken)
    qkr_node_lose(node, node->broken);
  else if (node->state == QKR_IDLE)
    begin(node);
  else if (node->state == QKR_CONNECTING)
    try_next(node, "no answer in time");
  else
    qkr_node_lose(node, "no answer in time");
}
