/* One random walk: hosts that share one queue do what hosts do, and each answer from a cursor is checked
 * against the truth of that moment. */
#ifndef TESTS_CURSOR_WALK_H
#define TESTS_CURSOR_WALK_H

#include <stddef.h>
#include <stdint.h>
#include <qk_backend.h>
#include "truth.h"

#define WALK_HOSTS 3

/* What the walks met: a case that never comes about is not tested. */
struct walk_counts {
  uint64_t polls, cursor, store, over;
  uint64_t waiting, left, dropped; /* of cursor: what the entry was in truth */
  uint64_t reborn;                 /* of cursor: its owner has a newer entry */
  uint64_t passed;                 /* of cursor: admissions had passed the line of its class */
  uint64_t loose;                  /* of waiting: places too high, in all */
  uint64_t lower;                  /* of cursor: the place rose by entries into lower classes */
  uint64_t old_life;               /* of cursor: the queue had been removed since */
};

struct walk_verdict {
  int failed;
  size_t op;
  char text[512];
};

/* Run the walk of a seed with so many operations on the fixture's stores. */
void walk_run(uint64_t seed, size_t ops, int hosts, struct walk_counts *counts, struct walk_verdict *verdict);

#endif
