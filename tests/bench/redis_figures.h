/* Every figure of the Redis benchmark, by name; each has one value a round. */
#ifndef BENCH_REDIS_FIGURES_H
#define BENCH_REDIS_FIGURES_H

#include <stddef.h>
#include "median.h"
#include "rows.h"

/* Of a measurement with threads. */
enum { THREADS_ENTERS, THREADS_ENTER_P99, THREADS_POLLS, THREADS_POLL_P99, THREADS_FIGURES };
/* Of a tail. */
enum { TAIL_P50, TAIL_P99, TAIL_P999, TAIL_MAX, TAIL_MOVE, TAIL_FIGURES };
/* Of one verb in the rush. */
enum { RUSH_P50, RUSH_P95, RUSH_P99, RUSH_FIGURES };
/* How many hosts. */
enum { HOSTS_1, HOSTS_2, HOSTS_4, HOSTS_FIGURES };

/* What one side measures stands beside what the other does. */
enum redis_figure {
  ENTERS, /* per second, down to SIX_CALLS */
  ENTERS_SEATED,
  ZADDS,
  ENTER_SCRIPTS,
  SIX_CALLS,
  OURS_64,
  PEER_64 = OURS_64 + THREADS_FIGURES,
  OURS_256 = PEER_64 + THREADS_FIGURES,
  PEER_256 = OURS_256 + THREADS_FIGURES,
  TAIL_OURS = PEER_256 + THREADS_FIGURES, /* ns */
  TAIL_PEER = TAIL_OURS + TAIL_FIGURES,
  BYTES_WAITING = TAIL_PEER + TAIL_FIGURES,
  BYTES_IDLE,
  BYTES_ACTIVE,
  BYTES_ZSET,
  BYTES_SEAT,
  RUSH_OFFERED,
  RUSH_ACCEPTED,
  RUSH_DROPPED,
  RUSH_FAULTS,
  RUSH_ENTER, /* ns */
  RUSH_POLL = RUSH_ENTER + RUSH_FIGURES,
  HOSTS_NEAR = RUSH_POLL + RUSH_FIGURES, /* calls per second */
  HOSTS_FAR = HOSTS_NEAR + HOSTS_FIGURES,
  REDIS_FIGURES = HOSTS_FAR + HOSTS_FIGURES
};

struct figures {
  size_t count[REDIS_FIGURES];
  double value[REDIS_FIGURES][MEDIAN_MAX];
};

void figures_add(struct figures *figures, int figure, double value);
/* Add count figures, the first of which is this one. */
void figures_add_all(struct figures *figures, int first, const double *values, int count);
/* The median of the rounds; -1 if there is none. */
double figures_median(const struct figures *figures, int figure);

/* Make rows of those that were measured. */
void figures_rows(const struct figures *figures, struct rows *rows);

#endif
