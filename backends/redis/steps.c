#include "steps.h"

#include <stdlib.h>

#include "head.h"
#include "pack.h"
#include "view.h"

#define SLICE_PEOPLE 250 /* at most: about a millisecond of the server */

#define PAUSE_MAX_US 100000 /* after a slice: more is not its work but an outage */

struct step {
  struct qkr_request request; /* first */
  struct qkr_store *store;
  struct qkr_lane *lane;
  qk_work *work;
  uint64_t unconfirmed; /* not 0: grants up to here */
};

static void forget(struct qkr_request *request)
{
  free(request);
}

static void end(struct step *step, int result)
{
  struct qkr_store *store = step->store;
  qk_work *work = step->work;
  qkr_lane_leave(store, step->lane);
  free(step);
  work->result = result;
  qk_host_done(store->host, work);
}

/* ---- Confirming ---- */

struct confirmation {
  struct qkr_request request; /* first */
  struct qkr_store *store;
  struct qkr_lane *lane;
  uint64_t sequence;
  void (*then)(void *arg);
  void *arg;
};

static void build_confirm(struct qkr_request *request, const struct qkr_server *server,
                          struct qkr_command *command)
{
  const struct confirmation *c = (struct confirmation *)request;
  char bytes[8];
  const double sequence = (double)c->sequence;
  qkr_pack(bytes, &sequence, 1);
  qkr_add_keys(command, c->lane);
  qkr_add(command, bytes, sizeof bytes);
  qkr_add_header(command, c->store, c->lane, request, server, 0);
}

static int answer_confirm(struct qkr_request *request, const struct qkr_reply *reply)
{
  const struct confirmation *c = (struct confirmation *)request;
  struct qkr_walk walk;
  struct qkr_head head;
  return qkr_head_read(c->store, c->lane, request, reply, &walk, &head);
}

static void done_confirm(struct qkr_request *request, int code)
{
  struct confirmation *c = (struct confirmation *)request;
  void (*then)(void *arg) = c->then;
  void *arg = c->arg;
  (void)code; /* what stays unconfirmed the next tick confirms */
  qkr_lane_leave(c->store, c->lane);
  free(c);
  then(arg);
}

int qkr_confirm(struct qkr_store *store, struct qkr_lane *lane, uint64_t sequence, int64_t deadline_ms,
                void (*then)(void *arg), void *arg)
{
  struct confirmation *c = calloc(1, sizeof *c);
  if (!c)
    return 0;
  *c = (struct confirmation){.store = store, .lane = lane, .sequence = sequence, .then = then, .arg = arg};
  c->request.slot = lane->slot;
  c->request.deadline_ms = deadline_ms;
  c->request.script = &qkr_script_confirm;
  c->request.build = build_confirm;
  c->request.answer = answer_confirm;
  c->request.done = done_confirm;
  c->request.forget = forget;
  qkr_lane_enter(store, lane);
  qkr_wire_send(store->wire, &c->request);
  return 1;
}

/* ---- Slices ---- */

/* A budget as the scripts have it: -1 for none. */
static double budget(uint64_t left)
{
  return left > QK_INTEGER_MAX ? -1.0 : (double)left;
}

static void build_slice(struct qkr_request *request, const struct qkr_server *server,
                        struct qkr_command *command)
{
  const struct step *step = (struct step *)request;
  const qk_slice *slice = step->work->detail;
  char bytes[32];
  const double numbers[4] = {slice->max < SLICE_PEOPLE ? slice->max : SLICE_PEOPLE, budget(slice->may_end),
                             budget(slice->may_drop), budget(slice->may_admit)};
  qkr_pack(bytes, numbers, 4);
  qkr_add_keys(command, step->lane);
  qkr_add(command, bytes, sizeof bytes);
  qkr_add_header(command, step->store, step->lane, request, server, slice->now_ms);
}

static void spend(uint64_t *budget_left, uint64_t moved)
{
  if (*budget_left <= QK_INTEGER_MAX)
    *budget_left -= moved < *budget_left ? moved : *budget_left;
}

static void read_slice(struct qkr_walk *walk, qk_slice *slice)
{
  slice->lapsed = qkr_walk_number(walk);
  slice->expired = qkr_walk_number(walk);
  slice->dropped = qkr_walk_number(walk);
  slice->admitted = qkr_walk_number(walk);
  slice->waiting = qkr_walk_number(walk);
  slice->ready = qkr_walk_number(walk);
  slice->active = qkr_walk_number(walk);
  slice->more = qkr_walk_number(walk) != 0;
  int64_t next_ms = qkr_walk_integer(walk);
  slice->next_ms = next_ms < 0 || next_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)next_ms;
  slice->unfinished = qkr_walk_number(walk) != 0;
}

static void spend_all(qk_slice *slice)
{
  spend(&slice->may_end, slice->lapsed + slice->expired);
  spend(&slice->may_drop, slice->dropped);
  spend(&slice->may_admit, slice->admitted);
}

static uint64_t count_moved(const qk_slice *slice)
{
  return slice->lapsed + slice->expired + slice->dropped + slice->admitted;
}

/* How long people waited, or stayed: runs of so many who are equal. */
static void read_times(const struct step *step, struct qkr_walk *walk)
{
  qk_times *times = qkr_lane_times(step->lane, step->store->host);
  for (uint64_t runs = qkr_walk_number(walk); runs > 0 && !walk->bad; runs--) {
    uint64_t wait_ms = qkr_walk_number(walk);
    qk_times_waited(times, (int64_t)wait_ms, qkr_walk_number(walk));
  }
  for (uint64_t runs = qkr_walk_number(walk); runs > 0 && !walk->bad; runs--) {
    uint64_t stay_ms = qkr_walk_number(walk);
    qk_times_stayed(times, (int64_t)stay_ms, qkr_walk_number(walk));
  }
}

static void read_events(const struct step *step, struct qkr_walk *walk, const struct qkr_head *head)
{
  while (walk->at < walk->end && !walk->bad) {
    size_t len;
    int64_t type = qkr_walk_integer(walk);
    const char *user = qkr_walk_string(walk, &len);
    uint64_t place = qkr_walk_place(walk);
    if (!walk->bad)
      qkr_emit(step->store, step->lane, head, (int32_t)type, user, len, place);
  }
}

static int answer_slice(struct qkr_request *request, const struct qkr_reply *reply)
{
  struct step *step = (struct step *)request;
  struct qkr_walk walk;
  struct qkr_head head;
  int code = qkr_head_read(step->store, step->lane, request, reply, &walk, &head);
  if (code != QK_OK)
    return code;
  read_slice(&walk, step->work->detail);
  request->people = count_moved(step->work->detail);
  read_times(step, &walk);
  read_events(step, &walk, &head);
  if (walk.bad)
    return QKR_NONSENSE;
  spend_all(step->work->detail);
  step->unconfirmed = step->store->settings.replicas > 0 && head.pending ? head.admitted : 0;
  return QK_OK;
}

static void end_well(void *arg)
{
  end(arg, QK_OK);
}

static void done_slice(struct qkr_request *request, int code)
{
  struct step *step = (struct step *)request;
  int64_t now_us = qkr_now_us(), took_us = now_us - request->sent_us;
  /* The next slice waits as long as this one took, so that others get in between. */
  if (code == QK_OK)
    step->lane->slice_after_us = now_us + (took_us < PAUSE_MAX_US ? took_us : PAUSE_MAX_US);
  if (code == QK_OK && step->unconfirmed &&
      qkr_confirm(step->store, step->lane, step->unconfirmed, request->deadline_ms, end_well, step))
    return;
  end(step, code);
}

/* ---- Leases ---- */

static void build_lease(struct qkr_request *request, const struct qkr_server *server,
                        struct qkr_command *command)
{
  const struct step *step = (struct step *)request;
  const double ttl_ms = *(const uint32_t *)step->work->detail;
  char bytes[8];
  qkr_pack(bytes, &ttl_ms, 1);
  qkr_add_keys(command, step->lane);
  qkr_add(command, bytes, sizeof bytes);
  qkr_add_text(command, step->store->owner);
  qkr_add_header(command, step->store, step->lane, request, server, 0);
}

static int answer_lease(struct qkr_request *request, const struct qkr_reply *reply)
{
  struct step *step = (struct step *)request;
  struct qkr_walk walk;
  struct qkr_head head;
  int code = qkr_head_read(step->store, step->lane, request, reply, &walk, &head);
  if (code != QK_OK)
    return code;
  step->work->result = qkr_walk_integer(&walk) == 1;
  return walk.bad ? QKR_NONSENSE : QK_OK;
}

static void done_lease(struct qkr_request *request, int code)
{
  struct step *step = (struct step *)request;
  end(step, code == QK_OK ? step->work->result : code);
}

/* ---- Views ---- */

static void build_view(struct qkr_request *request, const struct qkr_server *server,
                       struct qkr_command *command)
{
  const struct step *step = (struct step *)request;
  qkr_add_keys(command, step->lane);
  qkr_add_header(command, step->store, step->lane, request, server, step->work->now_ms);
}

static int answer_view(struct qkr_request *request, const struct qkr_reply *reply)
{
  const struct step *step = (struct step *)request;
  struct qkr_walk walk;
  struct qkr_head head;
  int code = qkr_head_read(step->store, step->lane, request, reply, &walk, &head);
  if (code != QK_OK)
    return code;
  code = qkr_view_read(&walk, &head, step->work->detail);
  /* A policy that no host wrote was garbled on the way, unless it comes again. */
  return code == QK_ESTATE && request->tries == 1 ? QKR_NONSENSE : code;
}

static void done_view(struct qkr_request *request, int code)
{
  end((struct step *)request, code);
}

/* ---- Any of them ---- */

static void fill_slice(struct step *step)
{
  struct qkr_request *request = &step->request;
  request->script = &qkr_script_tick;
  request->build = build_slice;
  request->answer = answer_slice;
  request->done = done_slice;
  request->not_before_us = step->lane->slice_after_us;
  request->replicas = step->store->settings.replicas;
}

static void fill_lease(struct step *step)
{
  struct qkr_request *request = &step->request;
  request->script = &qkr_script_lease;
  request->build = build_lease;
  request->answer = answer_lease;
  request->done = done_lease;
  request->impatient = 1; /* the tick has other queues to see to */
}

static void fill_view(struct step *step)
{
  struct qkr_request *request = &step->request;
  request->script = &qkr_script_view;
  request->build = build_view;
  request->answer = answer_view;
  request->done = done_view;
  request->reads = 1;
}

void qkr_step_take(struct qkr_store *store, struct qkr_lane *lane, qk_work *work)
{
  struct step *step = calloc(1, sizeof *step);
  if (!step) {
    work->result = QK_ENOMEM;
    qk_host_done(store->host, work);
    return;
  }
  step->store = store;
  step->lane = lane;
  step->work = work;
  step->request.slot = lane->slot;
  step->request.deadline_ms = work->deadline_ms;
  step->request.forget = forget;
  if (work->verb == QK_WORK_SLICE)
    fill_slice(step);
  else if (work->verb == QK_WORK_LEASE)
    fill_lease(step);
  else
    fill_view(step);
  qkr_lane_enter(store, lane);
  qkr_wire_send(store->wire, &step->request);
}
