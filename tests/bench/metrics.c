/* What it costs that the library counts: asked of the program recording, which reaches internals. */
#include <stdio.h>
#include "child.h"
#include "sections.h"

#define RECORDING "tests/bench/recording"

enum { COUNT_NS, ENTER_SHARE, POLL_SHARE, QUEUE_BYTES, METRICS_FIGURES };

static const struct kind kinds[METRICS_FIGURES] = {
    {"metrics, memory", "", "record_ns", "recording a call", UNIT_NS, GOAL_NONE, 0, 0},
    {NULL, NULL, "record_of_enter", "its share of an enter", UNIT_PERCENT, GOAL_AT_MOST, 3, 0},
    {NULL, NULL, "record_of_poll", "its share of a random poll", UNIT_PERCENT, GOAL_AT_MOST, 3, 0},
    {NULL, NULL, "bytes_per_queue", "bytes per queue", UNIT_BYTES, GOAL_AT_MOST, 16384, 0.03},
};

static int measure(struct bench *bench)
{
  double count_ns, enter_ns, poll_ns, queue_bytes;
  char text[256], *const argv[] = {RECORDING, NULL};
  if (child_read_program(argv, text, sizeof text) != 0 ||
      sscanf(text, "%lf %lf %lf %lf", &count_ns, &enter_ns, &poll_ns, &queue_bytes) != 4) {
    fprintf(stderr, "bench: " RECORDING " failed, or says something else\n");
    return -1;
  }
  bench_add(bench, COUNT_NS, LIBQUEUE, count_ns);
  bench_add(bench, ENTER_SHARE, LIBQUEUE, 100 * count_ns / enter_ns);
  bench_add(bench, POLL_SHARE, LIBQUEUE, 100 * count_ns / poll_ns);
  bench_add(bench, QUEUE_BYTES, LIBQUEUE, queue_bytes);
  return 0;
}

const struct section section_metrics = {
    .name = "metrics", .kinds = kinds, .count = METRICS_FIGURES, .measure = measure, .in_rounds = 1};
