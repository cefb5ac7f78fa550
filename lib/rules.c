#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "window.h"

#define RATE_PARTS 50
#define CLOCK_SLACK_MS 1000 /* threads and hosts read the clock out of order */

/* ---- Time ---- */

static int64_t quarter(int64_t step, uint32_t ms)
{
  if (ms == 0)
    return step;
  int64_t part = ms / 4 > 0 ? ms / 4 : 1;
  return part < step ? part : step;
}

int64_t qki_step_ms(const qk_policy *policy)
{
  if (policy->clock_step_ms == 0)
    return INT64_MAX;
  int64_t step = policy->clock_step_ms;
  step = quarter(step, policy->ready_ms);
  step = quarter(step, policy->active_ms);
  return quarter(step, policy->idle_ms);
}

struct qki_now qki_now(const qk_queue_state *state, int64_t clock_ms)
{
  struct qki_now now = {.clock_ms = clock_ms, .time_ms = state->time_ms};
  int64_t passed = clock_ms - state->clock_ms;
  if (passed > 0) {
    int64_t step = qki_step_ms(&state->policy);
    now.time_ms += passed < step ? passed : step;
  }
  return now;
}

static void settle(qk_queue_state *state, struct qki_now now)
{
  state->time_ms = now.time_ms;
  if (now.clock_ms > state->clock_ms || now.clock_ms < state->clock_ms - CLOCK_SLACK_MS)
    state->clock_ms = now.clock_ms;
  state->changes++;
}

static void log_slow_time(const qk_queue *queue, int64_t moved_ms, int64_t passed_ms)
{
  char text[128];
  snprintf(text, sizeof text, "queue time moved %lld ms of %lld: nobody ticked within the clock step",
           (long long)moved_ms, (long long)passed_ms);
  qk_host_log(queue->host, 1, QK_OK, queue->name->text, text);
}

void qki_settle(const qk_queue *queue, struct qki_now now)
{
  qk_queue_state *state = queue->state;
  int64_t passed_ms = now.clock_ms - state->clock_ms, moved_ms = now.time_ms - state->time_ms;
  settle(state, now);
  if (passed_ms > moved_ms && passed_ms > 0)
    log_slow_time(queue, moved_ms, passed_ms);
}

/* ---- The rate window ----
 * With w = max(1, ceil(window / 50)) an admission at x belongs to slot floor(x / w) and counts until
 * slot * w + w - 1 + window, exclusive: never less than window, so that no window of that length holds more
 * than rate. */

static int64_t slot_ms(const qk_policy *policy)
{
  return (policy->rate_window_ms + RATE_PARTS - 1) / RATE_PARTS;
}

static int64_t oldest_slot(const qk_policy *policy, int64_t time_ms)
{
  int64_t before = time_ms - policy->rate_window_ms - slot_ms(policy) + 1;
  return before < 0 ? 0 : before / slot_ms(policy) + 1;
}

static uint64_t rate_used(const qk_queue_state *state, int64_t time_ms)
{
  return qki_window_sum(&state->rate, oldest_slot(&state->policy, time_ms));
}

int64_t qki_rate_wait_ms(const qk_queue_state *state, int64_t time_ms)
{
  const qk_policy *policy = &state->policy;
  if (policy->rate == 0)
    return 0;
  uint64_t used = rate_used(state, time_ms);
  int64_t width = slot_ms(policy), end_ms = time_ms;
  for (int64_t slot = oldest_slot(policy, time_ms); used >= policy->rate; slot++) {
    used -= qki_window_count(&state->rate, slot);
    end_ms = slot * width + width - 1 + policy->rate_window_ms;
  }
  return end_ms - time_ms;
}

/* ---- Admission ---- */

static uint64_t free_seats(const qk_queue_state *state, uint64_t freed)
{
  uint64_t taken = state->ready + state->active - freed;
  return taken < state->policy.max_active ? state->policy.max_active - taken : 0;
}

static int admits(uint32_t mode)
{
  return mode == QK_MODE_OPEN || mode == QK_MODE_DRAIN;
}

int qki_seats_open(const qk_queue_state *state)
{
  return state->policy.mode == QK_MODE_BYPASS || (admits(state->policy.mode) && free_seats(state, 0) > 0);
}

uint64_t qki_room(const qk_queue_state *state, int64_t time_ms, uint64_t freed)
{
  const qk_policy *policy = &state->policy;
  if (policy->mode == QK_MODE_BYPASS)
    return UINT64_MAX;
  if (!admits(policy->mode))
    return 0;
  uint64_t seats = free_seats(state, freed);
  if (seats == 0 || policy->rate == 0)
    return seats;
  uint64_t used = rate_used(state, time_ms);
  uint64_t left = used < policy->rate ? policy->rate - used : 0;
  return left < seats ? left : seats;
}

int qki_is_idle(const qk_queue_state *state, const qk_entry *entry, int64_t time_ms)
{
  int64_t polled = entry->time_ms > state->polled_ms ? entry->time_ms : state->polled_ms;
  return state->policy.idle_ms > 0 && time_ms - polled >= state->policy.idle_ms;
}

/* ---- Totals ---- */

void qki_count_admission(qk_queue_state *state, const qk_entry *entry, int64_t time_ms)
{
  state->ready++;
  state->admitted++;
  if (entry->number > state->highest[entry->cls])
    state->highest[entry->cls] = entry->number;
  qki_window_add(&state->rate, time_ms / slot_ms(&state->policy), 1);
  qki_window_add(&state->outflow, time_ms / 1000, 1);
}

static uint64_t *total_of(qk_queue_state *state, int32_t type)
{
  switch (type) {
  case QK_EVENT_DROPPED:
    return &state->dropped;
  case QK_EVENT_LAPSED:
    return &state->lapsed;
  case QK_EVENT_EXPIRED:
    return &state->expired;
  case QK_EVENT_COMPLETED:
    return &state->completed;
  default:
    return &state->left;
  }
}

void qki_count_end(qk_queue_state *state, const qk_entry *entry, int32_t type)
{
  if (entry->state == QK_WAITING)
    state->waiting[entry->cls]--;
  else if (entry->state == QK_READY)
    state->ready--;
  else
    state->active--;
  ++*total_of(state, type);
}

int32_t qki_release_type(const qk_entry *entry)
{
  return entry->state == QK_ACTIVE ? QK_EVENT_COMPLETED : QK_EVENT_LEFT;
}

int32_t qki_over_type(const qk_entry *entry)
{
  return entry->state == QK_ACTIVE ? QK_EVENT_EXPIRED : QK_EVENT_LAPSED;
}

void qki_emit(const qk_queue *queue, int32_t type, const qk_entry *entry, int64_t now_ms)
{
  char user[QK_USER_MAX + 1];
  if (!qk_host_listens(queue->host))
    return;
  memcpy(user, entry->user, entry->user_len);
  user[entry->user_len] = '\0';
  qk_event event = {.type = type,
                    .cls = entry->cls,
                    .queue = queue->name->text,
                    .user = user,
                    .number = entry->number,
                    .epoch = queue->state->epoch,
                    .at_ms = now_ms};
  qk_host_event(queue->host, &event);
}

/* ---- A queue's beginning and its policy ---- */

int qk_rules_create(qk_host *host, qk_queue_state *state, const qk_policy *policy, int64_t now_ms)
{
  uint64_t random;
  memset(state, 0, sizeof *state);
  do {
    int code = qk_host_random(host, &random, sizeof random);
    if (code != QK_OK)
      return code;
    state->epoch = random & QK_INTEGER_MAX;
  } while (state->epoch == 0);
  state->clock_ms = now_ms;
  state->policy = policy ? *policy : *qk_host_policy(host);
  return QK_OK;
}

/* The admissions of the old window count as made now: nobody gains by a change. */
static void change_window(qk_queue_state *state, const qk_policy *policy)
{
  uint64_t used = rate_used(state, state->time_ms);
  memset(&state->rate, 0, sizeof state->rate);
  qki_window_add(&state->rate, state->time_ms / slot_ms(policy), used);
}

void qk_rules_set_policy(qk_queue_state *state, const qk_policy *policy, int set_mode, int64_t now_ms)
{
  uint32_t idle_before = state->policy.idle_ms, mode = state->policy.mode;
  settle(state, qki_now(state, now_ms));
  if (policy->idle_ms > 0 && (idle_before == 0 || policy->idle_ms < idle_before))
    state->polled_ms = state->time_ms;
  if (policy->rate_window_ms != state->policy.rate_window_ms)
    change_window(state, policy);
  state->policy = *policy;
  if (!set_mode)
    state->policy.mode = mode;
}

void qk_rules_set_mode(qk_queue_state *state, uint32_t mode, int64_t now_ms)
{
  settle(state, qki_now(state, now_ms));
  state->policy.mode = mode;
}
