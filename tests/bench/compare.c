#include <stdio.h>
#include <string.h>
#include "compare.h"
#include "format.h"

/* The spread of n rounds is some 1.7 standard deviations for 3 of them, and the two medians' difference
 * varies by about one: the sum of both spreads is beyond chance. A single round says nothing about its noise.
 */
#define LONE_TOLERANCE 0.3

enum verdict { SAME, BETTER, WORSE, NOT_JUDGED };

/* What is compared: how many times better than the peer, where both reports have one; else the library's own
 * value. A greater one is better only if rises is set. */
struct measure {
  int is_ratio, rises;
  double value[2], spread[2];
};

static void measure_ratio(struct measure *measure, int at, const struct figure *figure)
{
  double ratios[MEDIAN_MAX];
  size_t rounds =
      figure->rounds[LIBQUEUE] < figure->rounds[PEER] ? figure->rounds[LIBQUEUE] : figure->rounds[PEER];
  for (size_t i = 0; i < rounds; i++) {
    double ours = figure->value[LIBQUEUE][i], peer = figure->value[PEER][i];
    ratios[i] = figure->unit == UNIT_PER_SECOND ? ours / peer : peer / ours;
  }
  measure->value[at] = figure_ratio(figure);
  measure->spread[at] = rounds > 1 ? spread(ratios, rounds) : LONE_TOLERANCE / 2;
}

static void measure_value(struct measure *measure, int at, const struct figure *figure)
{
  size_t rounds = figure->rounds[LIBQUEUE];
  measure->value[at] = figure_median(figure, LIBQUEUE);
  measure->spread[at] = rounds > 1 ? spread(figure->value[LIBQUEUE], rounds) : LONE_TOLERANCE / 2;
}

static struct measure take_measure(const struct figure *old, const struct figure *new)
{
  struct measure measure = {.is_ratio = figure_ratio(old) > 0 && figure_ratio(new) > 0};
  measure.rises = measure.is_ratio || new->unit == UNIT_PER_SECOND;
  for (int i = 0; i < 2; i++) {
    if (measure.is_ratio)
      measure_ratio(&measure, i, i == 0 ? old : new);
    else
      measure_value(&measure, i, i == 0 ? old : new);
  }
  return measure;
}

/* By how much it has become better, as a share of what it was; worse: below 0. What was 0 can only become
 * worse, by all. */
static double gain_of(const struct measure *measure)
{
  double old = measure->value[0], new = measure->value[1];
  if (old <= 0)
    return new > old ? -1 : 0;
  return measure->rises ? new / old - 1 : 1 - new / old;
}

static double tolerance_of(const struct measure *measure, const struct figure *figure)
{
  double noise = measure->spread[0] + measure->spread[1];
  return noise > figure->tolerance ? noise : figure->tolerance;
}

static void print_line(const struct figure *figure, const struct measure *measure, double gain,
                       double tolerance, enum verdict verdict)
{
  static const char *const words[] = {"", "better", "REGRESSION", "not judged"};
  char old[FORMAT_SIZE], new[FORMAT_SIZE], people[FORMAT_SIZE] = "", name[80];
  enum unit unit = measure->is_ratio ? UNIT_TIMES : figure->unit;
  format_value(old, unit, measure->value[0]);
  format_value(new, unit, measure->value[1]);
  if (figure->people > 0)
    format_count(people, figure->people);
  snprintf(name, sizeof name, "%s %s", figure->section, figure->name);
  printf("%-44s %10s %12s %12s %+8.1f %% %7.0f %%  %s\n", name, people, old, new, 100 * gain, 100 * tolerance,
         words[verdict]);
}

static enum verdict judge(const struct measure *measure, int same_machine, double gain, double tolerance)
{
  if (!measure->is_ratio && !same_machine)
    return NOT_JUDGED;
  if (gain < -tolerance)
    return WORSE;
  return gain > tolerance ? BETTER : SAME;
}

static size_t count_lonely(const struct report *report, const struct report *other)
{
  size_t lonely = 0;
  for (size_t i = 0; i < report->figures; i++) {
    const struct figure *figure = &report->figure[i], *twin = report_find(other, figure);
    lonely += figure->rounds[LIBQUEUE] > 0 && (!twin || twin->rounds[LIBQUEUE] == 0);
  }
  return lonely;
}

int compare_reports(const struct report *old, const struct report *new)
{
  int regressions = 0, compared = 0, same_machine = machine_is_same(&old->machine, &new->machine);
  printf("%-44s %10s %12s %12s %10s %9s\n", "figure", "people", "old", "new", "gain", "noise");
  for (size_t i = 0; i < old->figures; i++) {
    const struct figure *before = &old->figure[i], *after = report_find(new, before);
    if (!after || before->rounds[LIBQUEUE] == 0 || after->rounds[LIBQUEUE] == 0)
      continue;
    struct measure measure = take_measure(before, after);
    double gain = gain_of(&measure), tolerance = tolerance_of(&measure, after);
    enum verdict verdict = judge(&measure, same_machine, gain, tolerance);
    print_line(after, &measure, gain, tolerance, verdict);
    regressions += verdict == WORSE;
    compared++;
  }
  printf("\nWhat has a peer is compared by how many times better it is (x), so that the machine's speed "
         "cancels out.\n");
  if (!same_machine)
    printf("The machines differ: what has no peer is not judged.\n");
  printf("%zu figures only in the old report, %zu only in the new one.\n", count_lonely(old, new),
         count_lonely(new, old));
  printf("%d of %d figures are worse by more than their noise\n", regressions, compared);
  if (compared == 0)
    fprintf(stderr, "bench: the reports have no figure in common\n");
  return compared > 0 ? regressions : -1;
}
