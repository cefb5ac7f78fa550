#include <stdio.h>
#include "report.h"
#include "verdict.h"

/* The goals are for lines of these lengths. 300,000 people fit into a cache, the peer's too: no ratio is owed
 * there. */
#define SMALL 300000
#define MIDDLE 1000000
#define LARGE 10000000

struct kind {
  enum figure figure, peer_figure;
  const char *name, *label;
  enum unit unit;
  enum goal goal_kind;
  double goal;
};

static const struct kind kinds[] = {
    {FIGURE_ENTER, FIGURE_ENTER, "enters_per_s", "enters/s", UNIT_PER_SECOND, GOAL_RATIO, 4},
    {FIGURE_POLL, FIGURE_POLL, "polls_per_s", "random polls/s", UNIT_PER_SECOND, GOAL_RATIO, 4},
    {FIGURE_BATCH, FIGURE_POLL, "batch_polls_per_s", "  in batches of 256", UNIT_PER_SECOND, GOAL_RATIO, 10},
    {FIGURE_RELEASE, FIGURE_RELEASE, "releases_per_s", "random releases/s", UNIT_PER_SECOND, GOAL_NONE, 0},
    {FIGURE_TICK, FIGURE_TICK, "moved_per_s", "people moved/s by ticks", UNIT_PER_SECOND, GOAL_NONE, 0},
    {FIGURE_P999, FIGURE_P999, "enter_p999_ns", "enter, p99.9", UNIT_NS, GOAL_NONE, 0},
    {FIGURE_LONGEST, FIGURE_LONGEST, "enter_longest_ns", "longest enter", UNIT_NS, GOAL_AT_MOST, 1e6},
    {FIGURE_LONGEST_OWN, FIGURE_LONGEST_OWN, "enter_longest_own_ns", "  own time", UNIT_NS, GOAL_NONE, 0},
    {FIGURE_BYTES, FIGURE_BYTES, "bytes_per_person", "bytes per person", UNIT_BYTES, GOAL_AT_MOST, 85},
};

static const struct kind worst_longest = {
    .figure = FIGURE_LONGEST,
    .peer_figure = FIGURE_LONGEST,
    .name = "enter_longest_worst_round_ns",
    .label = "  of the worst round",
    .unit = UNIT_NS,
};

#define GROWTH UNIT_TIMES, GOAL_AT_MOST, 3

static const struct kind growths[] = {
    {FIGURE_ENTER, FIGURE_ENTER, "enter_growth", "enter", GROWTH},
    {FIGURE_POLL, FIGURE_POLL, "poll_growth", "random poll", GROWTH},
    {FIGURE_BATCH, FIGURE_POLL, "batch_poll_growth", "  in batches of 256", GROWTH},
    {FIGURE_RELEASE, FIGURE_RELEASE, "release_growth", "random release", GROWTH},
    {FIGURE_TICK, FIGURE_TICK, "tick_growth", "tick, per person moved", GROWTH},
};

static const struct kind rush = {
    .name = "rush_s",
    .label = "rush of 310,000 people",
    .unit = UNIT_SECONDS,
    .goal_kind = GOAL_AT_MOST,
    .goal = 5,
};

/* A group for each size, one for growth, one for the rush. */
static void name_group(struct row *row)
{
  char count[24];
  report_count(count, sizeof count, row->people);
  if (row->people > 0)
    snprintf(row->group, sizeof row->group, "%s people", count);
  else
    snprintf(row->group, sizeof row->group, "%s",
             row->unit == UNIT_TIMES ? "cost, largest : smallest" : "virtual time");
}

static struct row *add_row(struct rows *rows, const struct kind *kind, uint32_t people)
{
  struct row *row = &rows->row[rows->count++];
  *row = (struct row){.people = people,
                      .name = kind->name,
                      .label = kind->label,
                      .unit = kind->unit,
                      .peer = -1,
                      .ratio = -1,
                      .goal_kind = kind->goal_kind,
                      .goal = kind->goal};
  name_group(row);
  return row;
}

/* Rates are shown per second, all else as measured. */
static double shown(enum unit unit, double figure)
{
  return unit == UNIT_PER_SECOND && figure > 0 ? 1e9 / figure : figure;
}

static void add_figure(struct rows *rows, const struct samples *samples, size_t size, const struct kind *kind)
{
  double ours = samples_median(samples, size, LIBQUEUE, kind->figure);
  double peer = samples_median(samples, size, PEER, kind->peer_figure);
  struct row *row = add_row(rows, kind, samples->people[size]);
  row->ours = shown(kind->unit, ours);
  row->peer = shown(kind->unit, peer);
  if (ours > 0 && peer > 0)
    row->ratio = peer / ours;
  if (ours < 0 || row->people < (row->goal_kind == GOAL_RATIO ? MIDDLE : SMALL))
    row->goal_kind = GOAL_NONE;
}

/* Shown, but not held to the goal: in a single round the longest call may be whatever else the machine did.
 */
static void add_worst_longest(struct rows *rows, const struct samples *samples, size_t size)
{
  struct row *row = add_row(rows, &worst_longest, samples->people[size]);
  row->ours = samples_worst(samples, size, LIBQUEUE, FIGURE_LONGEST);
  row->peer = samples_worst(samples, size, PEER, FIGURE_LONGEST);
  row->ratio = row->peer / row->ours;
}

static double growth(const struct samples *samples, int side, enum figure figure)
{
  return samples_median(samples, samples->sizes - 1, side, figure) / samples_median(samples, 0, side, figure);
}

static void add_growth(struct rows *rows, const struct samples *samples, const struct kind *kind)
{
  struct row *row = add_row(rows, kind, 0);
  row->ours = growth(samples, LIBQUEUE, kind->figure);
  row->peer = growth(samples, PEER, kind->peer_figure);
  row->ratio = row->peer / row->ours;
  if (samples->people[0] != SMALL || samples->people[samples->sizes - 1] != LARGE)
    row->goal_kind = GOAL_NONE;
}

void verdict_make(struct rows *rows, const struct samples *samples)
{
  rows->count = 0;
  for (size_t size = 0; size < samples->sizes; size++) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
      add_figure(rows, samples, size, &kinds[i]);
      if (kinds[i].figure == FIGURE_LONGEST && samples->rounds > 1)
        add_worst_longest(rows, samples, size);
    }
  }
  for (size_t i = 0; i < sizeof growths / sizeof *growths && samples->sizes > 1; i++)
    add_growth(rows, samples, &growths[i]);
  if (samples->with_rush)
    add_row(rows, &rush, 0)->ours = samples_median_rush_s(samples);
}
