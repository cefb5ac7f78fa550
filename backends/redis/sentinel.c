#include "sentinel.h"

#include <stdlib.h>

#include "route.h"

#define GAP_US 100000 /* between two questions once every sentinel was asked, doubled at most by jitter */
#define WATCH_US                                                                                             \
  1000000 /* while all is well: a master that was replaced goes on taking writes for seconds                 \
           */

struct qkr_sentinel {
  struct qkr_wire *wire;
  struct qkr_errand question;
  struct qkr_node *asked; /* the last time: its connection is kept */
  struct qkr_address found;
  int64_t due_us; /* the next question */
  size_t turn;    /* which sentinel is next */
  size_t misses;  /* sentinels in a row that did not help */
  int with_auth;  /* they want a password too */
};

struct qkr_sentinel *qkr_sentinel_create(struct qkr_wire *wire)
{
  struct qkr_sentinel *sentinel = calloc(1, sizeof *sentinel);
  if (sentinel)
    sentinel->wire = wire;
  return sentinel;
}

void qkr_sentinel_destroy(struct qkr_sentinel *sentinel)
{
  free(sentinel);
}

int qkr_sentinel_needs(const struct qkr_sentinel *sentinel, const struct qkr_node *node)
{
  return sentinel->asked == node;
}

void qkr_sentinel_doubt(struct qkr_sentinel *sentinel)
{
  struct qkr_node *master = sentinel->wire->master;
  int64_t due_us = master ? master->retry_us : qkr_now_us();
  if (sentinel->question.is_out)
    return;
  /* A master that keeps failing is asked about as often as it would be tried. */
  if (due_us < sentinel->due_us)
    sentinel->due_us = due_us;
  if (master)
    master->retry_us = INT64_MAX;
}

/* ---- The answer ---- */

static void build_question(struct qkr_request *request, const struct qkr_server *server,
                           struct qkr_command *command)
{
  const struct qkr_sentinel *sentinel = qkr_errand_of(request)->owner;
  (void)server;
  qkr_add_text(command, "SENTINEL");
  qkr_add_text(command, "get-master-addr-by-name");
  qkr_add_text(command, sentinel->wire->settings->master);
}

static uint16_t read_port(const struct qkr_value *value)
{
  char *end;
  long port = strtol(value->text, &end, 10);
  return *end == '\0' && port > 0 && port <= UINT16_MAX ? (uint16_t)port : 0;
}

static int read_answer(struct qkr_request *request, const struct qkr_reply *reply)
{
  struct qkr_sentinel *sentinel = qkr_errand_of(request)->owner;
  const struct qkr_value *values = reply->values;
  if (reply->count != 3 || values[1].type != QKR_STRING || values[2].type != QKR_STRING)
    return QK_ENOTFOUND;
  uint16_t port = read_port(&values[2]);
  qkr_address_set(&sentinel->found, values[1].text, values[1].len, port);
  return port > 0 ? QK_OK : QK_ESTORE;
}

static void release_master(struct qkr_wire *wire)
{
  if (wire->master && wire->master->retry_us == INT64_MAX)
    wire->master->retry_us = qkr_now_us();
}

static void set_master(struct qkr_sentinel *sentinel)
{
  struct qkr_wire *wire = sentinel->wire;
  struct qkr_node *node = qkr_node_get(wire, &sentinel->found, 0);
  if (node && node != wire->master) {
    if (wire->master)
      wire->master->kept = 0;
    node->kept = 1;
    wire->master = node;
    qkr_route_renew(wire);
  }
  release_master(wire);
}

/* No sentinel helps: perhaps the last master is still there; its greeting says whether it is one. */
static void try_last_master(struct qkr_sentinel *sentinel)
{
  struct qkr_wire *wire = sentinel->wire;
  int is_well = wire->master && wire->master->state == QKR_READY;
  sentinel->misses = 0;
  sentinel->due_us = qkr_now_us() + (is_well ? WATCH_US : GAP_US) + qkr_random_below(wire, GAP_US);
  release_master(wire);
}

static void report_unknown(struct qkr_wire *wire)
{
  static const struct qkr_fault fault = {QKR_FAULT_LATER, QK_ESTORE,
                                         "a sentinel knows no master of this name", 1};
  char text[200];
  qkr_fault_describe(&fault, wire->settings->master, text, sizeof text);
  qkr_trouble(wire, fault.code, "%s", text);
}

static void end_question(struct qkr_request *request, int code)
{
  struct qkr_sentinel *sentinel = qkr_errand_of(request)->owner;
  if (code == QK_OK) {
    sentinel->misses = 0;
    sentinel->due_us = qkr_now_us() + WATCH_US;
    set_master(sentinel);
    return;
  }
  sentinel->due_us = qkr_now_us();
  if (code == QK_EDENIED && !sentinel->with_auth && sentinel->wire->settings->password) {
    sentinel->with_auth = 1;
    sentinel->asked->retiring = 1;
    return;
  }
  if (code == QK_EDENIED)
    qkr_trouble(sentinel->wire, code, "a sentinel wants another user or password");
  else if (code == QK_ENOTFOUND)
    report_unknown(sentinel->wire);
  sentinel->turn++;
  if (++sentinel->misses >= sentinel->wire->settings->address_count)
    try_last_master(sentinel);
}

/* ---- The question ---- */

int64_t qkr_sentinel_due(const struct qkr_sentinel *sentinel)
{
  const struct qkr_wire *wire = sentinel->wire;
  int has_reason = wire->load > 0 || (wire->master && wire->master->is_wanted);
  return sentinel->question.is_out || !has_reason ? INT64_MAX : sentinel->due_us;
}

void qkr_sentinel_run(struct qkr_sentinel *sentinel, int64_t now_us)
{
  struct qkr_wire *wire = sentinel->wire;
  const struct qkr_settings *settings = wire->settings;
  if (now_us < qkr_sentinel_due(sentinel))
    return;
  struct qkr_node *node =
      qkr_node_get(wire, &settings->addresses[sentinel->turn % settings->address_count], 1);
  sentinel->due_us = now_us + GAP_US;
  if (!node)
    return;
  sentinel->asked = node;
  node->needs_auth = sentinel->with_auth;
  sentinel->question = (struct qkr_errand){.request = {.deadline_ms = (now_us + qkr_attempt_us(wire)) / 1000,
                                                       .reads = 1,
                                                       .build = build_question,
                                                       .answer = read_answer,
                                                       .done = end_question},
                                           .owner = sentinel};
  qkr_send_errand(node, &sentinel->question);
}
