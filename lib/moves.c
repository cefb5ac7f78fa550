#include "moves.h"

int qki_head(const qk_queue *queue, qk_entry *out)
{
  for (uint32_t cls = 0; cls < QK_CLASSES; cls++)
    if (queue->state->waiting[cls] > 0)
      return queue->ops->next(queue->people, cls, 0, out);
  return 0;
}

int qki_admit(const qk_queue *queue, qk_entry *entry, struct qki_now now)
{
  qk_entry seated = *entry;
  seated.state = QK_READY;
  seated.time_ms = now.time_ms + queue->state->policy.ready_ms;
  qki_emit(queue, QK_EVENT_ADMITTED, &seated, now.clock_ms);
  int code = queue->ops->update(queue->people, entry, &seated);
  if (code != QK_OK)
    return code;
  queue->state->waiting[entry->cls]--;
  qki_count_admission(queue->state, &seated, now.time_ms);
  *entry = seated;
  return QK_OK;
}

int qki_end(const qk_queue *queue, const qk_entry *entry, int32_t type, struct qki_now now)
{
  qki_emit(queue, type, entry, now.clock_ms);
  int code = queue->ops->remove(queue->people, entry);
  if (code == QK_OK)
    qki_count_end(queue->state, entry, type);
  return code;
}
