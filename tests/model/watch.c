#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "watch.h"

struct watch *watch_create(int one_class)
{
  struct watch *watch = calloc(1, sizeof *watch);
  if (!watch)
    abort();
  watch->one_class = one_class;
  return watch;
}

void watch_destroy(struct watch *watch)
{
  for (uint32_t i = 0; i < NAMES_QUEUES; i++)
    free(watch->lines[i].grants);
  free(watch);
}

void watch_forget_line(struct watch *watch, uint32_t queue)
{
  free(watch->lines[queue].grants);
  memset(&watch->lines[queue], 0, sizeof watch->lines[queue]);
}

void watch_forget_place(struct watch *watch, uint32_t queue, uint32_t user)
{
  watch->lines[queue].places[user] = (struct watch_place){0};
}

void watch_ticket(struct watch *watch, struct verdict *v, uint32_t queue, uint32_t user, const qk_ticket *got)
{
  struct watch_line *line = &watch->lines[queue];
  struct watch_place *place = &line->places[user];
  if (got->fresh) {
    if (got->number <= line->top)
      verdict_add(v, "I4 number", "%" PRIu64 " is new after %" PRIu64, got->number, line->top);
    line->top = got->number;
    *place = (struct watch_place){0};
  }
  if (got->state == QK_NONE) {
    *place = (struct watch_place){0};
    return;
  }
  if (place->number && place->number != got->number)
    verdict_add(v, "I8 one place",
                "had number %" PRIu64 ", now has %" PRIu64 ", and nothing was entered anew", place->number,
                got->number);
  if (watch->one_class && got->state == QK_WAITING && place->position && got->position > place->position)
    verdict_add(v, "I10 position", "rose from %" PRIu64 " to %" PRIu64, place->position, got->position);
  if (got->state == QK_WAITING && (got->position == 0 || got->position > got->waiting))
    verdict_add(v, "I10 position", "%" PRIu64 " of %" PRIu64 " waiting", got->position, got->waiting);
  *place = (struct watch_place){got->number, got->state == QK_WAITING ? got->position : 0};
}

static void watch_totals(const struct watch_line *line, struct verdict *v, const qk_stats *got)
{
  const qk_stats *before = &line->before;
  uint64_t known = got->waiting + got->ready + got->active + got->left + got->dropped + got->lapsed +
                   got->expired + got->completed;
  if (got->entered != known)
    verdict_add(v, "I6 conservation", "%" PRIu64 " entered, %" PRIu64 " accounted for", got->entered, known);
  if (got->entered < before->entered || got->admitted < before->admitted ||
      got->activated < before->activated || got->left < before->left || got->dropped < before->dropped ||
      got->lapsed < before->lapsed || got->expired < before->expired || got->completed < before->completed ||
      got->last_number < before->last_number)
    verdict_add(v, "I6 totals", "one of them fell");
}

/* Grants in the window of window_ms that ends with t_ms. */
static uint64_t granted(const struct watch_line *line, int64_t t_ms, int64_t window_ms)
{
  uint64_t count = 0;
  for (size_t i = line->grant_count; i > 0 && line->grants[i - 1].at_ms > t_ms - window_ms; i--)
    count += line->grants[i - 1].count;
  return count;
}

static void note_grants(struct watch_line *line, uint64_t count, int64_t t_ms)
{
  if (line->grant_count == line->grant_room) {
    line->grant_room = line->grant_room ? line->grant_room * 2 : 64;
    line->grants = realloc(line->grants, line->grant_room * sizeof *line->grants);
    if (!line->grants)
      abort();
  }
  line->grants[line->grant_count++] = (struct watch_grants){t_ms, count};
}

void watch_stats(struct watch *watch, struct verdict *v, uint32_t queue, const qk_stats *got,
                 const qk_policy *policy, int64_t t_ms)
{
  struct watch_line *line = &watch->lines[queue];
  uint64_t seats = got->ready + got->active, had = line->before.ready + line->before.active;
  watch_totals(line, v, got);
  if (policy->mode == QK_MODE_BYPASS || policy->rate != line->policy.rate ||
      policy->rate_window_ms != line->policy.rate_window_ms) {
    line->grant_count = 0;
    line->since_ms = t_ms;
  } else if (got->admitted > line->before.admitted)
    note_grants(line, got->admitted - line->before.admitted, t_ms);
  if (policy->mode != QK_MODE_BYPASS && seats > policy->max_active && seats > had)
    verdict_add(v, "I1 capacity", "%" PRIu64 " seats of %" PRIu64 " taken, before %" PRIu64, seats,
                policy->max_active, had);
  if (policy->rate && granted(line, t_ms, policy->rate_window_ms) > policy->rate)
    verdict_add(v, "I2 rate", "%" PRIu64 " admitted in %" PRIu32 " ms",
                granted(line, t_ms, policy->rate_window_ms), policy->rate_window_ms);
  line->before = *got;
  line->policy = *policy;
}

/* Whether the rate would let one more in, as far as the grants seen can tell. */
static int rate_has_room(const struct watch_line *line, int64_t t_ms)
{
  int64_t window = line->policy.rate_window_ms, reach = window + (window + 49) / 50;
  if (line->policy.rate == 0)
    return 1;
  return line->since_ms < t_ms - reach && granted(line, t_ms, reach) < line->policy.rate;
}

void watch_tick(const struct watch *watch, struct verdict *v, uint32_t queue, const qk_tick_report *got,
                int64_t t_ms)
{
  const struct watch_line *line = &watch->lines[queue];
  uint32_t mode = line->policy.mode;
  int admits = mode == QK_MODE_OPEN || mode == QK_MODE_DRAIN;
  if (got->more != (got->next_ms == 0))
    verdict_add(v, "report.next_ms", "%" PRIu32 " with more %" PRIu32, got->next_ms, got->more);
  if (got->more || got->waiting == 0)
    return;
  if (mode == QK_MODE_BYPASS ||
      (admits && got->ready + got->active < line->policy.max_active && rate_has_room(line, t_ms)))
    verdict_add(v, "I14 work", "%" PRIu64 " wait although there is room and nothing is left to do",
                got->waiting);
}
