#include "call.h"

#include <stdlib.h>
#include <string.h>

#include "pack.h"
#include "steps.h"

#define CALLS_MAX 4 /* of a queue under way at once */
/* So many works leave although a call is under way: half as many as that took, within these bounds. */
#define COMPANY_MIN 8
#define COMPANY_MAX 64
#define BY_TOKEN 8 /* of a run's flags */

/* ---- Which works leave together ---- */

void qkr_work_fail(qk_work *work, int code)
{
  qk_ticket *ticket = work->ticket;
  work->result = code;
  if (!ticket)
    return;
  *ticket = (qk_ticket){0};
  memcpy(ticket->queue, work->queue.text, work->queue.len);
  memcpy(ticket->user, work->user.text, work->user.len);
}

/* Replicas that are missing take nothing from an answer about nothing: a refusal stands. Of a poll there is
 * nothing that may have happened. */
static void fail_call(struct qkr_call *call, int code)
{
  int refusals_stand = call->is_read && code == QK_EUNKNOWN;
  for (size_t i = 0; i < call->n; i++) {
    qk_work *work = call->works[i];
    if (!refusals_stand || work->result == QK_OK)
      qkr_work_fail(work, work->verb == QK_POLL && code == QK_EUNKNOWN ? QK_ESTORE : code);
  }
}

/* The users of a call under construction, by hash: nobody may be in a call twice, since a script reads all
 * that it needs of a run at once. */
struct crowd {
  uint64_t seen[2 * QKR_CALL_WORKS];
};

/* 0 if somebody of this hash is there already. */
static int join(struct crowd *crowd, uint64_t hash)
{
  size_t size = sizeof crowd->seen / sizeof *crowd->seen;
  hash = hash ? hash : 1;
  for (size_t at = hash % size;; at = (at + 1) % size) {
    if (crowd->seen[at] == hash)
      return 0;
    if (crowd->seen[at] == 0) {
      crowd->seen[at] = hash;
      return 1;
    }
  }
}

static qk_work *pop(struct qkr_lane *lane)
{
  qk_work *work = lane->first;
  lane->first = work->next;
  if (!lane->first)
    lane->last = &lane->first;
  lane->pending--;
  return work;
}

/* All that works of one call share: whether it reads only, and about the deadline, so that one that is
 * almost late does not take the others down with it. */
static int belongs(const struct qkr_call *call, const qk_work *work, struct crowd *crowd)
{
  int64_t spread_ms = call->store->settings.timeout_ms / 8;
  int reads = work->verb == QK_POLL;
  if (call->n == 0)
    return join(crowd, work->user.hash);
  return call->n < QKR_CALL_WORKS && work->deadline_ms - call->request.deadline_ms <= spread_ms &&
         (call->store->settings.replicas == 0 || reads == call->request.reads) &&
         join(crowd, work->user.hash);
}

static void add(struct qkr_call *call, qk_work *work)
{
  struct qkr_request *request = &call->request;
  if (call->n == 0 || work->deadline_ms < request->deadline_ms)
    request->deadline_ms = work->deadline_ms;
  if (work->verb == QK_EXTEND &&
      qk_host_random(call->store->host, &call->nonces[call->n], sizeof *call->nonces) != QK_OK)
    call->nonces[call->n] = work->user.hash ^ (uint64_t)qkr_now_us();
  call->nonces[call->n] &= QK_INTEGER_MAX;
  request->reads = request->reads && work->verb == QK_POLL;
  call->works[call->n++] = work;
}

static void end_late(struct qkr_store *store, struct qkr_lane *lane, int64_t now_ms)
{
  while (lane->first && lane->first->deadline_ms <= now_ms) {
    qk_work *work = pop(lane);
    qkr_work_fail(work, QK_ESTORE);
    qk_host_done(store->host, work);
  }
}

/* ---- What is sent ---- */

/* Runs of equal works, 4 bytes each. Returns the length. */
static size_t write_runs(const struct qkr_call *call, char *out)
{
  size_t len = 0;
  for (size_t i = 0; i < call->n;) {
    const qk_work *work = call->works[i];
    size_t from = i;
    while (i < call->n && call->works[i]->verb == work->verb && call->works[i]->cls == work->cls &&
           call->works[i]->by_token == work->by_token)
      i++;
    out[len++] = (char)work->verb;
    out[len++] = (char)(work->cls | (work->by_token ? BY_TOKEN : 0));
    out[len++] = (char)((i - from) & 0xff);
    out[len++] = (char)((i - from) >> 8);
  }
  return len;
}

/* What tokens say, and then the nonces, as numbers. Returns how many. */
static size_t write_extra(const struct qkr_call *call, double *out)
{
  size_t n = 0;
  for (size_t i = 0; i < call->n; i++)
    if (call->works[i]->by_token) {
      out[n++] = (double)call->works[i]->epoch;
      out[n++] = (double)call->works[i]->number;
    }
  for (size_t i = 0; i < call->n; i++)
    if (call->works[i]->verb == QK_EXTEND)
      out[n++] = (double)call->nonces[i];
  return n;
}

static void build(struct qkr_request *request, const struct qkr_server *server, struct qkr_command *command)
{
  struct qkr_call *call = (struct qkr_call *)request;
  char runs[4 * QKR_CALL_WORKS], bytes[8 * 3 * QKR_CALL_WORKS];
  double extra[3 * QKR_CALL_WORKS];
  qkr_add_keys(command, call->lane);
  for (size_t i = 0; i < call->n; i++)
    qkr_add(command, call->works[i]->user.text, call->works[i]->user.len);
  qkr_add(command, runs, write_runs(call, runs));
  size_t count = write_extra(call, extra);
  qkr_pack(bytes, extra, count);
  qkr_add(command, bytes, 8 * count);
  if (call->create_epoch)
    qkr_add_creation(command, call->create_epoch, qk_host_policy(call->store->host));
  else
    qkr_add(command, "", 0);
  qkr_add_header(command, call->store, call->lane, request, server, call->works[0]->now_ms);
}

/* ---- The end of a call ---- */

static void hand_back(struct qkr_call *call)
{
  struct qkr_store *store = call->store;
  struct qkr_lane *lane = call->lane;
  for (size_t i = 0; i < call->n; i++)
    qk_host_done(store->host, call->works[i]);
  lane->makers -= call->create_epoch != 0;
  free(call);
  lane->calls--;
  qkr_lane_leave(store, lane);
  qkr_call_flush(store, lane);
}

/* Grants are confirmed, or the next tick will see to it. */
static void confirmed(void *arg)
{
  hand_back(arg);
}

static int answer(struct qkr_request *request, const struct qkr_reply *reply)
{
  return qkr_call_read((struct qkr_call *)request, reply);
}

static void done(struct qkr_request *request, int code)
{
  struct qkr_call *call = (struct qkr_call *)request;
  if (code != QK_OK)
    fail_call(call, code);
  else if (call->granted &&
           qkr_confirm(call->store, call->lane, call->granted, request->deadline_ms, confirmed, call))
    return;
  hand_back(call);
}

static void forget(struct qkr_request *request)
{
  free(request);
}

static struct qkr_call *make_call(struct qkr_store *store, struct qkr_lane *lane)
{
  struct qkr_call *call = calloc(1, sizeof *call);
  if (!call)
    return NULL;
  call->store = store;
  call->lane = lane;
  call->request.slot = lane->slot;
  call->request.script = &qkr_script_verbs;
  call->request.build = build;
  call->request.answer = answer;
  call->request.done = done;
  call->request.forget = forget;
  call->request.reads = 1;
  return call;
}

static void send_one(struct qkr_store *store, struct qkr_lane *lane)
{
  struct crowd crowd = {{0}};
  struct qkr_call *call = make_call(store, lane);
  if (!call) {
    qk_work *work = pop(lane);
    qkr_work_fail(work, QK_ENOMEM);
    qk_host_done(store->host, work);
    return;
  }
  while (lane->first && belongs(call, lane->first, &crowd))
    add(call, pop(lane));
  if (!call->request.reads)
    call->request.replicas = store->settings.replicas;
  call->request.people = call->n;
  lane->calls++;
  lane->last_call = call->n;
  qkr_lane_enter(store, lane);
  qkr_wire_send(store->wire, &call->request);
}

/* Two calls that take turns keep the server busy while we read; many small ones cost it more than they
 * bring. */
static size_t company(const struct qkr_lane *lane)
{
  size_t half = lane->last_call / 2;
  return half < COMPANY_MIN ? COMPANY_MIN : half < COMPANY_MAX ? half : COMPANY_MAX;
}

void qkr_call_flush(struct qkr_store *store, struct qkr_lane *lane)
{
  if (!lane->first)
    return;
  lane->busy++; /* it must not vanish under us */
  end_late(store, lane, qkr_now_ms());
  while (lane->first && !lane->is_listing && lane->calls < CALLS_MAX &&
         (lane->calls == 0 || lane->pending >= company(lane)))
    send_one(store, lane);
  lane->busy--;
}

void qkr_call_take(struct qkr_store *store, struct qkr_lane *lane, qk_work *work)
{
  work->next = NULL;
  *lane->last = work;
  lane->last = &work->next;
  lane->pending++;
  if (work->verb == QK_ENTER && !lane->listed && !lane->is_listing)
    qkr_enlist(store, lane, work->deadline_ms);
}
