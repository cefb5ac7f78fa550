/* One step of a tick: end what is over, drop who is idle, admit; strictly in this order, so that steps in
 * sequence do what one step of unbounded size would. */
#include "moves.h"

/* People in a row with equal times: one record for all of them. */
struct run {
  int64_t ms;
  uint64_t n;
  void (*record)(qk_times *times, int64_t ms, uint64_t n);
};

/* A step under way. */
struct step {
  const qk_queue *queue;
  qk_queue_state *state;
  qk_slice *slice;
  struct qki_now now;
  uint32_t left; /* people that this step may still move */
  struct run waits, stays;
};

/* A phase returns DONE (go on with the next), PAUSED (the step is full), or a code. */
enum { DONE = 0, PAUSED = 1 };

/* ---- Times. A step that the backend undoes may have been measured in part. ---- */

static void flush(const struct step *step, struct run *run)
{
  if (run->n > 0)
    run->record(step->queue->times, run->ms, run->n);
  run->n = 0;
}

static void note(const struct step *step, struct run *run, int64_t ms)
{
  if (ms != run->ms)
    flush(step, run);
  run->ms = ms;
  run->n++;
}

/* ---- Phases ---- */

static int end_seats(struct step *step)
{
  const qk_queue *queue = step->queue;
  qk_slice *slice = step->slice;
  for (;;) {
    qk_entry entry;
    int got = queue->ops->due(queue->people, &entry);
    if (got <= 0 || !qki_is_over(&entry, step->now.time_ms))
      return got < 0 ? got : DONE;
    if (slice->may_end == 0) {
      slice->more = 1;
      return DONE;
    }
    if (step->left == 0)
      return PAUSED;
    int code = qki_end(queue, &entry, qki_over_type(&entry), step->now);
    if (code != QK_OK)
      return code;
    ++*(entry.state == QK_ACTIVE ? &slice->expired : &slice->lapsed);
    if (entry.state == QK_ACTIVE)
      note(step, &step->stays, qki_stay_ms(&entry, step->now.time_ms));
    slice->may_end--;
    step->left--;
  }
}

static int64_t polled_ms(const qk_queue_state *state, const qk_entry *entry)
{
  return entry->time_ms > state->polled_ms ? entry->time_ms : state->polled_ms;
}

static int is_staler(const qk_queue_state *state, const qk_entry *a, const qk_entry *b)
{
  int64_t polled_a = polled_ms(state, a), polled_b = polled_ms(state, b);
  return polled_a < polled_b || (polled_a == polled_b && a->number < b->number);
}

/* Who of all classes polled longest ago, if until_ms or before. 1, 0, or a code (QK_EAGAIN: look again in the
 * next step). */
static int find_stalest(struct step *step, int64_t until_ms, qk_entry *out)
{
  const qk_queue *queue = step->queue;
  int found = 0;
  for (uint32_t cls = 0; cls < QK_CLASSES; cls++) {
    qk_entry entry;
    if (step->state->waiting[cls] == 0)
      continue;
    int got = queue->ops->stalest(queue->people, cls, step->state->polled_ms, until_ms, &entry);
    if (got < 0)
      return got;
    if (got == 0)
      continue;
    if (!found || is_staler(step->state, &entry, out))
      *out = entry;
    found = 1;
  }
  return found;
}

static int drop_idle(struct step *step)
{
  qk_slice *slice = step->slice;
  int64_t idle_ms = step->state->policy.idle_ms;
  while (idle_ms > 0) {
    qk_entry entry;
    int got = find_stalest(step, step->now.time_ms - idle_ms, &entry);
    if (got == QK_EAGAIN)
      return PAUSED;
    if (got <= 0)
      return got;
    if (slice->may_drop == 0) {
      slice->more = 1;
      return DONE;
    }
    if (step->left == 0)
      return PAUSED;
    int code = qki_end(step->queue, &entry, QK_EVENT_DROPPED, step->now);
    if (code != QK_OK)
      return code;
    slice->dropped++;
    slice->may_drop--;
    step->left--;
  }
  return DONE;
}

static int admit(struct step *step)
{
  const qk_queue *queue = step->queue;
  qk_slice *slice = step->slice;
  uint64_t room = qki_room(step->state, step->now.time_ms, 0);
  for (; room > 0; room--) {
    qk_entry head;
    int got = qki_head(queue, &head);
    if (got <= 0 || qki_is_idle(step->state, &head, step->now.time_ms))
      return got < 0 ? got : DONE;
    if (slice->may_admit == 0) {
      slice->more = 1;
      return DONE;
    }
    if (step->left == 0)
      return PAUSED;
    int code = queue->ops->reserve(queue->people, NULL, NULL);
    if (code == QK_ENOMEM && step->left < slice->max)
      return PAUSED; /* keep what is done; the next step fails with nothing changed */
    if (code == QK_OK)
      code = qki_admit(queue, &head, step->now);
    if (code != QK_OK)
      return code;
    note(step, &step->waits, step->now.time_ms - head.since_ms);
    slice->admitted++;
    slice->may_admit--;
    step->left--;
  }
  return DONE;
}

static int64_t sooner(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/* How long until this queue wants a tick again. Returns as a phase does. */
static int find_next(struct step *step, int64_t *next_ms)
{
  const qk_queue *queue = step->queue;
  const qk_policy *policy = &step->state->policy;
  int64_t next = qki_step_ms(policy);
  qk_entry entry;
  int got = queue->ops->due(queue->people, &entry);
  if (got < 0)
    return got;
  if (got)
    next = sooner(next, entry.time_ms - step->now.time_ms);
  if (qki_waiting(step->state) > 0 && qki_seats_open(step->state) && policy->mode != QK_MODE_BYPASS &&
      policy->rate > 0) {
    int64_t wait_ms = qki_rate_wait_ms(step->state, step->now.time_ms);
    next = wait_ms > 0 ? sooner(next, wait_ms) : next;
  }
  if (policy->idle_ms > 0) {
    int64_t idle_from_ms = step->now.time_ms - policy->idle_ms;
    got = find_stalest(step, next == INT64_MAX ? next : idle_from_ms + next, &entry);
    if (got < 0)
      return got == QK_EAGAIN ? PAUSED : got;
    if (got)
      next = sooner(next, polled_ms(step->state, &entry) - idle_from_ms);
  }
  *next_ms = next;
  return DONE;
}

static int finish(struct step *step)
{
  qk_slice *slice = step->slice;
  int64_t next_ms = 0;
  if (!slice->more) {
    int got = find_next(step, &next_ms);
    if (got != DONE)
      return got;
  }
  slice->next_ms = next_ms < UINT32_MAX ? (uint32_t)next_ms : UINT32_MAX;
  return DONE;
}

int qk_rules_slice(const qk_queue *queue, qk_slice *slice)
{
  static int (*const phases[])(struct step *) = {end_seats, drop_idle, admit, finish};
  qk_queue_state *state = queue->state;
  struct step step = {.queue = queue,
                      .state = state,
                      .slice = slice,
                      .now = qki_now(state, slice->now_ms),
                      .left = slice->max,
                      .waits.record = qk_times_waited,
                      .stays.record = qk_times_stayed};
  slice->admitted = slice->lapsed = slice->expired = slice->dropped = 0;
  slice->more = slice->next_ms = slice->unfinished = 0;
  for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
    int got = phases[i](&step);
    if (got < 0)
      return got;
    if (got == PAUSED) {
      slice->unfinished = 1;
      break;
    }
  }
  flush(&step, &step.waits);
  flush(&step, &step.stays);
  qki_settle(queue, step.now);
  slice->waiting = qki_waiting(state);
  slice->ready = state->ready;
  slice->active = state->active;
  return QK_OK;
}
