#include "glance.h"

#define CURSOR_MS 500
#define FLOW_SPAN_MS 60000
#define SURE_PLACES 1000 /* nearer the head than this, or ... */
#define SURE_SECONDS 10  /* ... than what flows out in this time, the store is asked */

void glance_init(struct glance *glance, const struct scene *scene, qk_store *store)
{
  *glance = (struct glance){.scene = scene, .store = store, .read_ms = -1};
}

static int read_anew(struct glance *glance, int64_t now_ms)
{
  qk_policy policy;
  int64_t span_ms = now_ms < FLOW_SPAN_MS ? now_ms : FLOW_SPAN_MS;
  if (glance->read_ms >= 0 && now_ms - glance->read_ms < CURSOR_MS)
    return QK_OK;
  int code = qk_get_cursor(glance->store, SCENE_QUEUE, &glance->cursor);
  if (code == QK_OK)
    code = qk_get_policy(glance->store, SCENE_QUEUE, &policy);
  if (code != QK_OK)
    return code;
  double outflow = glance->cursor.outflow_per_s;
  glance->read_ms = now_ms;
  glance->pace = (qk_pace){.epoch = glance->cursor.epoch,
                           .time_ms = now_ms,
                           .admitted = outflow > 0 ? (uint64_t)(outflow * (double)span_ms / 1000 + 0.5) : 0,
                           .waiting = glance->cursor.waiting[0],
                           .mode = policy.mode,
                           .idle_ms = policy.idle_ms};
  return QK_OK;
}

int glance_answer(struct glance *glance, int64_t now_ms, qk_ticket *ticket)
{
  const qk_cursor *cursor = &glance->cursor;
  if (read_anew(glance, now_ms) != QK_OK)
    return 0;
  if (ticket->number <= cursor->highest[0] || ticket->number > cursor->last)
    return 0;
  uint64_t position = ticket->number - cursor->head[0] + 1;
  if (position <= SURE_PLACES || (double)position <= SURE_SECONDS * cursor->outflow_per_s)
    return 0;
  qk_pace pace = glance->pace;
  pace.time_ms = now_ms;
  ticket->epoch = pace.epoch;
  /* Of the numbers in front only a share still waits. */
  uint64_t line = cursor->last - cursor->head[0] + 1;
  qk_pace_ticket(&pace, 1 + (position - 1) * pace.waiting / line, ticket);
  ticket->position = position;
  return 1;
}
