/* The memory benchmark behind `make bench`: the library and a peer do the same work by turns, each
 * measurement in a process of its own, and the medians are printed side by side. Uses the public API alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <qk.h>
#include "child.h"
#include "machine.h"
#include "options.h"
#include "report.h"
#include "samples.h"
#include "verdict.h"

#define PEER_BYTES 180 /* about what the peer needs per person, the greater of the two */

static const struct side *const sides[SIDES] = {[LIBQUEUE] = &side_libqueue, [PEER] = &side_peer};

static void show_progress(size_t round, uint32_t people, const char *what)
{
  char count[24];
  if (!isatty(STDERR_FILENO))
    return;
  report_count(count, sizeof count, people);
  fprintf(stderr, "round %zu, %s people: %s\n", round + 1, count, what);
}

typedef int scenario_run(const struct side *side, uint32_t people, struct run *run);

struct measurement {
  scenario_run *scenario;
  const struct side *side;
  uint32_t people;
};

static int run_measurement(void *arg, void *out)
{
  const struct measurement *measurement = arg;
  struct run *run = out;
  for (int i = 0; i < FIGURES; i++)
    run->figure[i] = -1;
  return measurement->scenario(measurement->side, measurement->people, run);
}

/* Run scenario once for each side, one right after the other; who is first changes from round to round. */
static int measure_both(scenario_run *scenario, struct samples *samples, size_t size, size_t round,
                        struct run got[SIDES])
{
  uint32_t people = samples->people[size];
  child_warm_memory((size_t)people * PEER_BYTES);
  for (size_t turn = 0; turn < SIDES; turn++) {
    size_t i = (round + turn) % SIDES;
    struct measurement measurement = {.scenario = scenario, .side = sides[i], .people = people};
    show_progress(round, people, sides[i]->name);
    if (child_run(run_measurement, &measurement, &got[i], sizeof got[i]) != 0) {
      fprintf(stderr, "bench: %s with %" PRIu32 " people could not be measured\n", sides[i]->name, people);
      return -1;
    }
  }
  return 0;
}

static int measure_size(struct samples *samples, size_t size, size_t round)
{
  struct run work[SIDES], latency[SIDES];
  if (measure_both(scenario_throughput, samples, size, round, work) != 0 ||
      measure_both(scenario_latency, samples, size, round, latency) != 0)
    return -1;
  for (int i = 0; i < SIDES; i++) {
    for (int figure = FIGURE_P999; figure < FIGURES; figure++)
      work[i].figure[figure] = latency[i].figure[figure];
    samples->run[size][i][round] = work[i];
  }
  return 0;
}

static int measure_rush(struct samples *samples, const char *path, size_t round)
{
  int status = child_time_program(path, &samples->rush_s[round]);
  if (status != 0)
    fprintf(stderr, "bench: %s failed with status %d\n", path, status);
  return status == 0 ? 0 : -1;
}

static int measure(struct samples *samples, const struct options *options)
{
  samples->sizes = options->sizes;
  samples->rounds = options->rounds;
  samples->with_rush = options->rush != NULL;
  memcpy(samples->people, options->people, sizeof samples->people);
  for (size_t round = 0; round < samples->rounds; round++) {
    if (options->rush && measure_rush(samples, options->rush, round) != 0)
      return -1;
    for (size_t size = 0; size < samples->sizes; size++) {
      if (measure_size(samples, size, round) != 0)
        return -1;
    }
  }
  return 0;
}

#define NOTES                                                                                                \
  "Batched polls are held against the peer's single ones. The time of a single enter includes making the\n"  \
  "id and a clock read; the goal is for the median round; its own time leaves out what other programs\n"     \
  "took. Bytes: what the process's resident memory grew by.\n"

static int report(const struct samples *samples, const struct options *options, int cpu)
{
  char machine[128], title[256];
  static struct rows rows;
  machine_describe(machine, sizeof machine);
  snprintf(title, sizeof title,
           "libqueue %s, memory backend, one thread, 12-byte ids\n"
           "peer: libstdc++ order-statistics tree + std::unordered_map, in the same run\n",
           qk_version());
  struct report_setting setting = {
      .title = title, .notes = NOTES, .machine = machine, .cpu = cpu, .rounds = samples->rounds};
  verdict_make(&rows, samples);
  report_table(&rows, &setting);
  if (options->json && report_json(&rows, &setting, options->json) != 0) {
    fprintf(stderr, "bench: cannot write %s\n", options->json);
    return -1;
  }
  return 0;
}

int main(int argc, char **argv)
{
  static struct samples samples;
  struct options options;
  int rc = options_parse(&options, argc, argv);
  if (rc != 0) {
    if (rc > 0)
      fputs(options_usage, stdout);
    return rc > 0 ? 0 : 2;
  }
  int cpu = machine_pin();
  if (measure(&samples, &options) != 0 || report(&samples, &options, cpu) != 0)
    return 1;
  return 0;
}
