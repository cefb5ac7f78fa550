/* From the answer of verbs.lua to results, tickets and events. The script says what it did to whom, in order;
 * how many waited, and the pace, at the time of each op follow from that by counting along. */
#include "call.h"

#include <string.h>

#define PENDING_POLL_MS 200 /* until a grant that waits for its replicas is looked at again */

/* What the records begin with. */
enum { FRESH = 1, SEATED, ENDED, WAITING, SEAT, ADMITTED, REFUSED, CODE, CHANGED, LEFT, SUCCESSOR, PENDING };

struct answer {
  struct qkr_call *call;
  struct qkr_store *store;
  struct qkr_walk walk;
  struct qkr_head head;
  uint64_t waiting[QK_CLASSES];
  uint64_t fresh; /* how many of the next enters made new people who wait */
  qk_work *work;  /* whose records are being read */
};

/* ---- Counting along ---- */

static uint64_t waiting_before(const struct answer *a, uint32_t cls)
{
  uint64_t sum = 0;
  for (uint32_t c = 0; c < cls; c++)
    sum += a->waiting[c];
  return sum;
}

static void leave_line(struct answer *a, uint64_t place)
{
  uint64_t *waiting = &a->waiting[qkr_place_class(place)];
  if (*waiting == 0)
    a->walk.bad = 1;
  else
    --*waiting;
}

static void count_admission(struct answer *a)
{
  a->head.pace.admitted++;
}

/* ---- Times ---- */

static qk_times *times_of(const struct answer *a)
{
  return qkr_lane_times(a->call->lane, a->store->host);
}

/* Of those who were let in, in runs of equals; to the end of the answer. */
static void read_waits(struct answer *a)
{
  while (a->walk.at < a->walk.end && !a->walk.bad) {
    int64_t wait_ms = (int64_t)qkr_walk_number(&a->walk);
    qk_times_waited(times_of(a), wait_ms, qkr_walk_number(&a->walk));
  }
}

/* Of a seat that ended in this state. */
static void read_stay(struct answer *a, int64_t state)
{
  int64_t stay_ms = state == QK_ACTIVE ? (int64_t)qkr_walk_number(&a->walk) : 0;
  if (!a->walk.bad && state == QK_ACTIVE)
    qk_times_stayed(times_of(a), stay_ms, 1);
}

/* ---- Tickets ---- */

static void emit(struct answer *a, int32_t type, uint64_t place)
{
  const qk_name *user = &a->work->user;
  qkr_emit(a->store, a->call->lane, &a->head, type, user->text, user->len, place);
}

static qk_ticket *show(struct answer *a, int32_t state, uint64_t place)
{
  qk_ticket *ticket = a->work->ticket;
  if (!ticket)
    return NULL;
  ticket->state = state;
  ticket->cls = qkr_place_class(place);
  ticket->number = qkr_place_number(place);
  ticket->epoch = a->head.pace.epoch;
  ticket->waiting = waiting_before(a, QK_CLASSES);
  return ticket;
}

static void show_waiting(struct answer *a, uint64_t place, uint64_t position, int fresh)
{
  qk_ticket *ticket = show(a, QK_WAITING, place);
  if (!ticket)
    return;
  ticket->fresh = fresh;
  a->head.pace.waiting = ticket->waiting;
  qk_pace_ticket(&a->head.pace, position, ticket);
}

static void show_seat(struct answer *a, uint64_t place, int32_t state, uint32_t extends, int64_t deadline_ms,
                      int fresh)
{
  qk_ticket *ticket = show(a, state, place);
  if (!ticket)
    return;
  ticket->fresh = fresh;
  ticket->extends = extends;
  ticket->expires_at_ms = a->head.now_ms + (deadline_ms - a->head.pace.time_ms);
}

/* ---- Records ---- */

static void read_fresh(struct answer *a)
{
  uint32_t cls = a->work->cls;
  uint64_t place = ((uint64_t)cls << 49) + ++a->head.last;
  a->fresh--;
  a->waiting[cls]++;
  emit(a, QK_EVENT_ENTERED, place);
  show_waiting(a, place, waiting_before(a, cls + 1), 1);
}

static void read_seated(struct answer *a)
{
  uint64_t place = ((uint64_t)a->work->cls << 49) + ++a->head.last;
  int64_t deadline_ms = qkr_walk_integer(&a->walk);
  count_admission(a);
  qk_times_waited(times_of(a), 0, 1);
  emit(a, QK_EVENT_ENTERED, place);
  emit(a, QK_EVENT_ADMITTED, place);
  show_seat(a, place, QK_READY, 0, deadline_ms, 1);
}

static void read_ended(struct answer *a)
{
  int64_t state = qkr_walk_integer(&a->walk);
  uint64_t place = qkr_walk_place(&a->walk);
  read_stay(a, state);
  emit(a, state == QK_ACTIVE ? QK_EVENT_EXPIRED : QK_EVENT_LAPSED, place);
}

static void read_waiting(struct answer *a)
{
  uint64_t place = qkr_walk_place(&a->walk);
  show_waiting(a, place, qkr_walk_number(&a->walk), 0);
}

static void read_pending(struct answer *a)
{
  show_waiting(a, qkr_walk_place(&a->walk), 1, 0);
  if (a->work->ticket)
    a->work->ticket->poll_after_ms = PENDING_POLL_MS;
}

static void read_seat(struct answer *a, int changed)
{
  uint64_t place = qkr_walk_place(&a->walk);
  int64_t state = qkr_walk_integer(&a->walk);
  uint64_t extends = qkr_walk_number(&a->walk);
  int64_t deadline_ms = qkr_walk_integer(&a->walk);
  if ((state != QK_READY && state != QK_ACTIVE) || extends > UINT32_MAX)
    a->walk.bad = 1;
  if (changed)
    emit(a, a->work->verb == QK_EXTEND ? QK_EVENT_EXTENDED : QK_EVENT_ACTIVATED, place);
  show_seat(a, place, (int32_t)state, (uint32_t)extends, deadline_ms, 0);
}

static void read_admitted(struct answer *a)
{
  uint64_t place = qkr_walk_place(&a->walk);
  int64_t deadline_ms = qkr_walk_integer(&a->walk);
  leave_line(a, place);
  count_admission(a);
  emit(a, QK_EVENT_ADMITTED, place);
  show_seat(a, place, QK_READY, 0, deadline_ms, 0);
}

static void read_successor(struct answer *a)
{
  size_t len;
  const char *user = qkr_walk_string(&a->walk, &len);
  uint64_t place = qkr_walk_place(&a->walk);
  if (a->walk.bad)
    return;
  leave_line(a, place);
  count_admission(a);
  qkr_emit(a->store, a->call->lane, &a->head, QK_EVENT_ADMITTED, user, len, place);
}

static int next_is(const struct answer *a, int64_t kind)
{
  return a->walk.at < a->walk.end && a->walk.at->type == QKR_INTEGER && a->walk.at->integer == kind;
}

static void read_left(struct answer *a)
{
  uint64_t place = qkr_walk_place(&a->walk);
  int64_t state = qkr_walk_integer(&a->walk);
  read_stay(a, state);
  if (state == QK_WAITING)
    leave_line(a, place);
  emit(a, state == QK_ACTIVE ? QK_EVENT_COMPLETED : QK_EVENT_LEFT, place);
  if (next_is(a, SUCCESSOR)) {
    a->walk.at++;
    read_successor(a);
  }
  show(a, QK_NONE, place);
}

/* Nothing to show. A release whose first try was not answered and whose repeat finds nobody did release. */
static void read_refused(struct answer *a)
{
  qk_work *work = a->work;
  int64_t code = qkr_walk_integer(&a->walk);
  if (code >= 0 || code < QK_EDENIED)
    a->walk.bad = 1;
  work->result = (int32_t)code;
  if (work->verb == QK_RELEASE && a->call->request.was_sent &&
      (code == QK_ENOTFOUND || (code == QK_EEXPIRED && work->epoch == a->head.pace.epoch)))
    work->result = QK_OK;
  if ((code == QK_EFULL || code == QK_ECLOSED) && work->ticket) {
    a->head.pace.waiting = waiting_before(a, QK_CLASSES);
    work->ticket->waiting = a->head.pace.waiting;
    work->ticket->poll_after_ms = qk_pace_refused(&a->head.pace, work->user.hash);
  }
}

static void read_code(struct answer *a)
{
  int64_t code = qkr_walk_integer(&a->walk);
  if (code != QK_ENOTREADY && code != QK_ENOTACTIVE && code != QK_ELIMIT)
    a->walk.bad = 1;
  a->work->result = (int32_t)code;
}

/* Read one record. 1 if it is the work's last. */
static int read_record(struct answer *a)
{
  int64_t kind = qkr_walk_integer(&a->walk);
  switch (kind) {
  case FRESH:
    a->fresh = qkr_walk_number(&a->walk);
    if (a->fresh == 0)
      a->walk.bad = 1;
    else
      read_fresh(a);
    break;
  case SEATED:
    read_seated(a);
    break;
  case ENDED:
    read_ended(a);
    return 0;
  case WAITING:
    read_waiting(a);
    break;
  case SEAT:
    read_seat(a, 0);
    break;
  case ADMITTED:
    read_admitted(a);
    break;
  case REFUSED:
    read_refused(a);
    break;
  case CODE:
    read_code(a);
    return 0;
  case CHANGED:
    if (qkr_walk_integer(&a->walk) != SEAT)
      a->walk.bad = 1;
    read_seat(a, 1);
    break;
  case LEFT:
    read_left(a);
    break;
  case PENDING:
    read_pending(a);
    break;
  default:
    a->walk.bad = 1;
  }
  return 1;
}

static void read_work(struct answer *a)
{
  a->work->result = QK_OK;
  if (a->fresh > 0 && a->work->verb == QK_ENTER) {
    read_fresh(a);
    return;
  }
  while (!a->walk.bad && !read_record(a))
    ;
}

/* ---- Queues that do not exist ---- */

/* There is no such queue: works end with what that means, up to the first that may create it; from there on
 * the call goes again. QK_OK if none may. A call that left behind one that now makes the queue goes again
 * behind it. */
static int settle_missing(struct qkr_call *call)
{
  struct qkr_store *store = call->store;
  size_t n = 0;
  if (call->lane->makers > 0 && !call->create_epoch)
    return QK_EAGAIN;
  while (n < call->n && qk_rules_may_create(store->host, call->works[n]) != QK_OK)
    n++;
  if (n == call->n)
    return QK_OK;
  uint64_t epoch;
  int code = qkr_draw_epoch(store, &epoch);
  if (code != QK_OK)
    return code;
  call->lane->makers += !call->create_epoch;
  call->create_epoch = epoch;
  for (size_t i = 0; i < n; i++)
    qk_host_done(store->host, call->works[i]);
  call->n -= n;
  memmove(call->works, call->works + n, call->n * sizeof *call->works);
  memmove(call->nonces, call->nonces + n, call->n * sizeof *call->nonces);
  return QK_EAGAIN;
}

/* What an earlier answer left in the tickets goes. */
static void blank(struct qkr_call *call)
{
  for (size_t i = 0; i < call->n; i++)
    qkr_work_fail(call->works[i], QK_OK);
}

int qkr_call_read(struct qkr_call *call, const struct qkr_reply *reply)
{
  struct answer a = {.call = call, .store = call->store};
  int code = qkr_head_read(a.store, call->lane, &call->request, reply, &a.walk, &a.head);
  if (code == QK_ENOTFOUND)
    return settle_missing(call);
  if (code != QK_OK)
    return code;
  if (call->is_read)
    blank(call);
  uint64_t admitted = a.head.pace.admitted;
  qkr_walk_waiting(&a.walk, a.waiting);
  for (size_t i = 0; i < call->n && !a.walk.bad; i++) {
    a.work = call->works[i];
    read_work(&a);
  }
  read_waits(&a);
  if (a.walk.bad || a.fresh > 0 || a.walk.at != a.walk.end) {
    blank(call);
    return QKR_NONSENSE;
  }
  if (a.store->settings.replicas > 0 && a.head.pace.admitted > admitted)
    call->granted = a.head.admitted;
  call->is_read = 1;
  return QK_OK;
}
