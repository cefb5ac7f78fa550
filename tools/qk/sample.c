#include "sample.h"

#include <stdio.h>
#include <string.h>

#include "say.h"
#include "text.h"

#define DIGITS 9 /* of what is not whole */

static uint64_t inside(const qk_stats *stats)
{
  return stats->ready + stats->active;
}

/* At the pace of the last minute, as tickets have it. */
static int64_t estimate(const qk_stats *stats, const qk_policy *policy)
{
  if (policy->mode == QK_MODE_BYPASS)
    return 0;
  if (policy->mode != QK_MODE_OPEN)
    return -1;
  if (stats->waiting == 0 && inside(stats) < policy->max_active)
    return 0;
  if (stats->outflow_per_s <= 0)
    return -1;
  double ms = 1000 * ((double)stats->waiting + 1) / stats->outflow_per_s;
  return ms < 9e15 ? (int64_t)ms : -1;
}

int sample_take(struct sample *sample, const struct store *store, const char *queue)
{
  *sample = (struct sample){0};
  snprintf(sample->queue, sizeof sample->queue, "%s", queue);
  qk_stats *stats = &sample->stats;
  int code = qk_get_stats(store->handle, queue, stats);
  if (code == QK_OK)
    code = qk_get_policy(store->handle, queue, &sample->policy);
  if (code != QK_OK)
    return code;
  sample->eta_ms = estimate(stats, &sample->policy);
  sample->over = stats->left + stats->dropped + stats->lapsed + stats->expired + stats->completed;
  sample->balances = stats->entered == stats->waiting + inside(stats) + sample->over;
  return QK_OK;
}

json_t *sample_json(const struct sample *sample)
{
  char *text = qk_stats_json(&sample->stats);
  json_t *stats = text != NULL ? json_loads(text, 0, NULL) : NULL;
  json_t *object =
      json_pack("{s:s, s:s, s:I}", "queue", sample->queue, "mode", qk_mode_name(sample->policy.mode),
                "max_active", (json_int_t)sample->policy.max_active);
  int failed = json_object_update(object, stats);
  failed |= json_object_set_new(object, "eta_ms", json_integer(sample->eta_ms));
  failed |= json_object_set_new(object, "balanced", json_boolean(sample->balances));
  qk_free(text);
  json_decref(stats);
  if (failed)
    say_no_memory();
  return object;
}

struct text sample_wait(const struct sample *sample)
{
  uint32_t mode = sample->policy.mode;
  if (mode == QK_MODE_OPEN || mode == QK_MODE_BYPASS)
    return text_span(sample->eta_ms);
  return (struct text){"-"};
}

void print_json(json_t *value)
{
  if (value == NULL)
    say_no_memory();
  /* That something was lost is seen at the end. */
  json_dumpf(value, stdout, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
  putchar('\n');
  json_decref(value);
}
