#include <stdlib.h>
#include <string.h>
#include "oracle.h"

/* Room for one more item of size bytes in items, which has count of room. */
static void *grown(void *items, size_t count, size_t *room, size_t size)
{
  if (count < *room)
    return items;
  *room = *room ? *room * 2 : 16;
  items = realloc(items, *room * size);
  if (!items)
    abort();
  return items;
}

static void happened(struct oracle *o, const struct line *q, int32_t type, const struct person *p)
{
  o->events = grown(o->events, o->event_count, &o->event_room, sizeof *o->events);
  o->events[o->event_count++] = (struct happening){
      .type = type, .queue = (uint32_t)(q - o->lines), .user = p->user, .cls = p->cls, .number = p->number};
}

/* ---- Time (design.md 6) ------------------------------------------------------------------------ */

static int64_t step_of(const qk_policy *policy)
{
  const uint32_t spans[] = {policy->ready_ms, policy->active_ms, policy->idle_ms};
  int64_t step = policy->clock_step_ms;
  if (step == 0)
    return INT64_MAX;
  for (size_t i = 0; i < 3; i++) {
    int64_t quarter = spans[i] / 4 ? spans[i] / 4 : 1;
    if (spans[i] != 0 && quarter < step)
      step = quarter;
  }
  return step;
}

static int64_t time_of(const struct oracle *o, const struct line *q)
{
  int64_t step = step_of(&q->policy), moved = o->now_ms - q->clock_ms;
  if (moved < 0)
    moved = 0;
  return q->time_ms + (moved < step ? moved : step);
}

static void keep_time(const struct oracle *o, struct line *q)
{
  q->time_ms = time_of(o, q);
  if (o->now_ms >= q->clock_ms || q->clock_ms - o->now_ms > 1000)
    q->clock_ms = o->now_ms;
}

int64_t oracle_time(const struct oracle *o, uint32_t queue)
{
  return time_of(o, &o->lines[queue]);
}

/* ---- Who is where ------------------------------------------------------------------------------ */

static uint64_t in_state(const struct line *q, int32_t state)
{
  uint64_t n = 0;
  for (size_t i = 0; i < q->count; i++)
    n += q->people[i].state == state;
  return n;
}

static struct person *find(const struct line *q, uint32_t user)
{
  for (size_t i = 0; i < q->count; i++)
    if (q->people[i].user == user)
      return &q->people[i];
  return NULL;
}

static struct person *head_of(const struct line *q)
{
  struct person *head = NULL;
  for (size_t i = 0; i < q->count; i++)
    if (q->people[i].state == QK_WAITING && (!head || q->people[i].cls < head->cls))
      head = &q->people[i];
  return head;
}

static uint64_t position_of(const struct line *q, const struct person *p)
{
  uint64_t position = 1;
  for (size_t i = 0; i < q->count; i++) {
    const struct person *other = &q->people[i];
    if (other->state == QK_WAITING &&
        (other->cls < p->cls || (other->cls == p->cls && other->number < p->number)))
      position++;
  }
  return position;
}

/* When this person's time is up: the end of a seat, or of patience in line. INT64_MAX = never. */
static int64_t end_of(const struct line *q, const struct person *p)
{
  if (p->state != QK_WAITING)
    return p->end_ms;
  if (q->policy.idle_ms == 0)
    return INT64_MAX;
  return (p->polled_ms > q->all_polled_ms ? p->polled_ms : q->all_polled_ms) + q->policy.idle_ms;
}

/* Whose time is up by t: of those in line, or of those in seats, the earliest deadline, then the lowest
 * number. */
static struct person *first_over(const struct line *q, int waiting, int64_t t)
{
  struct person *first = NULL;
  for (size_t i = 0; i < q->count; i++) {
    struct person *p = &q->people[i];
    if ((p->state == QK_WAITING) == waiting && end_of(q, p) <= t &&
        (!first || end_of(q, p) < end_of(q, first)))
      first = p;
  }
  return first;
}

static void forget(struct line *q, struct person *p)
{
  size_t after = (size_t)(q->people + q->count - p) - 1;
  memmove(p, p + 1, after * sizeof *p);
  q->count--;
}

/* Their time was up: count it and forget them. */
static void end_over(struct oracle *o, struct line *q, struct person *p)
{
  if (p->state == QK_WAITING)
    q->totals.dropped++;
  else if (p->state == QK_READY)
    q->totals.lapsed++;
  else
    q->totals.expired++;
  happened(o, q,
           p->state == QK_WAITING ? QK_EVENT_DROPPED
           : p->state == QK_READY ? QK_EVENT_LAPSED
                                  : QK_EVENT_EXPIRED,
           p);
  forget(q, p);
}

/* ---- Admission (design.md 4) ------------------------------------------------------------------- */

/* When an admission at x leaves a window, which is when it counts no longer. */
static int64_t leaves_window(int64_t x, uint32_t window_ms)
{
  int64_t w = ((int64_t)window_ms + 49) / 50;
  return x / w * w + w - 1 + window_ms;
}

/* Admissions that the rate window still counts at t. */
static uint64_t in_window(const struct line *q, int64_t t)
{
  uint64_t n = 0;
  for (size_t i = 0; i < q->admission_count; i++) {
    int64_t x = q->admissions[i].rate_ms;
    n += x >= 0 && t < leaves_window(x, q->policy.rate_window_ms);
  }
  return n;
}

static int mode_admits(const struct line *q)
{
  return q->policy.mode == QK_MODE_OPEN || q->policy.mode == QK_MODE_DRAIN ||
         q->policy.mode == QK_MODE_BYPASS;
}

static int seats_allow(const struct line *q)
{
  return in_state(q, QK_READY) + in_state(q, QK_ACTIVE) < q->policy.max_active;
}

static int rate_allows(const struct line *q)
{
  return q->policy.rate == 0 || in_window(q, q->time_ms) < q->policy.rate;
}

static int may_admit(const struct line *q)
{
  return q->policy.mode == QK_MODE_BYPASS || (mode_admits(q) && seats_allow(q) && rate_allows(q));
}

static void admit(struct oracle *o, struct line *q, struct person *p)
{
  p->state = QK_READY;
  p->end_ms = q->time_ms + q->policy.ready_ms;
  q->totals.admitted++;
  if (p->number > q->highest[p->cls])
    q->highest[p->cls] = p->number;
  q->admissions = grown(q->admissions, q->admission_count, &q->admission_room, sizeof *q->admissions);
  q->admissions[q->admission_count++] = (struct admission){.made_ms = q->time_ms, .rate_ms = q->time_ms};
  happened(o, q, QK_EVENT_ADMITTED, p);
}

/* The head, if somebody waits and may be admitted. */
static struct person *next_in(const struct line *q)
{
  struct person *head = head_of(q);
  return head && end_of(q, head) > q->time_ms && may_admit(q) ? head : NULL;
}

/* ---- What is shown (api.md, Tickets) ----------------------------------------------------------- */

/* Admissions of the last 60 logical seconds; *span_ms = over which time, 0 if that is too short to say. */
static int64_t flow(const struct line *q, int64_t t, int64_t *span_ms)
{
  int64_t n = 0, second = t / 1000;
  for (size_t i = 0; i < q->admission_count; i++) {
    int64_t made = q->admissions[i].made_ms / 1000;
    n += made >= second - 59 && made <= second;
  }
  *span_ms = t < 60000 ? t : 60000;
  if (n == 0 || *span_ms < 10000)
    *span_ms = 0;
  return n;
}

static double outflow(const struct line *q, int64_t t)
{
  int64_t span, n = flow(q, t, &span);
  return span ? 1000.0 * (double)n / (double)span : -1.0;
}

static int64_t eta(const struct line *q, int64_t t, uint64_t position)
{
  int64_t span, n = flow(q, t, &span);
  if (span == 0 || q->policy.mode == QK_MODE_HOLD || q->policy.mode == QK_MODE_CLOSED)
    return -1;
  return ((int64_t)position * span + n - 1) / n;
}

static void show(const struct oracle *o, const struct line *q, const struct person *p, uint64_t position,
                 qk_ticket *out)
{
  int64_t t = time_of(o, q);
  out->state = p->state;
  out->cls = p->cls;
  out->number = p->number;
  out->waiting = in_state(q, QK_WAITING);
  names_user(p->user, out->user);
  if (p->state == QK_WAITING) {
    out->position = position;
    out->eta_ms = eta(q, t, position);
  } else if (p->state != QK_NONE) {
    out->extends = p->extends;
    out->expires_at_ms = o->now_ms + (p->end_ms - t);
  }
}

static void show_now(const struct oracle *o, const struct line *q, const struct person *p, qk_ticket *out)
{
  show(o, q, p, p->state == QK_WAITING ? position_of(q, p) : 0, out);
}

/* ---- The verbs (design.md 3) ------------------------------------------------------------------- */

static void create(const struct oracle *o, struct line *q, const qk_policy *policy)
{
  memset(q, 0, sizeof *q);
  q->exists = 1;
  q->policy = *policy;
  q->clock_ms = o->now_ms;
}

static int enter_new(struct oracle *o, struct line *q, const struct oracle_call *call, struct person *dead,
                     qk_ticket *out)
{
  const qk_policy *policy = q->exists ? &q->policy : &o->defaults;
  out->waiting = q->exists ? in_state(q, QK_WAITING) : 0;
  if (policy->mode == QK_MODE_DRAIN || policy->mode == QK_MODE_CLOSED)
    return QK_ECLOSED;
  if (policy->max_waiting && out->waiting >= policy->max_waiting && policy->mode != QK_MODE_BYPASS)
    return QK_EFULL;
  if (!q->exists)
    create(o, q, &o->defaults);
  keep_time(o, q);
  if (dead)
    end_over(o, q, dead);
  int nobody_waits = !head_of(q);
  q->people = grown(q->people, q->count, &q->room, sizeof *q->people);
  struct person *p = &q->people[q->count++];
  *p = (struct person){.user = call->user,
                       .cls = call->cls,
                       .state = QK_WAITING,
                       .number = ++q->last_number,
                       .entered_ms = q->time_ms,
                       .polled_ms = q->time_ms};
  q->totals.entered++;
  happened(o, q, QK_EVENT_ENTERED, p);
  if (q->policy.mode == QK_MODE_BYPASS || (q->policy.eager && nobody_waits && may_admit(q)))
    admit(o, q, p);
  show_now(o, q, p, out);
  out->fresh = 1;
  return QK_OK;
}

static void enter_again(struct oracle *o, struct line *q, struct person *p)
{
  keep_time(o, q);
  if (p->state != QK_WAITING)
    return;
  if (q->time_ms > p->polled_ms)
    p->polled_ms = q->time_ms;
  if (q->policy.mode == QK_MODE_BYPASS)
    admit(o, q, p);
}

static void poll(struct oracle *o, struct line *q, struct person *p)
{
  int64_t t = time_of(o, q);
  if (p->state == QK_WAITING && t > p->polled_ms)
    p->polled_ms = t;
}

static int activate(struct oracle *o, struct line *q, struct person *p)
{
  if (p->state == QK_WAITING)
    return QK_ENOTREADY;
  keep_time(o, q);
  if (p->state == QK_READY) {
    p->state = QK_ACTIVE;
    p->end_ms = q->time_ms + q->policy.active_ms;
    q->totals.activated++;
    happened(o, q, QK_EVENT_ACTIVATED, p);
  }
  return QK_OK;
}

static int extend(struct oracle *o, struct line *q, struct person *p)
{
  if (p->state != QK_ACTIVE)
    return QK_ENOTACTIVE;
  if (p->extends >= q->policy.max_extends)
    return QK_ELIMIT;
  keep_time(o, q);
  p->extends++;
  if (q->time_ms + q->policy.active_ms > p->end_ms)
    p->end_ms = q->time_ms + q->policy.active_ms;
  happened(o, q, QK_EVENT_EXTENDED, p);
  return QK_OK;
}

static int release(struct oracle *o, struct line *q, struct person *p, qk_ticket *out)
{
  struct person gone = *p;
  keep_time(o, q);
  if (p->state == QK_ACTIVE)
    q->totals.completed++;
  else
    q->totals.left++;
  happened(o, q, p->state == QK_ACTIVE ? QK_EVENT_COMPLETED : QK_EVENT_LEFT, p);
  forget(q, p);
  struct person *next = q->policy.eager && gone.state != QK_WAITING ? next_in(q) : NULL;
  if (next)
    admit(o, q, next);
  gone.state = QK_NONE;
  show(o, q, &gone, 0, out);
  return QK_OK;
}

static int run(struct oracle *o, struct line *q, int32_t verb, struct person *p, qk_ticket *out)
{
  int code = QK_OK;
  if (verb == QK_RELEASE)
    return release(o, q, p, out);
  if (verb == QK_ENTER)
    enter_again(o, q, p);
  else if (verb == QK_POLL)
    poll(o, q, p);
  else
    code = verb == QK_ACTIVATE ? activate(o, q, p) : extend(o, q, p);
  show_now(o, q, p, out);
  return code;
}

int oracle_verb(struct oracle *o, const struct oracle_call *call, qk_ticket *out)
{
  struct line *q = &o->lines[call->queue];
  struct person *p = q->exists ? find(q, call->user) : NULL;
  int dead = p && p->state != QK_WAITING && p->end_ms <= time_of(o, q);
  memset(out, 0, sizeof *out);
  strcpy(out->queue, names_queue(call->queue));
  names_user(call->user, out->user);
  if (call->by_token && (!p || dead || q->epoch != call->epoch || p->number != call->number))
    return QK_EEXPIRED;
  if (p && !dead)
    return run(o, q, call->verb, p, out);
  if (call->verb != QK_ENTER || (!q->exists && !o->create))
    return QK_ENOTFOUND;
  return enter_new(o, q, call, p, out);
}

/* ---- The tick ---------------------------------------------------------------------------------- */

/* Logical ms until the window has room again; it has none now. */
static int64_t until_room(const struct line *q)
{
  int64_t best = INT64_MAX;
  for (size_t i = 0; i < q->admission_count; i++) {
    int64_t x = q->admissions[i].rate_ms;
    int64_t leaves = x < 0 ? 0 : leaves_window(x, q->policy.rate_window_ms);
    if (leaves > q->time_ms && leaves < best && in_window(q, leaves) < q->policy.rate)
      best = leaves;
  }
  return best - q->time_ms;
}

static int64_t next_call(const struct line *q)
{
  int64_t next = step_of(&q->policy);
  for (size_t i = 0; i < q->count; i++) {
    int64_t end = end_of(q, &q->people[i]);
    if (end != INT64_MAX && end - q->time_ms < next)
      next = end - q->time_ms;
  }
  int rate_alone =
      head_of(q) && q->policy.mode != QK_MODE_BYPASS && mode_admits(q) && seats_allow(q) && !rate_allows(q);
  if (rate_alone && until_room(q) < next)
    next = until_room(q);
  return next < (int64_t)UINT32_MAX ? next : (int64_t)UINT32_MAX;
}

static void tick_line(struct oracle *o, struct line *q, qk_tick_report *out)
{
  uint64_t budget = o->budget ? o->budget : UINT64_MAX, lapsed = q->totals.lapsed,
           expired = q->totals.expired;
  struct person *p;
  keep_time(o, q);
  for (uint64_t n = 0; n < budget && (p = first_over(q, 0, q->time_ms)); n++)
    end_over(o, q, p);
  for (uint64_t n = 0; n < budget && (p = first_over(q, 1, q->time_ms)); n++) {
    end_over(o, q, p);
    out->dropped++;
  }
  for (uint64_t n = 0; n < budget && (p = next_in(q)); n++) {
    admit(o, q, p);
    out->admitted++;
  }
  out->queues++;
  out->lapsed += q->totals.lapsed - lapsed;
  out->expired += q->totals.expired - expired;
  out->waiting += in_state(q, QK_WAITING);
  out->ready += in_state(q, QK_READY);
  out->active += in_state(q, QK_ACTIVE);
  if (first_over(q, 0, q->time_ms) || first_over(q, 1, q->time_ms) || next_in(q))
    out->more = 1;
  else if (next_call(q) < (int64_t)out->next_ms)
    out->next_ms = (uint32_t)next_call(q);
}

int oracle_tick(struct oracle *o, uint32_t queue, qk_tick_report *out)
{
  memset(out, 0, sizeof *out);
  if (queue != ORACLE_ALL && !o->lines[queue].exists)
    return QK_ENOTFOUND;
  out->next_ms = UINT32_MAX;
  for (uint32_t i = 0; i < NAMES_QUEUES; i++)
    if (o->lines[i].exists && (queue == ORACLE_ALL || queue == i))
      tick_line(o, &o->lines[i], out);
  if (out->more)
    out->next_ms = 0;
  return QK_OK;
}

/* ---- Settings and views ------------------------------------------------------------------------ */

void oracle_set_policy(struct oracle *o, uint32_t queue, const qk_policy *policy)
{
  struct line *q = &o->lines[queue];
  if (!q->exists) {
    create(o, q, policy);
    return;
  }
  qk_policy old = q->policy;
  keep_time(o, q);
  if (policy->rate_window_ms != old.rate_window_ms)
    for (size_t i = 0; i < q->admission_count; i++) {
      int64_t *x = &q->admissions[i].rate_ms;
      *x = *x >= 0 && q->time_ms < leaves_window(*x, old.rate_window_ms) ? q->time_ms : -1;
    }
  if ((old.idle_ms == 0 && policy->idle_ms != 0) || policy->idle_ms < old.idle_ms)
    q->all_polled_ms = q->time_ms;
  q->policy = *policy;
  q->policy.mode = old.mode;
}

void oracle_set_mode(struct oracle *o, uint32_t queue, uint32_t mode)
{
  struct line *q = &o->lines[queue];
  if (!q->exists)
    create(o, q, &o->defaults);
  keep_time(o, q);
  q->policy.mode = mode;
}

int oracle_remove(struct oracle *o, uint32_t queue)
{
  struct line *q = &o->lines[queue];
  if (!q->exists)
    return QK_ENOTFOUND;
  free(q->people);
  free(q->admissions);
  memset(q, 0, sizeof *q);
  return QK_OK;
}

int oracle_stats(const struct oracle *o, uint32_t queue, qk_stats *out)
{
  const struct line *q = &o->lines[queue];
  memset(out, 0, sizeof *out);
  if (!q->exists)
    return QK_ENOTFOUND;
  int64_t t = time_of(o, q);
  const struct person *head = head_of(q);
  *out = q->totals;
  out->waiting = in_state(q, QK_WAITING);
  out->ready = in_state(q, QK_READY);
  out->active = in_state(q, QK_ACTIVE);
  out->last_number = q->last_number;
  out->now_ms = o->now_ms;
  out->head_age_ms = head ? t - head->entered_ms : 0;
  out->outflow_per_s = outflow(q, t);
  return QK_OK;
}

int oracle_cursor(const struct oracle *o, uint32_t queue, qk_cursor *out)
{
  const struct line *q = &o->lines[queue];
  memset(out, 0, sizeof *out);
  if (!q->exists)
    return QK_ENOTFOUND;
  out->last = q->last_number;
  out->at_ms = o->now_ms;
  out->outflow_per_s = outflow(q, time_of(o, q));
  for (uint32_t cls = 0; cls < 8; cls++) {
    out->highest[cls] = q->highest[cls];
    out->head[cls] = q->last_number + 1;
  }
  for (size_t i = q->count; i-- > 0;)
    if (q->people[i].state == QK_WAITING) {
      out->head[q->people[i].cls] = q->people[i].number;
      out->waiting[q->people[i].cls]++;
    }
  return QK_OK;
}

int oracle_list(const struct oracle *o, uint32_t queue, uint32_t cls, uint64_t after, qk_ticket *out,
                size_t max)
{
  const struct line *q = &o->lines[queue];
  uint64_t position = 0;
  size_t n = 0;
  if (!q->exists)
    return QK_ENOTFOUND;
  for (uint32_t c = 0; c < 8; c++)
    for (size_t i = 0; i < q->count; i++) {
      const struct person *p = &q->people[i];
      if (p->state != QK_WAITING || p->cls != c)
        continue;
      position++;
      if (c < cls || (c == cls && p->number <= after) || n == max || n == 1000)
        continue;
      memset(&out[n], 0, sizeof *out);
      strcpy(out[n].queue, names_queue(queue));
      show(o, q, p, position, &out[n++]);
    }
  return (int)n;
}

void oracle_init(struct oracle *o, const qk_policy *defaults, uint32_t budget, uint32_t creates)
{
  memset(o, 0, sizeof *o);
  o->defaults = *defaults;
  o->budget = budget;
  o->create = creates;
}

void oracle_finish(struct oracle *o)
{
  for (uint32_t i = 0; i < NAMES_QUEUES; i++) {
    free(o->lines[i].people);
    free(o->lines[i].admissions);
  }
  free(o->events);
}
