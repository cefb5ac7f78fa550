/* Loops that let the first, second, third, ... allocation of a call fail until it succeeds. */
#ifndef TESTS_ALLOC_H
#define TESTS_ALLOC_H

#include <check.h>
#include "heap.h"
#include "scene.h"

#define ALLOC_LIMIT 2000 /* no call makes as many allocations: a loop that gets here does not end */

/* Every test runs on each of these, with one allocation failing and with all from there on. */
struct alloc_kind {
  const char *uri;
  int onwards;
};
#define ALLOC_KINDS 6
extern const struct alloc_kind alloc_kinds[ALLOC_KINDS];

/* As much is allocated as before. */
void check_no_leak(struct heap_use before);

void add_alloc_many_tests(TCase *tests);

#endif
