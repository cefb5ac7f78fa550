/* The sections of the benchmark: each measures some figures, which stand together in the report. */
#ifndef BENCH_SECTIONS_H
#define BENCH_SECTIONS_H

#include "options.h"
#include "report.h"

#define SECTIONS_RUSH "examples/rush" /* the program; sections run in the top folder of the build */

struct bench;
struct server;

struct section {
  const char *name;
  const struct kind *kinds;
  size_t count;
  /* Declare the figures; NULL: one of each kind. */
  void (*declare)(struct bench *bench);
  /* Measure all once, in a process of its own where memory or threads matter. -1 after saying what is wrong.
   */
  int (*measure)(struct bench *bench);
  int in_rounds; /* measure again in every round */
  int on_redis;
};

struct bench {
  const struct options *options;
  const struct server *server; /* NULL if none runs */
  const struct section *section;
  size_t first; /* figure of this section */
  size_t round;
  struct report *report;
};

/* The figure of the present section with that index. */
struct figure *bench_figure(struct bench *bench, size_t index);
/* One round of it. */
void bench_add(struct bench *bench, size_t index, int side, double value);
/* One round of count figures, of which this is the first. */
void bench_add_all(struct bench *bench, size_t first, int side, const double *values, size_t count);

extern const struct section section_memory, section_rush, section_metrics;
extern const struct section section_enters, section_threads, section_tokens, section_tail, section_bytes,
    section_realtime, section_hosts;

/* Whether there is a section of that name. */
int sections_have(const char *name);
/* Measure what is wanted into report. What cannot be measured says why. -1 if something should have been. */
int sections_run(const struct options *options, struct report *report);

#endif
