#include "view.h"

#include "pack.h"

static int read_policy(struct qkr_walk *walk, qk_policy *out)
{
  size_t len;
  const char *bytes = qkr_walk_string(walk, &len);
  return bytes ? qkr_unpack_policy(bytes, len, out) : QKR_NONSENSE;
}

static void read_totals(struct qkr_walk *walk, qk_stats *out)
{
  uint64_t *const fields[] = {&out->ready, &out->active,  &out->entered, &out->admitted, &out->activated,
                              &out->left,  &out->dropped, &out->lapsed,  &out->expired,  &out->completed};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    *fields[i] = qkr_walk_number(walk);
  out->head_age_ms = qkr_walk_integer(walk);
}

static void read_front(struct qkr_walk *walk, qk_cursor *out)
{
  for (size_t cls = 0; cls < QK_CLASSES; cls++) {
    out->highest[cls] = qkr_walk_number(walk);
    out->head[cls] = qkr_walk_number(walk);
    out->waiting[cls] = qkr_walk_number(walk);
  }
}

int qkr_view_read(struct qkr_walk *walk, const struct qkr_head *head, qk_view *out)
{
  qk_view view = {.pace = head->pace};
  qk_stats *stats = &view.stats;
  qk_cursor *cursor = &view.cursor;
  int code = read_policy(walk, &view.policy);
  if (code != QK_OK)
    return code;
  read_totals(walk, stats);
  cursor->lost_from = qkr_walk_number(walk);
  cursor->lost_to = qkr_walk_number(walk);
  view.changes = qkr_walk_number(walk);
  read_front(walk, cursor);
  if (walk->bad)
    return QKR_NONSENSE;
  for (size_t cls = 0; cls < QK_CLASSES; cls++)
    stats->waiting += cursor->waiting[cls];
  view.pace.waiting = stats->waiting;
  cursor->epoch = head->pace.epoch;
  stats->last_number = cursor->last = head->last;
  stats->now_ms = cursor->at_ms = head->now_ms;
  stats->outflow_per_s = cursor->outflow_per_s = qk_pace_outflow(&head->pace);
  *out = view;
  return QK_OK;
}
