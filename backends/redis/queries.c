#include "queries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "head.h"
#include "names.h"
#include "pack.h"

/* What the questions about a queue share. */
struct question {
  struct qkr_query query; /* first */
  int64_t now_ms;
  /* Add what stands between keys and header. */
  void (*add)(struct question *question, struct qkr_command *command);
  /* Read what follows the beginning of the answer. QK_OK or a code; NULL: nothing follows. */
  int (*read)(struct question *question, struct qkr_walk *walk, const struct qkr_head *head);
  /* NULL: as all but one are read. */
  int (*answer)(struct qkr_request *request, const struct qkr_reply *reply);
  const struct qkr_script *script;
  int64_t deadline_ms;
  int reads;
  /* Of some. */
  const qk_policy *policy;
  uint32_t mode, cls;
  uint64_t after, epoch;
  qk_ticket *out;
  size_t max;
};

static void build(struct qkr_request *request, const struct qkr_server *server, struct qkr_command *command)
{
  struct question *q = (struct question *)request;
  qkr_add_keys(command, q->query.lane);
  if (q->add)
    q->add(q, command);
  qkr_add_header(command, q->query.store, q->query.lane, request, server, q->now_ms);
}

static int answer(struct qkr_request *request, const struct qkr_reply *reply)
{
  struct question *q = (struct question *)request;
  struct qkr_walk walk;
  struct qkr_head head;
  int code = qkr_head_read(q->query.store, q->query.lane, request, reply, &walk, &head);
  if (code == QK_OK && q->read)
    code = q->read(q, &walk, &head);
  return walk.bad && code >= 0 ? QKR_NONSENSE : code;
}

static void begin(struct qkr_query *query)
{
  struct question *q = (struct question *)query;
  struct qkr_request *request = &query->request;
  request->slot = query->lane->slot;
  request->deadline_ms = q->deadline_ms;
  request->reads = q->reads;
  request->replicas = q->reads ? 0 : query->store->settings.replicas;
  request->script = q->script;
  request->build = build;
  request->answer = q->answer ? q->answer : answer;
  request->done = qkr_answered;
  qkr_wire_send(query->store->wire, request);
}

static int ask(struct qkr_store *store, const qk_name *queue, struct question *q)
{
  q->query.begin = begin;
  return qkr_ask(store, queue, &q->query);
}

/* ---- Policies ---- */

/* A policy, a mode, and with which epoch and policy the queue may be created. */
static void add_policy(struct question *q, struct qkr_command *command)
{
  char bytes[QKR_POLICY_BYTES], mode[8];
  const double number = q->mode;
  if (q->policy)
    qkr_pack_policy(bytes, q->policy);
  qkr_add(command, bytes, q->policy ? sizeof bytes : 0);
  qkr_pack(mode, &number, 1);
  qkr_add(command, mode, sizeof mode);
  qkr_add_creation(command, q->epoch, q->policy ? q->policy : qk_host_policy(q->query.store->host));
}

/* The queue may be made by this: it must be on the list first. */
static void begin_listed(struct qkr_query *query)
{
  struct qkr_lane *lane = query->lane;
  if (!lane->listed && !lane->is_listing)
    qkr_enlist(query->store, lane, ((struct question *)query)->deadline_ms);
  begin(query);
}

int qkr_set_policy(void *store, const qk_name *queue, const qk_policy *policy, uint32_t mode, int64_t now_ms,
                   int64_t deadline_ms)
{
  struct question q = {.now_ms = now_ms, .add = add_policy, .script = &qkr_script_policy};
  q.query.begin = begin_listed;
  q.deadline_ms = deadline_ms;
  q.policy = policy;
  q.mode = mode;
  int code = qkr_draw_epoch(store, &q.epoch);
  return code == QK_OK ? qkr_ask(store, queue, &q.query) : code;
}

/* ---- The line ---- */

static void add_list(struct question *q, struct qkr_command *command)
{
  char bytes[24];
  const double numbers[3] = {q->cls, (double)q->after, (double)q->max};
  qkr_pack(bytes, numbers, 3);
  qkr_add(command, bytes, sizeof bytes);
}

/* People in order, from a position on. */
static int read_list(struct question *q, struct qkr_walk *walk, const struct qkr_head *head)
{
  uint64_t waiting[QK_CLASSES];
  qk_pace pace = head->pace;
  int n = 0;
  qkr_walk_waiting(walk, waiting);
  for (size_t cls = 0; cls < QK_CLASSES; cls++)
    pace.waiting += waiting[cls];
  for (uint64_t position = qkr_walk_number(walk); walk->at < walk->end && (size_t)n < q->max; position++) {
    qk_ticket *ticket = q->out + n++;
    size_t len;
    const char *user = qkr_walk_string(walk, &len);
    uint64_t place = qkr_walk_place(walk);
    if (walk->bad || len > QK_USER_MAX)
      return QKR_NONSENSE;
    *ticket = (qk_ticket){.state = QK_WAITING,
                          .cls = qkr_place_class(place),
                          .number = qkr_place_number(place),
                          .epoch = pace.epoch,
                          .waiting = pace.waiting};
    memcpy(ticket->queue, q->query.queue->text, q->query.queue->len);
    memcpy(ticket->user, user, len);
    qk_pace_ticket(&pace, position, ticket);
  }
  q->max = (size_t)n;
  return QK_OK;
}

int qkr_list(void *store, const qk_name *queue, int64_t now_ms, uint32_t cls, uint64_t after, qk_ticket *out,
             size_t max, int64_t deadline_ms)
{
  struct question q = {.now_ms = now_ms, .add = add_list, .read = read_list, .script = &qkr_script_list};
  q.deadline_ms = deadline_ms;
  q.reads = 1;
  q.cls = cls;
  q.after = after < QK_INTEGER_MAX ? after : QK_INTEGER_MAX;
  q.out = out;
  q.max = max;
  int code = ask(store, queue, &q);
  return code == QK_OK ? (int)q.max : code;
}

/* ---- The end of a queue ---- */

static int answer_remove(struct qkr_request *request, const struct qkr_reply *reply)
{
  const struct qkr_query *query = (struct qkr_query *)request;
  struct qkr_walk walk;
  int code = qkr_status_read(query->store, query->lane, request, reply, &walk);
  if (code == QK_OK || code == QK_ENOTFOUND) {
    qkr_names_forget(&query->store->names, query->lane->name);
    qkr_lane_gone(query->lane, query->store->host);
  }
  /* Its first try was not answered, and now there is nothing. */
  return code == QK_ENOTFOUND && request->was_sent ? QK_OK : code;
}

int qkr_remove(void *store, const qk_name *queue, int64_t deadline_ms)
{
  struct question q = {.script = &qkr_script_remove, .answer = answer_remove};
  q.deadline_ms = deadline_ms;
  return ask(store, queue, &q);
}

/* ---- The secret ---- */

struct secret {
  struct qkr_query query; /* first */
  int64_t deadline_ms;
  int keeps; /* 1: our draw is being kept, 0: the store's is read */
  int has_kept;
  int is_read;
  int is_detached; /* nobody waits for it */
};

static void send_secret(struct secret *s);

static size_t secret_key(char out[QKR_BASE_MAX], const struct qkr_store *store)
{
  return (size_t)snprintf(out, QKR_BASE_MAX, "%s{=s}k", store->settings.prefix);
}

/* GET; where there is none SET NX, and GET again: whoever comes first, all read the same. */
static void build_secret(struct qkr_request *request, const struct qkr_server *server,
                         struct qkr_command *command)
{
  const struct secret *s = (struct secret *)request;
  const struct qkr_store *store = s->query.store;
  char key[QKR_BASE_MAX];
  (void)server;
  qkr_add_text(command, s->keeps ? "SET" : "GET");
  qkr_add(command, key, secret_key(key, store));
  if (!s->keeps)
    return;
  qkr_add(command, (const char *)store->secret, QKR_SECRET);
  qkr_add_text(command, "NX");
}

static int answer_secret(struct qkr_request *request, const struct qkr_reply *reply)
{
  struct secret *s = (struct secret *)request;
  struct qkr_store *store = s->query.store;
  const struct qkr_value *value = reply->values;
  int is_nil = value->type == QKR_NIL;
  if (s->keeps) {
    s->has_kept = 1;
    return value->type == QKR_STATUS || is_nil ? QK_OK : QKR_NONSENSE;
  }
  if (is_nil)
    return s->has_kept ? QK_ESTORE : QK_OK;
  if (value->type != QKR_STRING)
    return QKR_NONSENSE;
  if (value->len != QKR_SECRET)
    return QK_ESTATE;
  memcpy(store->secret, value->text, QKR_SECRET);
  store->has_secret = 1;
  qk_host_secret(store->host, store->secret);
  s->is_read = 1;
  return QK_OK;
}

static void forget_secret(struct qkr_request *request)
{
  if (((struct secret *)request)->is_detached)
    free(request);
}

static void done_secret(struct qkr_request *request, int code)
{
  struct secret *s = (struct secret *)request;
  if (code == QK_OK && !s->is_read) {
    s->keeps = !s->keeps;
    send_secret(s);
  } else if (s->is_detached) {
    free(s);
  } else {
    qkr_answered(request, code == QK_EUNKNOWN ? QK_ESTORE : code);
  }
}

static void send_secret(struct secret *s)
{
  struct qkr_request *request = &s->query.request;
  char key[QKR_BASE_MAX];
  *request = (struct qkr_request){.slot = qkr_slot(key, secret_key(key, s->query.store))};
  request->deadline_ms = s->deadline_ms;
  request->build = build_secret;
  request->answer = answer_secret;
  request->done = done_secret;
  request->forget = forget_secret;
  qkr_wire_send(s->query.store->wire, request);
}

static void begin_secret(struct qkr_query *query)
{
  send_secret((struct secret *)query);
}

int qkr_secret(void *data, unsigned char out[32], int64_t deadline_ms, qk_error *err)
{
  struct qkr_store *store = data;
  struct secret s = {.deadline_ms = deadline_ms};
  int code = qk_host_random(store->host, store->secret, QKR_SECRET);
  s.query.begin = begin_secret;
  if (code == QK_OK)
    code = qkr_ask(store, NULL, &s.query);
  memcpy(out, store->secret, QKR_SECRET);
  const char *trouble = qkr_wire_trouble(store->wire);
  return code == QK_OK || !*trouble ? code : qk_error_set(err, code, "%s", trouble);
}

void qkr_secret_again(void *data)
{
  struct qkr_store *store = data;
  struct secret *s = store->has_secret ? calloc(1, sizeof *s) : NULL;
  if (!s)
    return;
  s->query.store = store;
  s->deadline_ms = qkr_now_ms() + store->settings.timeout_ms;
  s->is_detached = 1;
  send_secret(s);
}
