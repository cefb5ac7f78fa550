#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "latency.h"
#include "machine.h"
#include "scenario.h"

#define LEAST_ENTERS 200000 /* short lines are made again and again */
#define LEAVERS(people) ((people) / 4 < 1000000 ? (people) / 4 : 1000000)
#define SLOW_NS 100000   /* an enter this long is looked into */
#define CHECK_EVERY 1024 /* enters */

struct work {
  const struct side *side;
  void *line;
  uint32_t people;
  uint32_t *leaver; /* LEAVERS(people) different people */
  uint32_t polls;
  uint64_t turn; /* of random numbers */
};

static uint32_t pick(struct work *work, uint32_t below)
{
  return people_random(work->turn++, below);
}

static int enter_all(struct work *work)
{
  char id[PEOPLE_ID_SIZE];
  for (uint32_t who = 0; who < work->people; who++) {
    people_id(id, who);
    if (work->side->enter(work->line, id) != 0)
      return -1;
  }
  return 0;
}

/* Nobody has left yet, so person who (from 0) is at position who + 1. */
static int poll_singly(struct work *work)
{
  char id[PEOPLE_ID_SIZE];
  uint64_t position;
  for (uint32_t i = 0; i < work->polls; i++) {
    uint32_t who = pick(work, work->people);
    people_id(id, who);
    if (work->side->poll(work->line, id, &position) != 0 || position != (uint64_t)who + 1)
      return -1;
  }
  return 0;
}

static int poll_in_batches(struct work *work)
{
  char id[SIDE_BATCH][PEOPLE_ID_SIZE];
  uint64_t position[SIDE_BATCH];
  uint32_t who[SIDE_BATCH];
  for (uint32_t left = work->polls; left > 0;) {
    uint32_t count = left < SIDE_BATCH ? left : SIDE_BATCH;
    for (uint32_t i = 0; i < count; i++) {
      who[i] = pick(work, work->people);
      people_id(id[i], who[i]);
    }
    if (work->side->poll_batch(work->line, id, count, position) != 0)
      return -1;
    for (uint32_t i = 0; i < count; i++) {
      if (position[i] != (uint64_t)who[i] + 1)
        return -1;
    }
    left -= count;
  }
  return 0;
}

static int release_leavers(struct work *work)
{
  char id[PEOPLE_ID_SIZE];
  for (uint32_t i = 0; i < LEAVERS(work->people); i++) {
    people_id(id, work->leaver[i]);
    if (work->side->release(work->line, id) != 0)
      return -1;
  }
  return 0;
}

static int tick_until_empty(struct work *work)
{
  uint64_t moved, total = 0;
  do {
    if (work->side->tick(work->line, &moved) != 0)
      return -1;
    total += moved;
  } while (moved > 0);
  return total == work->people - LEAVERS(work->people) ? 0 : -1;
}

/* Run one phase and set *ns_each to its time divided by calls. */
static int timed(int (*phase)(struct work *), struct work *work, const char *name, uint32_t calls,
                 double *ns_each)
{
  int64_t start = machine_now_ns();
  int rc = phase(work);
  *ns_each = (double)(machine_now_ns() - start) / calls;
  if (rc != 0)
    fprintf(stderr, "bench: %s, %" PRIu32 " people: wrong answer while %s\n", work->side->name, work->people,
            name);
  return rc;
}

/* The first LEAVERS(people) places of a shuffle (Fisher and Yates), the rest given back. */
static int choose_leavers(struct work *work)
{
  uint32_t *all = malloc(work->people * sizeof *all);
  if (!all)
    return -1;
  for (uint32_t i = 0; i < work->people; i++)
    all[i] = i;
  for (uint32_t i = 0; i < LEAVERS(work->people); i++) {
    uint32_t j = i + pick(work, work->people - i);
    uint32_t swapped = all[i];
    all[i] = all[j];
    all[j] = swapped;
  }
  work->leaver = realloc(all, LEAVERS(work->people) * sizeof *all);
  return work->leaver ? 0 : -1;
}

static int prepare(struct work *work, const struct side *side, const struct load *load)
{
  *work = (struct work){.side = side, .people = load->people, .polls = load->polls};
  if (choose_leavers(work) == 0)
    return 0;
  fprintf(stderr, "bench: no memory for %" PRIu32 " people\n", load->people);
  return -1;
}

/* Fill lines until there were enough enters for the clock; the last one stays. */
static int fill(struct work *work, double *ns_each)
{
  double sum = 0;
  uint32_t lines = 1 + LEAST_ENTERS / (work->people + 1);
  for (uint32_t i = 0; i < lines; i++) {
    if (work->line)
      work->side->destroy(work->line);
    work->line = work->side->create();
    if (!work->line || timed(enter_all, work, "entering", work->people, ns_each) != 0)
      return -1;
    sum += *ns_each;
  }
  *ns_each = sum / lines;
  return 0;
}

static int measure_phases(struct work *work, double *reading)
{
  const struct side *side = work->side;
  uint32_t leavers = LEAVERS(work->people);
  uint64_t before = machine_resident_bytes();
  if (fill(work, &reading[READING_ENTER]) != 0)
    return -1;
  if (before > 0)
    reading[READING_BYTES] = (double)(machine_resident_bytes() - before) / work->people;
  if (timed(poll_singly, work, "polling", work->polls, &reading[READING_POLL]) != 0)
    return -1;
  if (side->poll_batch &&
      timed(poll_in_batches, work, "polling in batches", work->polls, &reading[READING_BATCH]) != 0)
    return -1;
  if (timed(release_leavers, work, "releasing", leavers, &reading[READING_RELEASE]) != 0)
    return -1;
  if (side->open_doors && side->open_doors(work->line) != 0)
    return -1;
  return timed(tick_until_empty, work, "ticking", work->people - leavers, &reading[READING_TICK]);
}

int scenario_throughput(const struct side *side, const struct load *load, struct run *run)
{
  struct work work;
  if (prepare(&work, side, load) != 0)
    return -1;
  int rc = measure_phases(&work, run->reading);
  free(work.leaver);
  return rc;
}

struct recording {
  struct latency latency;
  uint64_t longest_own_ns;
};

/* One clock read a call: each time runs from the end of the call before. The CPU clock costs too much for
 * every call: it is read after slow ones, and often enough between that what others took since the last look
 * was taken from this call. */
static int enter_all_recorded(struct work *work, struct recording *recording)
{
  char id[PEOPLE_ID_SIZE];
  int64_t before = machine_now_ns();
  int64_t others = before - machine_cpu_ns();
  for (uint32_t who = 0; who < work->people; who++) {
    people_id(id, who);
    if (work->side->enter(work->line, id) != 0)
      return -1;
    int64_t after = machine_now_ns();
    int64_t own = after - before;
    latency_add(&recording->latency, (uint64_t)own);
    before = after;
    if (own >= SLOW_NS || who % CHECK_EVERY == 0) {
      int64_t others_now = after - machine_cpu_ns();
      own -= others_now - others;
      others = others_now;
      before = machine_now_ns();
    }
    if (own > (int64_t)recording->longest_own_ns)
      recording->longest_own_ns = (uint64_t)own;
  }
  return 0;
}

int scenario_latency(const struct side *side, const struct load *load, struct run *run)
{
  struct work work = {.side = side, .people = load->people, .line = side->create()};
  struct quantiles quantiles;
  struct recording *recording = calloc(1, sizeof *recording);
  int rc = recording && work.line ? enter_all_recorded(&work, recording) : -1;
  if (rc == 0) {
    latency_quantiles(&recording->latency, &quantiles);
    run->reading[READING_P999] = quantiles.ns[Q_999];
    run->reading[READING_LONGEST] = quantiles.ns[Q_ALL];
    run->reading[READING_LONGEST_OWN] = (double)recording->longest_own_ns;
  }
  free(recording);
  return rc;
}
