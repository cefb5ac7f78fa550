/* One look at a queue. */
#ifndef QK_SAMPLE_H
#define QK_SAMPLE_H

#include <jansson.h>

#include "names.h"
#include "text.h"

struct sample {
  char queue[NAME_SIZE];
  qk_stats stats;
  qk_policy policy;
  int64_t eta_ms; /* for somebody who enters now; -1: unknown, or nobody may or is admitted */
  uint64_t over;  /* people who are not in the queue any more */
  int balances;   /* entered is the sum of those who are in it and those who are not */
};

/* Read totals and policy: a code of qk.h. */
int sample_take(struct sample *sample, const struct store *store, const char *queue);
/* The fields of qk_stats, with queue, mode, max_active, eta_ms and balanced. */
json_t *sample_json(const struct sample *sample);
/* What stands where a newcomer's wait would: a span, a word, or a dash. */
struct text sample_wait(const struct sample *sample);

/* Write one JSON value as a line, and free it. */
void print_json(json_t *value);

#endif
