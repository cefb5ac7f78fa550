/* What the memory benchmark measured, as rows with goals. */
#ifndef BENCH_VERDICT_H
#define BENCH_VERDICT_H

#include "rows.h"
#include "samples.h"

/* 10 rows a size, 5 for growth, 1 for the rush. */
_Static_assert(SAMPLES_SIZES * 10 + 6 <= ROWS_MAX, "every row has room");

void verdict_make(struct rows *rows, const struct samples *samples);

#endif
