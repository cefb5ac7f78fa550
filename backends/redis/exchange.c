#include "node.h"

#include "route.h"

#define HOPS_MAX 6        /* redirects in a row before a request is held back for a while, */
#define HOPS_AGAIN 2      /* and after that: nodes that disagree will not agree at once */
#define CENSUS_US 1000000 /* how long a number of replicas is believed */
/* WAIT gives up so long before we do, a quarter of the time at most: a server looks at its clock every 100
 * ms. */
#define WAIT_MARGIN_MS 120

/* ---- What an error reply leads to ---- */

static void send_again(struct qkr_node *node, struct qkr_request *request)
{
  qkr_list_remove(request);
  qkr_list_push(&node->again, request);
}

static void redirect(struct qkr_node *node, struct qkr_request *request, const struct qkr_fault *fault,
                     const char *words)
{
  struct qkr_wire *wire = node->wire;
  struct qkr_node *target;
  if (!qkr_route_redirect(node, words, &target)) {
    qkr_trouble(wire, QK_EDENIED, "the server is a cluster node: use redis+cluster://");
    qkr_fail(wire, request, QK_EDENIED);
    return;
  }
  if (!target || ++request->hops > (request->waits > 0 ? HOPS_AGAIN : HOPS_MAX)) {
    qkr_hold(wire, request);
    return;
  }
  request->flags &= ~(QKR_ASKING | QKR_LOAD);
  if (fault->kind == QKR_FAULT_ASK)
    request->flags |= QKR_ASKING;
  qk_host_count(wire->host, QK_COUNT_REDIRECTS, 1);
  qkr_list_remove(request);
  qkr_node_add(target, request);
}

static void end_by_fault(struct qkr_node *node, struct qkr_request *request, const struct qkr_fault *fault,
                         const char *words)
{
  char text[240];
  qkr_fault_describe(fault, words, text, sizeof text);
  qkr_trouble(node->wire, fault->code, "%s%s%s", request->script ? request->script->name : "",
              request->script ? ": " : "", text);
  qkr_fail(node->wire, request, fault->code);
}

static size_t count_unanswered(const struct qkr_node *node)
{
  size_t n = 0;
  for (size_t i = 0; i < node->conn.count; i++)
    n += qkr_conn_expect(&node->conn, i)->request != NULL;
  return n;
}

static int is_loading(const struct qkr_node *node, const struct qkr_script *script)
{
  const struct qkr_request *request = node->again.first;
  while (request && !(request->script == script && request->flags & QKR_LOAD))
    request = request->next;
  return request != NULL;
}

/* What was sent behind this one may come back too: it goes again in the old order, before anything new. */
static void keep_order(struct qkr_node *node)
{
  if (node->returning == 0)
    node->returning = count_unanswered(node);
}

/* One of those that come back brings the script for all. */
static void load_script(struct qkr_node *node, struct qkr_request *request)
{
  keep_order(node);
  request->flags &= ~QKR_LOAD;
  if (!is_loading(node, request->script)) {
    request->flags |= QKR_LOAD;
    qk_host_count(node->wire->host, QK_COUNT_RELOADS, 1);
  }
  send_again(node, request);
}

/* Not executed, and it will pass. */
static void wait_for_better(struct qkr_node *node, struct qkr_request *request, const struct qkr_fault *fault)
{
  qkr_trouble(node->wire, fault->code, "%s", fault->text);
  if (fault->kind == QKR_FAULT_DOWN)
    qkr_route_doubt(node->wire);
  qkr_hold(node->wire, request);
}

static void on_error(struct qkr_node *node, struct qkr_request *request, const char *words)
{
  struct qkr_fault fault = qkr_fault_of(words);
  if (request->flags & QKR_PINNED) {
    qkr_finish(node->wire, request, fault.code);
    return;
  }
  if (fault.kind == QKR_FAULT_NOSCRIPT && !request->script)
    fault.kind = QKR_FAULT_FINAL;
  switch (fault.kind) {
  case QKR_FAULT_NOSCRIPT:
    load_script(node, request);
    break;
  case QKR_FAULT_MOVED:
  case QKR_FAULT_ASK:
    redirect(node, request, &fault, words);
    break;
  case QKR_FAULT_LATER:
  case QKR_FAULT_DOWN:
    wait_for_better(node, request, &fault);
    break;
  case QKR_FAULT_READONLY:
    node->retiring = 1;
    send_again(node, request);
    break;
  case QKR_FAULT_FINAL:
    end_by_fault(node, request, &fault, words);
    break;
  }
}

/* ---- Replies ---- */

static void on_nothing(struct qkr_node *node, struct qkr_request *request, const struct qkr_reply *reply)
{
  (void)node;
  (void)request;
  (void)reply;
}

/* A reply of another shape was meant for something else, or for nobody: then those behind it are as wrong.
 * The request stays where it is, unanswered. */
static void distrust(struct qkr_node *node, struct qkr_request *request)
{
  qkr_unheard(request);
  node->failures = 1; /* no tight loop where this goes on */
  node->broken = "an answer does not fit its question";
}

static void count_call(const struct qkr_node *node, const struct qkr_request *request)
{
  if (request->script)
    qk_host_called(node->wire->host, request->script->number, node->conn.heard_us - request->sent_us,
                   request->people);
}

static void on_answer(struct qkr_node *node, struct qkr_request *request, const struct qkr_reply *reply)
{
  const struct qkr_value *value = &reply->values[0];
  if (node->returning > 0)
    node->returning--;
  if (value->type == QKR_ERROR) {
    on_error(node, request, value->text);
    return;
  }
  request->hops = 0;
  node->failures = 0;
  int code = request->answer(request, reply);
  if (code != QKR_NONSENSE)
    count_call(node, request);
  if (code == QK_OK && request->replicas > 0) {
    request->flags |= QKR_ANSWERED;
    return;
  }
  if (code == QKR_NONSENSE) {
    distrust(node, request);
    return;
  }
  if (code != QK_EAGAIN) {
    qkr_finish(node->wire, request, code);
    return;
  }
  request->flags &= ~(QKR_ASKING | QKR_LOAD);
  keep_order(node);
  send_again(node, request);
}

uint64_t qkr_wire_run(const struct qkr_wire *wire)
{
  return wire->answering ? wire->answering->server.run : 0;
}

void qkr_wire_clock(struct qkr_wire *wire, const struct qkr_request *request, int64_t server_ms)
{
  struct qkr_node *node = wire->answering;
  if (!node)
    return;
  /* The server read its clock between our sending and now. */
  int64_t least_ms = server_ms - (qkr_now_us() + 999) / 1000;
  int64_t most_ms = server_ms + 1 - request->sent_us / 1000;
  if (node->server.offset_ms < least_ms || node->server.offset_ms > most_ms)
    node->server.offset_ms = least_ms;
}

/* ---- Sending ---- */

static int put_text(struct qkr_node *node, const char *text)
{
  struct qkr_command *command = &node->wire->command;
  qkr_command_clear(command);
  qkr_add_text(command, text);
  return qkr_conn_put(&node->conn, command, on_nothing, NULL);
}

static int put_body(struct qkr_node *node, struct qkr_request *request)
{
  struct qkr_command *command = &node->wire->command;
  const struct qkr_script *script = request->script;
  qkr_command_clear(command);
  if (script && request->flags & QKR_LOAD) {
    qkr_add_text(command, "EVAL");
    qkr_add(command, script->text, script->len);
  } else if (script) {
    qkr_add_text(command, "EVALSHA");
    qkr_add_text(command, script->sha1);
  }
  request->build(request, &node->server, command);
  return qkr_conn_put(&node->conn, command, on_answer, request);
}

static void owe_wait(struct qkr_node *node, const struct qkr_request *request)
{
  if (node->owed_replicas == 0 || request->deadline_ms < node->owed_until_ms)
    node->owed_until_ms = request->deadline_ms;
  if (request->replicas > node->owed_replicas)
    node->owed_replicas = request->replicas;
}

int qkr_exchange_put(struct qkr_node *node, struct qkr_request *request)
{
  size_t count = node->conn.count, unsent = qkr_conn_unsent(&node->conn);
  int code = request->flags & QKR_ASKING ? put_text(node, "ASKING") : QK_OK;
  if (code == QK_OK)
    code = put_body(node, request);
  if (code != QK_OK) {
    qkr_conn_rewind(&node->conn, count, unsent);
    return code;
  }
  if (request->flags & QKR_UNHEARD)
    qk_host_count(node->wire->host, QK_COUNT_REPEATS, 1);
  request->flags &= ~QKR_UNHEARD;
  request->sent_us = qkr_now_us();
  request->tries++;
  if (request->replicas > 0)
    owe_wait(node, request);
  qkr_list_remove(request);
  qkr_list_push(&node->sent, request);
  return QK_OK;
}

/* ---- Waiting for replicas: one WAIT counts for all that was sent before it. While one is under way the
 * server reads nothing more from us, so the next WAIT comes when it is answered, for all that was sent
 * meanwhile. ---- */

static void end_wait(struct qkr_node *node, struct qkr_request *request, int64_t reached)
{
  if (reached >= (int64_t)request->replicas) {
    qkr_finish(node->wire, request, QK_OK);
    return;
  }
  node->census_us = 0;
  /* The WAIT ended by the earliest deadline of those that share it. */
  if (reached >= 0 && request->deadline_ms - qkr_now_us() / 1000 > 2 * WAIT_MARGIN_MS)
    owe_wait(node, request);
  else
    qkr_finish(node->wire, request, QK_EUNKNOWN);
}

static void on_wait(struct qkr_node *node, struct qkr_request *none, const struct qkr_reply *reply)
{
  const struct qkr_value *value = &reply->values[0];
  int64_t reached = value->type == QKR_INTEGER ? value->integer : -1;
  (void)none;
  node->is_waiting = 0;
  node->wire->dirty = 1;
  if (value->type == QKR_ERROR)
    qkr_trouble(node->wire, QK_EDENIED, "the server does not answer WAIT: its ACL must allow it");
  for (struct qkr_request *request = node->sent.first, *next; request; request = next) {
    next = request->next;
    if (request->flags & QKR_ANSWERED)
      end_wait(node, request, reached);
  }
}

void qkr_exchange_put_wait(struct qkr_node *node)
{
  struct qkr_command *command = &node->wire->command;
  int64_t left_ms = node->owed_until_ms - qkr_now_us() / 1000;
  if (node->owed_replicas == 0 || node->is_waiting)
    return;
  qkr_command_clear(command);
  qkr_add_text(command, "WAIT");
  qkr_add_number(command, node->owed_replicas);
  left_ms -= left_ms / 4 < WAIT_MARGIN_MS ? left_ms / 4 : WAIT_MARGIN_MS;
  qkr_add_number(command, left_ms > 1 ? left_ms : 1); /* 0 would wait for ever */
  if (qkr_conn_put(&node->conn, command, on_wait, NULL) != QK_OK) {
    node->broken = "no memory for a command";
    return;
  }
  node->is_waiting = 1;
  node->owed_replicas = 0;
}

/* ---- Counting replicas ---- */

static void build_census(struct qkr_request *request, const struct qkr_server *server,
                         struct qkr_command *command)
{
  (void)request;
  (void)server;
  qkr_add_text(command, "INFO");
  qkr_add_text(command, "replication");
}

static int read_census(struct qkr_request *request, const struct qkr_reply *reply)
{
  struct qkr_node *node = qkr_errand_of(request)->owner;
  const struct qkr_value *value = &reply->values[0];
  if (value->type != QKR_STRING)
    return QKR_NONSENSE;
  qkr_info_read(&node->info, value->text, value->len);
  node->census_us = qkr_now_us();
  return QK_OK;
}

/* Only those that waited for this count: what done() sends comes behind them. */
static void end_short(struct qkr_node *node, struct qkr_list *list)
{
  struct qkr_request *request = list->first;
  for (size_t n = list->count; n > 0; n--) {
    struct qkr_request *next = request->next;
    if (!(request->flags & QKR_PINNED) && (int64_t)request->replicas > node->info.replicas) {
      qkr_trouble(node->wire, QK_ESTORE, "replicas are missing: %u wanted, %d connected",
                  (unsigned)request->replicas, (int)node->info.replicas);
      qkr_fail(node->wire, request, QK_ESTORE);
    }
    request = next;
  }
}

static void end_census(struct qkr_request *request, int code)
{
  struct qkr_node *node = qkr_errand_of(request)->owner;
  if (code == QK_EDENIED)
    node->info.replicas = -1;
  if (code == QK_OK || code == QK_EDENIED)
    node->wire->dirty = 1;
  if (code != QK_OK || node->info.replicas < 0)
    return;
  end_short(node, &node->again);
  end_short(node, &node->waiting);
}

static void start_census(struct qkr_node *node)
{
  struct qkr_errand *census = &node->census;
  if (census->is_out)
    return;
  *census = (struct qkr_errand){.request = {.deadline_ms = (qkr_now_us() + qkr_attempt_us(node->wire)) / 1000,
                                            .reads = 1,
                                            .build = build_census,
                                            .answer = read_census,
                                            .done = end_census},
                                .owner = node};
  qkr_send_errand(node, census);
}

int qkr_exchange_check_replicas(struct qkr_node *node, const struct qkr_request *request)
{
  if (request->replicas == 0 || request->flags & QKR_PINNED || node->info.replicas < 0)
    return QK_OK;
  if ((int64_t)request->replicas <= node->info.replicas && qkr_now_us() - node->census_us < CENSUS_US)
    return QK_OK;
  start_census(node);
  return QK_EAGAIN;
}
