/* One queue on a store, and many people who do the same. */
#ifndef BENCH_LINE_H
#define BENCH_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <qk.h>
#include "people.h"

#define LINE_QUEUE "sale"
#define LINE_NO_LIMIT ((UINT64_C(1) << 53) - 1)

/* NULL after saying what is wrong. tick_budget as in qk_options. */
qk_store *line_open(const char *uri, uint32_t tick_budget);
/* Create the queue, or set its policy. Each of these: -1 after saying what is wrong. */
int line_configure(qk_store *store, const qk_policy *policy);
/* The same with a policy whose only peculiarity is max_active. */
int line_set_seats(qk_store *store, uint64_t max_active);
/* One verb for each of count people from the first on, by qk_submit and qk_reap. */
int line_run(qk_store *store, int verb, uint32_t first, uint32_t count);

/* Say that a call failed; returns -1. */
int line_complain(const char *call, int code, const qk_error *error);

#endif
