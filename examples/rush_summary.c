#include <stdlib.h>
#include "rush_summary.h"

static int compare_ms(const void *one, const void *other)
{
  int32_t a = *(const int32_t *)one, b = *(const int32_t *)other;
  return (a > b) - (a < b);
}

static int fill_waits(struct summary *summary, const struct audit *audit)
{
  int32_t *waits = malloc((audit->count + 1) * sizeof *waits);
  size_t count = 0;
  if (waits == NULL)
    return -1;
  for (size_t i = 0; i < audit->count; i++) {
    const struct account *account = &audit->people[i];
    if (account->place != NOBODY && account->admitted_ms >= 0)
      waits[count++] = account->admitted_ms - account->entered_ms;
  }
  if (count > 0) {
    qsort(waits, count, sizeof *waits, compare_ms);
    summary->wait_median_ms = waits[count / 2];
    summary->wait_p95_ms = waits[(count - 1) * 95 / 100];
    summary->wait_longest_ms = waits[count - 1];
  }
  free(waits);
  return 0;
}

int summary_init(struct summary *summary, const struct rush *rush)
{
  *summary = (struct summary){.polls_unpaced = (double)rush->people.tally.paced_ms / 1000};
  summary->failed = audit_checks(&rush->audit, summary->checks);
  return fill_waits(summary, &rush->audit);
}

double summary_per_second(const struct rush *rush, int verb)
{
  const struct verb_calls *calls = &rush->calls.verbs[verb];
  int64_t ns = rush->options.realtime ? rush->wall_ns : (int64_t)calls->busy_ns;
  return ns > 0 ? (double)calls->ops * 1e9 / (double)ns : 0;
}
