#include <stdio.h>
#include <string.h>
#include "format.h"
#include "report.h"

static void format_outcome(char out[FORMAT_SIZE], const struct figure *figure)
{
  double shortfall = figure_shortfall(figure);
  if (shortfall > 0)
    snprintf(out, FORMAT_SIZE, "missed by %.1f %%", 100 * shortfall);
  else
    snprintf(out, FORMAT_SIZE, "met");
}

/* How far the rounds lie apart; nothing to say about one. */
static void format_spread(char out[FORMAT_SIZE], const struct figure *figure)
{
  out[0] = '\0';
  if (figure->rounds[LIBQUEUE] > 1)
    snprintf(out, FORMAT_SIZE, "%.0f %%", 100 * spread(figure->value[LIBQUEUE], figure->rounds[LIBQUEUE]));
}

/* Of the longest label or heading. */
static int label_width(const struct report *report)
{
  size_t width = 24;
  for (size_t i = 0; i < report->figures; i++) {
    size_t label = strlen(report->figure[i].label), group = strlen(report->figure[i].group);
    width = label > width ? label : width;
    width = group > width + 2 ? group - 2 : width;
  }
  return (int)width;
}

static void print_figure(const struct figure *figure, int width)
{
  char ours[FORMAT_SIZE], peer[FORMAT_SIZE], ratio[FORMAT_SIZE], apart[FORMAT_SIZE], goal[FORMAT_SIZE],
      outcome[FORMAT_SIZE];
  if (figure->rounds[LIBQUEUE] == 0) {
    printf("  %-*s not measured: %s\n", width, figure->label, figure->missing);
    return;
  }
  format_value(ours, figure->unit, figure_median(figure, LIBQUEUE));
  format_value(peer, figure->unit, figure_median(figure, PEER));
  format_value(ratio, UNIT_TIMES, figure->unit == UNIT_TIMES ? -1 : figure_ratio(figure));
  format_spread(apart, figure);
  format_goal(goal, figure);
  format_outcome(outcome, figure);
  if (figure->goal_kind == GOAL_NONE)
    outcome[0] = '\0';
  char line[256];
  int length = snprintf(line, sizeof line, "  %-*s %12s %12s %9s %7s  %-14s %s", width, figure->label, ours,
                        peer, ratio, apart, goal, outcome);
  while (length > 0 && line[length - 1] == ' ')
    length--;
  printf("%.*s\n", length, line);
}

/* What stands above a figure: the name of its group, and what it is held against, where they are new. */
static void print_headings(const struct figure *figure, const struct figure *above, int width)
{
  int is_new = !above || strcmp(figure->group, above->group) != 0;
  if (is_new)
    printf("\n%-*s %12s %12s %9s %7s  %s\n", width + 2, figure->group, "libqueue", "peer", "better", "spread",
           "goal");
  if (figure->peer[0] != '\0' && (is_new || strcmp(figure->peer, above->peer) != 0))
    printf("  beside %s\n", figure->peer);
}

static void print_machine(const struct report *report)
{
  const struct machine *machine = &report->machine;
  printf("libqueue %s%s, 12-byte ids, medians of %zu round%s\n", report->version,
         report->quick ? ", small sizes and short times" : "", report->rounds,
         report->rounds == 1 ? "" : "s");
  printf("%s, %d cores, %s, %s %s", machine->processor, machine->cores, machine->system, machine->compiler,
         machine->flags);
  if (machine->redis[0] != '\0')
    printf(", Redis %s by TCP loopback", machine->redis);
  putchar('\n');
}

#define NOTES                                                                                                \
  "better: how many times. spread: from the least to the greatest round, as a share of the median.\n"        \
  "memory: one thread; batched polls are held against the peer's single ones; the time of a single enter\n"  \
  "includes a clock read, its own time leaves out what other programs took; bytes: what the process's\n"     \
  "resident memory grew by. Redis: each peer does less: it has no classes, rate, totals or notice of lost\n" \
  "writes. rush: cut off a second after the last arrival. hosts: 64 threads that wait in each, one queue.\n"

void report_table(const struct report *report)
{
  size_t goals = 0, met = 0;
  int width = label_width(report);
  print_machine(report);
  for (size_t i = 0; i < report->figures; i++) {
    const struct figure *figure = &report->figure[i];
    print_headings(figure, i > 0 ? figure - 1 : NULL, width);
    print_figure(figure, width);
    if (figure_is_held(figure)) {
      goals++;
      met += figure_shortfall(figure) <= 0;
    }
  }
  printf("\n%s%zu of %zu goals met\n", NOTES, met, goals);
}
