/* The two sides of the benchmark behind one table, so that both are driven by the same loops and pay the same
 * indirect call. */
#ifndef BENCH_SIDE_H
#define BENCH_SIDE_H

#include <stddef.h>
#include <stdint.h>
#include "people.h"

#define SIDE_BATCH 256  /* polls in one qk_batch */
#define SIDE_TICK 25000 /* people that one tick moves at most */

struct side {
  const char *name;
  /* An empty line that admits nobody yet; NULL on failure. */
  void *(*create)(void);
  void (*destroy)(void *line);
  /* Each 0 on success. A new person must wait; whoever is polled must be waiting. */
  int (*enter)(void *line, const char *user);
  int (*poll)(void *line, const char *user, uint64_t *position);
  /* Poll count users, at most SIDE_BATCH, by one call. NULL where there is no such call. */
  int (*poll_batch)(void *line, char (*users)[PEOPLE_ID_SIZE], size_t count, uint64_t *positions);
  int (*release)(void *line, const char *user);
  /* From now on ticks admit without limit. NULL where they always do. */
  int (*open_doors)(void *line);
  /* One tick; *moved is how many it admitted, 0 when the line is empty. */
  int (*tick)(void *line, uint64_t *moved);
};

extern const struct side side_libqueue;
extern const struct side side_peer;

#endif
