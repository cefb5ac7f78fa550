#include "head.h"

#include <stdio.h>
#include <string.h>

#include "pack.h"

#define TRIES_MAX 8 /* of a call that the server calls late */

enum { LISTENS = 1, CONFIRMS = 2 };                 /* flags of the header */
enum { NOTICED_LOSS = 1, PENDING = 4, STORED = 8 }; /* flags of an answer */

/* ---- Walking ---- */

int64_t qkr_walk_integer(struct qkr_walk *walk)
{
  if (walk->at < walk->end && walk->at->type == QKR_INTEGER)
    return walk->at++->integer;
  walk->bad = 1;
  return 0;
}

uint64_t qkr_walk_number(struct qkr_walk *walk)
{
  int64_t integer = qkr_walk_integer(walk);
  if (integer < 0)
    walk->bad = 1;
  return integer < 0 ? 0 : (uint64_t)integer;
}

const char *qkr_walk_string(struct qkr_walk *walk, size_t *len)
{
  if (walk->at < walk->end && walk->at->type == QKR_STRING) {
    *len = walk->at->len;
    return walk->at++->text;
  }
  walk->bad = 1;
  *len = 0;
  return NULL;
}

uint64_t qkr_walk_place(struct qkr_walk *walk)
{
  uint64_t place = qkr_walk_number(walk);
  if (place >= QKR_PLACE_MAX)
    walk->bad = 1;
  return walk->bad ? 0 : place;
}

void qkr_walk_waiting(struct qkr_walk *walk, uint64_t waiting[QK_CLASSES])
{
  uint64_t count = qkr_walk_number(walk);
  memset(waiting, 0, QK_CLASSES * sizeof *waiting);
  if (count > QK_CLASSES)
    walk->bad = 1;
  for (uint64_t cls = 0; cls < count && !walk->bad; cls++)
    waiting[cls] = qkr_walk_number(walk);
}

/* ---- What a script is told ---- */

void qkr_add_header(struct qkr_command *command, const struct qkr_store *store, const struct qkr_lane *lane,
                    const struct qkr_request *request, const struct qkr_server *server, int64_t now_ms)
{
  char bytes[QKR_HEADER_BYTES];
  int flags = (qk_host_listens(store->host) ? LISTENS : 0) | (store->settings.replicas > 0 ? CONFIRMS : 0);
  const double numbers[QKR_HEADER_BYTES / 8] = {
      store->settings.host_clock ? (double)now_ms : -1.0,
      request->reads ? 0.0 : (double)(request->deadline_ms + server->offset_ms),
      (double)server->run,
      (double)lane->epoch,
      (double)lane->number,
      (double)lane->admitted,
      (double)lane->run,
      flags};
  qkr_pack(bytes, numbers, QKR_HEADER_BYTES / 8);
  qkr_add(command, bytes, sizeof bytes);
}

int qkr_draw_epoch(struct qkr_store *store, uint64_t *epoch)
{
  do {
    int code = qk_host_random(store->host, epoch, sizeof *epoch);
    if (code != QK_OK)
      return code;
    *epoch &= QK_INTEGER_MAX;
  } while (*epoch == 0);
  return QK_OK;
}

void qkr_add_creation(struct qkr_command *command, uint64_t epoch, const qk_policy *policy)
{
  char bytes[8 + QKR_POLICY_BYTES];
  const double number = (double)epoch;
  qkr_pack(bytes, &number, 1);
  qkr_pack_policy(bytes + 8, policy);
  qkr_add(command, bytes, sizeof bytes);
}

/* ---- What an answer begins with ---- */

static int read_refusal(struct qkr_store *store, const struct qkr_lane *lane,
                        const struct qkr_request *request, int64_t status, struct qkr_walk *walk)
{
  char line[160];
  size_t len;
  if (status == 1)
    return request->tries < TRIES_MAX ? QK_EAGAIN : request->was_sent ? QK_EUNKNOWN : QK_ESTORE;
  if (status > 1 || status < QK_EDENIED)
    return QKR_NONSENSE;
  if (status == QK_ESTATE) {
    const char *text = qkr_walk_string(walk, &len);
    snprintf(line, sizeof line, "damaged: %.*s", text ? (int)(len < 120 ? len : 120) : 0, text ? text : "");
    qk_host_log(store->host, 0, QK_ESTATE, lane->name, line);
  }
  return (int)status;
}

static void read_fields(struct qkr_walk *walk, struct qkr_head *head, int64_t moved[2], uint64_t *flags)
{
  *head = (struct qkr_head){.now_ms = qkr_walk_integer(walk)};
  head->pace.epoch = qkr_walk_number(walk);
  head->pace.time_ms = qkr_walk_integer(walk);
  head->last = qkr_walk_number(walk);
  head->pace.admitted = qkr_walk_number(walk);
  head->pace.mode = (uint32_t)qkr_walk_number(walk);
  head->pace.idle_ms = (uint32_t)qkr_walk_number(walk);
  head->admitted = qkr_walk_number(walk);
  head->after = qkr_walk_number(walk);
  moved[0] = qkr_walk_integer(walk);
  moved[1] = qkr_walk_integer(walk);
  *flags = qkr_walk_number(walk);
  head->pending = (*flags & PENDING) != 0;
}

static void log_notices(struct qkr_store *store, const struct qkr_lane *lane, const int64_t moved[2],
                        uint64_t flags)
{
  char line[160];
  if (moved[0] > moved[1] && moved[0] > 0) {
    snprintf(line, sizeof line, "queue time moved %lld ms of %lld: nobody ticked within the clock step",
             (long long)moved[1], (long long)moved[0]);
    qk_host_log(store->host, 1, QK_OK, lane->name, line);
  }
  if (flags & NOTICED_LOSS)
    qk_host_log(store->host, 1, QK_ESTORE, lane->name,
                "another server process has this queue now and may have lost writes: skipped 2^32 numbers");
}

/* Keep the highest that was seen: the witness of the next call. What another server process shows counts
 * only once the queue has compared it with what was seen before, which it does when it stores something. */
static void witness(struct qkr_lane *lane, const struct qkr_head *head, uint64_t run, int stored)
{
  if (lane->epoch == head->pace.epoch && lane->run != run && !stored)
    return;
  if (lane->epoch != head->pace.epoch) {
    lane->epoch = head->pace.epoch;
    lane->number = lane->admitted = 0;
  }
  lane->number = head->after > lane->number ? head->after : lane->number;
  if (lane->run != run || head->admitted > lane->admitted)
    lane->admitted = head->admitted;
  lane->run = run;
}

int qkr_status_read(struct qkr_store *store, const struct qkr_lane *lane, const struct qkr_request *request,
                    const struct qkr_reply *reply, struct qkr_walk *walk)
{
  *walk = (struct qkr_walk){.at = reply->values + 1, .end = reply->values + reply->count};
  if (reply->values[0].type != QKR_ARRAY)
    return QKR_NONSENSE;
  int64_t status = qkr_walk_integer(walk), server_ms = qkr_walk_integer(walk);
  if (walk->bad)
    return QKR_NONSENSE;
  qkr_wire_clock(store->wire, request, server_ms);
  qk_host_saw_clock(store->host, server_ms);
  return status == 0 ? QK_OK : read_refusal(store, lane, request, status, walk);
}

int qkr_head_read(struct qkr_store *store, struct qkr_lane *lane, const struct qkr_request *request,
                  const struct qkr_reply *reply, struct qkr_walk *walk, struct qkr_head *head)
{
  int64_t moved[2];
  uint64_t flags;
  int code = qkr_status_read(store, lane, request, reply, walk);
  if (code == QK_ENOTFOUND)
    qkr_lane_gone(lane, store->host);
  if (code != QK_OK)
    return code;
  read_fields(walk, head, moved, &flags);
  if (walk->bad || head->pace.epoch == 0 || head->pace.epoch > QK_INTEGER_MAX || head->after > QK_NUMBER_MAX)
    return QKR_NONSENSE;
  log_notices(store, lane, moved, flags);
  qkr_relist(store, lane, head->pace.epoch);
  witness(lane, head, qkr_wire_run(store->wire), (flags & STORED) != 0);
  return QK_OK;
}

void qkr_emit(struct qkr_store *store, const struct qkr_lane *lane, const struct qkr_head *head, int32_t type,
              const char *user, size_t len, uint64_t place)
{
  char text[QK_USER_MAX + 1];
  if (!qk_host_listens(store->host) || len > QK_USER_MAX)
    return;
  memcpy(text, user, len);
  text[len] = '\0';
  qk_event event = {.type = type,
                    .cls = qkr_place_class(place),
                    .queue = lane->name,
                    .user = text,
                    .number = qkr_place_number(place),
                    .epoch = head->pace.epoch,
                    .at_ms = head->now_ms};
  qk_host_event(store->host, &event);
}
