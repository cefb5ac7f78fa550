#include "views.h"

#include <string.h>

#include "moves.h"
#include "pacing.h"

static void fill(const qk_queue *queue, const qk_entry *entry, struct qki_now now, uint64_t position,
                 qk_ticket *ticket)
{
  const qk_queue_state *state = queue->state;
  ticket->state = entry->state;
  ticket->cls = entry->cls;
  ticket->number = entry->number;
  ticket->epoch = state->epoch;
  ticket->waiting = qki_waiting(state);
  if (entry->state == QK_WAITING) {
    qk_pace pace = qki_pace_at(state, now.time_ms);
    qk_pace_ticket(&pace, position, ticket);
  }
  if (entry->state == QK_READY || entry->state == QK_ACTIVE) {
    ticket->extends = entry->extends;
    ticket->expires_at_ms = now.clock_ms + (entry->time_ms - now.time_ms);
  }
}

int qki_show(const qk_queue *queue, const qk_entry *entry, struct qki_now now, qk_ticket *ticket)
{
  uint64_t ahead = 0;
  if (!ticket)
    return QK_OK;
  if (entry->state == QK_WAITING) {
    int code = queue->ops->ahead(queue->people, entry, &ahead);
    if (code != QK_OK)
      return code;
  }
  fill(queue, entry, now, qki_waiting_before(queue->state, entry->cls) + ahead + 1, ticket);
  return QK_OK;
}

void qki_show_new(const qk_queue *queue, const qk_entry *entry, struct qki_now now, qk_ticket *ticket)
{
  if (!ticket)
    return;
  fill(queue, entry, now, qki_waiting_before(queue->state, entry->cls + 1), ticket);
  ticket->fresh = 1;
}

int qk_rules_stats(const qk_queue *queue, int64_t now_ms, qk_stats *out)
{
  const qk_queue_state *state = queue->state;
  int64_t time_ms = qki_now(state, now_ms).time_ms;
  qk_pace pace = qki_pace_at(state, time_ms);
  qk_entry head;
  int got = qki_head(queue, &head);
  if (got < 0)
    return got;
  *out = (qk_stats){.waiting = qki_waiting(state),
                    .ready = state->ready,
                    .active = state->active,
                    .entered = state->entered,
                    .admitted = state->admitted,
                    .activated = state->activated,
                    .left = state->left,
                    .dropped = state->dropped,
                    .lapsed = state->lapsed,
                    .expired = state->expired,
                    .completed = state->completed,
                    .last_number = state->last_number,
                    .now_ms = now_ms,
                    .head_age_ms = got ? time_ms - head.since_ms : 0,
                    .outflow_per_s = qk_pace_outflow(&pace)};
  return QK_OK;
}

int qk_rules_cursor(const qk_queue *queue, int64_t now_ms, qk_cursor *out)
{
  const qk_queue_state *state = queue->state;
  qk_pace pace = qki_pace_at(state, qki_now(state, now_ms).time_ms);
  qk_cursor cursor = {.epoch = state->epoch,
                      .last = state->last_number,
                      .lost_from = state->lost_from,
                      .lost_to = state->lost_to,
                      .at_ms = now_ms,
                      .outflow_per_s = qk_pace_outflow(&pace)};
  for (uint32_t cls = 0; cls < QK_CLASSES; cls++) {
    qk_entry head = {.number = state->last_number + 1};
    int got = state->waiting[cls] > 0 ? queue->ops->next(queue->people, cls, 0, &head) : 0;
    if (got < 0)
      return got;
    cursor.highest[cls] = state->highest[cls];
    cursor.head[cls] = head.number;
    cursor.waiting[cls] = state->waiting[cls];
  }
  *out = cursor;
  return QK_OK;
}

static void list_one(const qk_queue *queue, struct qki_now now, const qk_entry *entry, uint64_t position,
                     qk_ticket *out)
{
  memset(out, 0, sizeof *out);
  memcpy(out->queue, queue->name->text, queue->name->len);
  memcpy(out->user, entry->user, entry->user_len);
  fill(queue, entry, now, position, out);
}

int qk_rules_list(const qk_queue *queue, int64_t now_ms, uint32_t cls, uint64_t after, qk_ticket *out,
                  size_t max)
{
  struct qki_now now = qki_now(queue->state, now_ms);
  size_t n = 0;
  for (; cls < QK_CLASSES; cls++, after = 0) {
    uint64_t position = 0;
    while (n < max && queue->state->waiting[cls] > 0) {
      qk_entry entry;
      int got = queue->ops->next(queue->people, cls, after, &entry);
      if (got == 0)
        break;
      uint64_t ahead = 0;
      if (got > 0 && position == 0) {
        got = queue->ops->ahead(queue->people, &entry, &ahead);
        position = qki_waiting_before(queue->state, cls) + ahead;
      }
      if (got < 0)
        return got;
      list_one(queue, now, &entry, ++position, &out[n++]);
      after = entry.number;
    }
  }
  return (int)n;
}
