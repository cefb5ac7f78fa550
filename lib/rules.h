/* Decisions about one queue: pure functions over its state, no people, no storage, no clock. */
#ifndef QKI_RULES_H
#define QKI_RULES_H

#include <qk_backend.h>

/* The longest bit of clock that one call may turn into logical time; INT64_MAX = no bound. */
int64_t qki_step_ms(const qk_policy *policy);
/* The time of a call: the store's clock, and the logical time that it makes. */
struct qki_now {
  int64_t clock_ms, time_ms;
};
struct qki_now qki_now(const qk_queue_state *state, int64_t clock_ms);
/* Store the time of a call that returns QK_OK. Logs when the step held time back. */
void qki_settle(const qk_queue *queue, struct qki_now now);

/* People in line, all classes; people waiting in classes before cls. */
static inline uint64_t qki_waiting_before(const qk_queue_state *state, uint32_t cls)
{
  uint64_t sum = 0;
  for (uint32_t c = 0; c < cls; c++)
    sum += state->waiting[c];
  return sum;
}

static inline uint64_t qki_waiting(const qk_queue_state *state)
{
  const uint64_t *n = state->waiting;
  return n[0] + n[1] + n[2] + n[3] + n[4] + n[5] + n[6] + n[7];
}

/* How many may be admitted now as far as mode, seats and rate say. freed seats count as free already. */
uint64_t qki_room(const qk_queue_state *state, int64_t time_ms, uint64_t freed);
/* How long until the rate lets one in: 0 if it does now. */
int64_t qki_rate_wait_ms(const qk_queue_state *state, int64_t time_ms);
/* 1 if seats and mode let somebody in, whatever the rate says. */
int qki_seats_open(const qk_queue_state *state);

/* Is the time of a seat up? Is the idle time of somebody who waits? */
static inline int qki_is_over(const qk_entry *entry, int64_t time_ms)
{
  return entry->state != QK_WAITING && time_ms >= entry->time_ms;
}

/* How long somebody was ACTIVE whose end is now or was the deadline; -1 if they never were. */
static inline int64_t qki_stay_ms(const qk_entry *entry, int64_t time_ms)
{
  int64_t end_ms = entry->time_ms < time_ms ? entry->time_ms : time_ms;
  return entry->state == QK_ACTIVE ? end_ms - entry->since_ms : -1;
}

int qki_is_idle(const qk_queue_state *state, const qk_entry *entry, int64_t time_ms);

/* Count an admission in totals, rate and outflow: of somebody who waits, or of a newcomer. */
void qki_count_admission(qk_queue_state *state, const qk_entry *entry, int64_t time_ms);
/* Count the end of an entry in its present state as type (QK_EVENT_LEFT to QK_EVENT_COMPLETED, LAPSED,
 * EXPIRED). */
void qki_count_end(qk_queue_state *state, const qk_entry *entry, int32_t type);
/* What the end of a live entry by release, or of a dead seat, is called. */
int32_t qki_release_type(const qk_entry *entry);
int32_t qki_over_type(const qk_entry *entry);

/* Queue an event about entry, if anybody listens. */
void qki_emit(const qk_queue *queue, int32_t type, const qk_entry *entry, int64_t now_ms);

#endif
