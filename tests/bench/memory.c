/* The lines in memory: the library and a peer do the same work by turns, each measurement in a process of its
 * own on one CPU. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "child.h"
#include "format.h"
#include "machine.h"
#include "scenario.h"
#include "sections.h"

#define PEER_BYTES 180 /* about what the peer needs per person, the greater of the two */

/* The goals are for lines of these lengths. 300,000 people fit into a cache, the peer's too: no ratio is owed
 * there. What a single call costs at worst says nothing in shorter lines. */
#define SMALL 300000
#define MIDDLE 1000000
#define LARGE 10000000

#define TREE "libstdc++ order-statistics tree + std::unordered_map"
#define RATE(times) UNIT_PER_SECOND, (times) > 0 ? GOAL_RATIO : GOAL_NONE, times, 0
#define TAIL(goal_kind, goal) UNIT_NS, goal_kind, goal, FIGURE_TAIL_TOLERANCE

/* By enum reading. */
static const struct kind kinds[READINGS] = {
    [READING_ENTER] = {NULL, TREE, "enters_per_s", "enters/s", RATE(4)},
    [READING_POLL] = {NULL, TREE, "polls_per_s", "random polls/s", RATE(4)},
    [READING_BATCH] = {NULL, TREE, "batch_polls_per_s", "random polls/s, 256 a batch", RATE(10)},
    [READING_RELEASE] = {NULL, TREE, "releases_per_s", "random releases/s", RATE(0)},
    [READING_TICK] = {NULL, TREE, "moved_per_s", "people moved/s by ticks", RATE(0)},
    [READING_P999] = {NULL, TREE, "enter_p999_ns", "enter, p99.9", TAIL(GOAL_NONE, 0)},
    [READING_LONGEST] = {NULL, TREE, "enter_longest_ns", "longest enter", TAIL(GOAL_AT_MOST, 1e6)},
    [READING_LONGEST_OWN] = {NULL, TREE, "enter_longest_own_ns", "longest enter, own time",
                             TAIL(GOAL_NONE, 0)},
    [READING_BYTES] = {NULL, TREE, "bytes_per_person", "bytes per person", UNIT_BYTES, GOAL_AT_MOST, 85,
                       0.03},
};

#define GROWTH(name, label)                                                                                  \
  {                                                                                                          \
    "cost, 10,000,000 people : 300,000", TREE, name, label, UNIT_TIMES, GOAL_AT_MOST, 3, 0                   \
  }

static const struct {
  enum reading ours, peer;
  struct kind kind;
} growths[] = {
    {READING_ENTER, READING_ENTER, GROWTH("enter_growth", "enter")},
    {READING_POLL, READING_POLL, GROWTH("poll_growth", "random poll")},
    {READING_BATCH, READING_POLL, GROWTH("batch_poll_growth", "random poll, 256 a batch")},
    {READING_RELEASE, READING_RELEASE, GROWTH("release_growth", "random release")},
    {READING_TICK, READING_TICK, GROWTH("tick_growth", "tick, per person moved")},
};

#define GROWTHS (sizeof growths / sizeof *growths)

/* How many of the kinds are measured on a line of that length. */
static size_t kinds_at(uint32_t people)
{
  return people < SMALL ? READING_BATCH + 1 : READINGS;
}

static int has_growth(const struct options *options)
{
  int small = 0, large = 0;
  for (size_t i = 0; i < OPTIONS_LENGTHS; i++) {
    small |= options->length[i] == SMALL;
    large |= options->length[i] == LARGE;
  }
  return small && large;
}

static void declare(struct bench *bench)
{
  const uint32_t *length = bench->options->length;
  for (size_t i = 0; i < OPTIONS_LENGTHS && length[i] > 0; i++) {
    char count[FORMAT_SIZE], group[64];
    format_count(count, length[i]);
    snprintf(group, sizeof group, "memory: %s people", count);
    for (size_t reading = 0; reading < kinds_at(length[i]); reading++) {
      struct kind kind = kinds[reading];
      kind.group = group;
      if (length[i] < (kind.goal_kind == GOAL_RATIO ? MIDDLE : SMALL))
        kind.goal_kind = GOAL_NONE;
      report_declare(bench->report, bench->section->name, &kind, NULL, length[i]);
    }
  }
  for (size_t i = 0; i < GROWTHS && has_growth(bench->options); i++)
    report_declare(bench->report, bench->section->name, &growths[i].kind, NULL, 0);
}

typedef int scenario_run(const struct side *side, const struct load *load, struct run *run);

struct measurement {
  scenario_run *scenario;
  const struct side *side;
  struct load load;
};

static int run_measurement(void *arg, void *out)
{
  const struct measurement *measurement = arg;
  struct run *run = out;
  machine_pin();
  for (int i = 0; i < READINGS; i++)
    run->reading[i] = -1;
  return measurement->scenario(measurement->side, &measurement->load, run);
}

/* Run scenario once for each side, one right after the other; who is first changes from round to round. */
static int measure_both(scenario_run *scenario, const struct load *load, size_t round, struct run got[SIDES])
{
  static const struct side *const sides[SIDES] = {[LIBQUEUE] = &side_libqueue, [PEER] = &side_peer};
  child_warm_memory((size_t)load->people * PEER_BYTES);
  for (size_t turn = 0; turn < SIDES; turn++) {
    size_t i = (round + turn) % SIDES;
    struct measurement measurement = {.scenario = scenario, .side = sides[i], .load = *load};
    if (child_run(run_measurement, &measurement, &got[i], sizeof got[i]) != 0) {
      fprintf(stderr, "bench: %s with %" PRIu32 " people could not be measured\n", sides[i]->name,
              load->people);
      return -1;
    }
  }
  return 0;
}

static int measure_line(const struct load *load, size_t round, struct run got[SIDES])
{
  struct run latency[SIDES];
  if (measure_both(scenario_throughput, load, round, got) != 0)
    return -1;
  if (kinds_at(load->people) < READINGS)
    return 0;
  if (measure_both(scenario_latency, load, round, latency) != 0)
    return -1;
  for (int i = 0; i < SIDES; i++)
    memcpy(&got[i].reading[READING_P999], &latency[i].reading[READING_P999],
           (READINGS - READING_P999) * sizeof(double));
  return 0;
}

static void add(struct bench *bench, size_t index, int side, double value)
{
  if (value < 0)
    return;
  bench_add(bench, index, side, bench_figure(bench, index)->unit == UNIT_PER_SECOND ? 1e9 / value : value);
}

/* Batches stand beside the peer's single polls. */
static void add_line(struct bench *bench, size_t first, uint32_t people, const struct run got[SIDES])
{
  for (size_t reading = 0; reading < kinds_at(people); reading++) {
    size_t peer_reading = reading == READING_BATCH ? READING_POLL : reading;
    add(bench, first + reading, LIBQUEUE, got[LIBQUEUE].reading[reading]);
    add(bench, first + reading, PEER, got[PEER].reading[peer_reading]);
  }
}

static void add_growths(struct bench *bench, size_t first, const struct run small[SIDES],
                        const struct run large[SIDES])
{
  for (size_t i = 0; i < GROWTHS; i++) {
    enum reading ours = growths[i].ours, peer = growths[i].peer;
    add(bench, first + i, LIBQUEUE, large[LIBQUEUE].reading[ours] / small[LIBQUEUE].reading[ours]);
    add(bench, first + i, PEER, large[PEER].reading[peer] / small[PEER].reading[peer]);
  }
}

static int measure(struct bench *bench)
{
  const struct options *options = bench->options;
  struct run got[SIDES], small[SIDES], large[SIDES];
  size_t first = 0;
  for (size_t i = 0; i < OPTIONS_LENGTHS && options->length[i] > 0; i++) {
    struct load load = {.people = options->length[i], .polls = options->polls};
    if (measure_line(&load, bench->round, got) != 0)
      return -1;
    add_line(bench, first, load.people, got);
    first += kinds_at(load.people);
    if (load.people == SMALL)
      memcpy(small, got, sizeof got);
    if (load.people == LARGE)
      memcpy(large, got, sizeof got);
  }
  if (has_growth(options))
    add_growths(bench, first, small, large);
  return 0;
}

const struct section section_memory = {
    .name = "memory", .declare = declare, .measure = measure, .in_rounds = 1};
