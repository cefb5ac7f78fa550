/* The five verbs on one person: design.md sections 3 to 7 over a queue's state and its people.
 *
 * Every verb first looks, then decides, then reserves, and only then writes: what is refused has changed
 * nothing. */
#include <string.h>

#include "moves.h"
#include "pacing.h"
#include "views.h"

/* A verb under way. */
struct call {
  const qk_queue *queue;
  qk_queue_state *state;
  qk_work *work;
  struct qki_now now;
  qk_entry entry; /* of this user, if found */
  int found;      /* somebody is stored under this name */
  int dead;       /* ... whose time is up */
  /* Of whom this verb lets in, how long they waited; of whom it ends, how long they stayed. -1 = nobody. */
  int64_t waited_ms, stayed_ms;
};

static int look_up(struct call *call)
{
  const qk_queue *queue = call->queue;
  int got = queue->ops->find(queue->people, &call->work->user, &call->entry);
  if (got < 0)
    return got;
  call->found = got;
  call->dead = got && qki_is_over(&call->entry, call->now.time_ms);
  return QK_OK;
}

/* Fill the ticket with the entry as it stands. */
static int show(struct call *call)
{
  return qki_show(call->queue, &call->entry, call->now, call->work->ticket);
}

static int show_with(struct call *call, int code)
{
  int shown = show(call);
  return shown == QK_OK ? code : shown;
}

/* Nobody, or another entry than the token's: the code to end with. QK_OK if the entry is there and live. */
static int require_live(struct call *call)
{
  const qk_work *work = call->work;
  int code = look_up(call);
  if (code != QK_OK)
    return code;
  if (work->by_token && call->found && call->entry.number != work->number)
    return QK_EEXPIRED;
  if (!call->found || call->dead)
    return work->by_token ? QK_EEXPIRED : QK_ENOTFOUND;
  return QK_OK;
}

/* ---- enter ---- */

static int refuse(struct call *call, int code)
{
  qk_ticket *ticket = call->work->ticket;
  if (ticket) {
    qk_pace pace = qki_pace_at(call->state, call->now.time_ms);
    ticket->waiting = pace.waiting;
    ticket->poll_after_ms = qk_pace_refused(&pace, call->work->user.hash);
  }
  return code;
}

/* May somebody new come in, and if so, at once? */
static int decide_entry(struct call *call, int *at_once)
{
  const qk_policy *policy = &call->state->policy;
  uint64_t waiting = qki_waiting(call->state);
  if (policy->mode == QK_MODE_DRAIN || policy->mode == QK_MODE_CLOSED)
    return QK_ECLOSED;
  if (call->state->last_number >= QK_NUMBER_MAX)
    return QK_EFULL;
  *at_once =
      policy->mode == QK_MODE_BYPASS ||
      (policy->eager && waiting == 0 && qki_room(call->state, call->now.time_ms, call->dead ? 1 : 0) > 0);
  if (!*at_once && policy->max_waiting > 0 && waiting >= policy->max_waiting)
    return QK_EFULL;
  return QK_OK;
}

static qk_entry make_entry(const struct call *call, int at_once)
{
  const qk_work *work = call->work;
  return (qk_entry){.number = call->state->last_number + 1,
                    .cls = work->cls,
                    .state = at_once ? QK_READY : QK_WAITING,
                    .user_len = work->user.len,
                    .since_ms = call->now.time_ms,
                    .time_ms = call->now.time_ms + (at_once ? call->state->policy.ready_ms : 0),
                    .user = work->user.text};
}

static void count_entry(struct call *call, const qk_entry *entry)
{
  call->state->last_number++;
  call->state->entered++;
  if (entry->state == QK_READY)
    qki_count_admission(call->state, entry, call->now.time_ms);
  else
    call->state->waiting[entry->cls]++;
  qki_emit(call->queue, QK_EVENT_ENTERED, entry, call->now.clock_ms);
  if (entry->state == QK_READY)
    qki_emit(call->queue, QK_EVENT_ADMITTED, entry, call->now.clock_ms);
}

static int enter_new(struct call *call)
{
  const qk_queue *queue = call->queue;
  const qk_name *user = &call->work->user;
  int at_once = 0;
  int code = decide_entry(call, &at_once);
  if (code != QK_OK)
    return refuse(call, code);
  qk_entry entry = make_entry(call, at_once);
  code = queue->ops->reserve(queue->people, user, &entry);
  if (code == QK_OK && call->dead)
    code = qki_end(queue, &call->entry, qki_over_type(&call->entry), call->now);
  if (code == QK_OK)
    code = queue->ops->add(queue->people, user, &entry);
  if (code != QK_OK)
    return code;
  if (call->dead)
    call->stayed_ms = qki_stay_ms(&call->entry, call->now.time_ms);
  if (at_once)
    call->waited_ms = 0;
  count_entry(call, &entry);
  qki_settle(queue, call->now);
  qki_show_new(queue, &entry, call->now, call->work->ticket);
  return QK_OK;
}

/* Store that somebody who waits was heard of, also while idle_ms is 0: it may be set later. */
static int heard(struct call *call)
{
  qk_entry was = call->entry;
  if (was.time_ms >= call->now.time_ms)
    return QK_OK;
  call->entry.time_ms = call->now.time_ms;
  return call->queue->ops->update(call->queue->people, &was, &call->entry);
}

static int enter_again(struct call *call)
{
  const qk_queue *queue = call->queue;
  int code = QK_OK;
  if (call->entry.state == QK_WAITING) {
    if (call->state->policy.mode == QK_MODE_BYPASS) {
      code = queue->ops->reserve(queue->people, NULL, NULL);
      call->waited_ms = call->now.time_ms - call->entry.since_ms;
      if (code == QK_OK)
        code = qki_admit(queue, &call->entry, call->now);
    } else {
      code = heard(call);
    }
  }
  if (code != QK_OK)
    return code;
  qki_settle(queue, call->now);
  return show(call);
}

static int enter(struct call *call)
{
  int code = look_up(call);
  if (code != QK_OK)
    return code;
  return call->found && !call->dead ? enter_again(call) : enter_new(call);
}

/* ---- poll, activate, extend ---- */

static int poll_entry(struct call *call)
{
  int code = require_live(call);
  if (code == QK_OK && call->entry.state == QK_WAITING)
    code = heard(call);
  return code == QK_OK ? show(call) : code;
}

static int change(struct call *call, const qk_entry *now, int32_t event)
{
  int code = call->queue->ops->update(call->queue->people, &call->entry, now);
  if (code != QK_OK)
    return code;
  call->entry = *now;
  qki_emit(call->queue, event, &call->entry, call->now.clock_ms);
  return QK_OK;
}

static int activate(struct call *call)
{
  int code = require_live(call);
  if (code != QK_OK)
    return code;
  if (call->entry.state == QK_WAITING)
    return show_with(call, QK_ENOTREADY);
  if (call->entry.state == QK_READY) {
    qk_entry now = call->entry;
    now.state = QK_ACTIVE;
    now.since_ms = call->now.time_ms;
    now.time_ms = call->now.time_ms + call->state->policy.active_ms;
    code = change(call, &now, QK_EVENT_ACTIVATED);
    if (code != QK_OK)
      return code;
    call->state->ready--;
    call->state->active++;
    call->state->activated++;
  }
  qki_settle(call->queue, call->now);
  return show(call);
}

static int extend(struct call *call)
{
  int code = require_live(call);
  if (code != QK_OK)
    return code;
  if (call->entry.state != QK_ACTIVE)
    return show_with(call, QK_ENOTACTIVE);
  if (call->entry.extends >= call->state->policy.max_extends)
    return show_with(call, QK_ELIMIT);
  qk_entry now = call->entry;
  int64_t end_ms = call->now.time_ms + call->state->policy.active_ms;
  now.extends++;
  now.time_ms = end_ms > now.time_ms ? end_ms : now.time_ms;
  code = change(call, &now, QK_EVENT_EXTENDED);
  if (code != QK_OK)
    return code;
  qki_settle(call->queue, call->now);
  return show(call);
}

/* ---- release ---- */

/* Whom an eager release lets in: 1 and *head, 0, or a code. */
static int decide_successor(struct call *call, qk_entry *head)
{
  const qk_queue *queue = call->queue;
  if (call->entry.state == QK_WAITING || !call->state->policy.eager || qki_waiting(call->state) == 0 ||
      qki_room(call->state, call->now.time_ms, 1) == 0)
    return 0;
  int code = qki_head(queue, head);
  if (code != 1 || qki_is_idle(call->state, head, call->now.time_ms))
    return code < 0 ? code : 0;
  code = queue->ops->reserve(queue->people, NULL, NULL);
  return code == QK_OK ? 1 : code;
}

static int release(struct call *call)
{
  const qk_queue *queue = call->queue;
  qk_entry head;
  int code = require_live(call);
  if (code != QK_OK)
    return code;
  int succeeds = decide_successor(call, &head);
  if (succeeds < 0)
    return succeeds;
  code = qki_end(queue, &call->entry, qki_release_type(&call->entry), call->now);
  if (code == QK_OK && succeeds)
    code = qki_head(queue, &head) == 1 ? qki_admit(queue, &head, call->now) : QK_ESTATE;
  if (code != QK_OK)
    return code;
  call->stayed_ms = qki_stay_ms(&call->entry, call->now.time_ms);
  if (succeeds)
    call->waited_ms = call->now.time_ms - head.since_ms;
  qki_settle(queue, call->now);
  call->entry.state = QK_NONE;
  return show(call);
}

/* ---- the door ---- */

int qk_rules_may_create(qk_host *host, qk_work *work)
{
  const qk_policy *policy = qk_host_policy(host);
  if (work->by_token)
    work->result = QK_EEXPIRED;
  else if (work->verb != QK_ENTER || !qk_host_creates(host))
    work->result = QK_ENOTFOUND;
  else if (policy->mode == QK_MODE_DRAIN || policy->mode == QK_MODE_CLOSED) {
    qk_queue_state empty = {.policy = *policy};
    struct call call = {.state = &empty, .work = work};
    work->result = refuse(&call, QK_ECLOSED);
  } else
    work->result = QK_OK;
  return work->result;
}

/* Only what a verb did that succeeded: the backend undoes all others. */
static void note_times(const struct call *call)
{
  if (call->waited_ms >= 0)
    qk_times_waited(call->queue->times, call->waited_ms, 1);
  if (call->stayed_ms >= 0)
    qk_times_stayed(call->queue->times, call->stayed_ms, 1);
}

int qk_rules_run(const qk_queue *queue, qk_work *work)
{
  static int (*const verbs[])(struct call *) = {[QK_ENTER] = enter,
                                                [QK_POLL] = poll_entry,
                                                [QK_ACTIVATE] = activate,
                                                [QK_EXTEND] = extend,
                                                [QK_RELEASE] = release};
  struct call call = {.queue = queue, .state = queue->state, .work = work, .waited_ms = -1, .stayed_ms = -1};
  call.now = qki_now(queue->state, work->now_ms);
  if (work->by_token && work->epoch != queue->state->epoch)
    work->result = QK_EEXPIRED;
  else
    work->result = verbs[work->verb](&call);
  if (work->result == QK_OK)
    note_times(&call);
  return work->result;
}
