/* The Speed section's tables of README.md: the lines in memory by their length; everything else that has a
 * goal. */
#include <stdio.h>
#include <string.h>
#include "format.h"
#include "report.h"

#define BY_LENGTH "memory" /* the section whose figures are of several lengths of the line */

static int is_by_length(const struct figure *figure)
{
  return strcmp(figure->section, BY_LENGTH) == 0 && figure->people > 0;
}

/* Rates in thousands or millions: digits beyond the third say nothing. */
static void format_short(char out[FORMAT_SIZE], enum unit unit, double value)
{
  if (unit == UNIT_PER_SECOND && value >= 1e6)
    snprintf(out, FORMAT_SIZE, "%.1f M/s", value / 1e6);
  else if (unit == UNIT_PER_SECOND && value >= 1e3)
    snprintf(out, FORMAT_SIZE, "%.0f k/s", value / 1e3);
  else
    format_value(out, unit, value);
}

static void print_cell(const struct figure *figure)
{
  char ours[FORMAT_SIZE], peer[FORMAT_SIZE];
  if (!figure || figure->rounds[LIBQUEUE] == 0) {
    printf(" |");
    return;
  }
  format_short(ours, figure->unit, figure_median(figure, LIBQUEUE));
  printf(" %s", ours);
  if (figure->unit == UNIT_PER_SECOND && figure_ratio(figure) > 0) {
    printf(" (%.1f x)", figure_ratio(figure));
  } else if (figure->rounds[PEER] > 0) {
    format_short(peer, figure->unit, figure_median(figure, PEER));
    printf(" (%s)", peer);
  }
  printf(" |");
}

/* The next greater length of which something has a goal; 0: no more. */
static uint32_t next_length(const struct report *report, uint32_t people)
{
  uint32_t next = 0;
  for (size_t i = 0; i < report->figures; i++) {
    const struct figure *figure = &report->figure[i];
    if (is_by_length(figure) && figure_is_held(figure) && figure->people > people &&
        (next == 0 || figure->people < next))
      next = figure->people;
  }
  return next;
}

static void print_by_length(const struct report *report)
{
  char count[FORMAT_SIZE];
  uint32_t first = next_length(report, 0);
  if (first == 0)
    return;
  printf("| memory, people waiting |");
  for (uint32_t people = first; people > 0; people = next_length(report, people)) {
    format_count(count, people);
    printf(" %s |", count);
  }
  printf("\n| --- |");
  for (uint32_t people = first; people > 0; people = next_length(report, people))
    printf(" --- |");
  putchar('\n');
  for (size_t i = 0; i < report->figures; i++) {
    struct figure figure = report->figure[i];
    if (!is_by_length(&figure) || figure.people != first)
      continue;
    printf("| %s |", figure.label);
    for (; figure.people > 0; figure.people = next_length(report, figure.people))
      print_cell(report_find(report, &figure));
    putchar('\n');
  }
  putchar('\n');
}

/* The group is named where it is new. */
static void print_row(const struct figure *figure, const char *group)
{
  char ours[FORMAT_SIZE], peer[FORMAT_SIZE], goal[FORMAT_SIZE], ratio[FORMAT_SIZE];
  format_short(ours, figure->unit, figure_median(figure, LIBQUEUE));
  format_short(peer, figure->unit, figure_median(figure, PEER));
  format_value(ratio, UNIT_TIMES, figure_ratio(figure));
  format_goal(goal, figure);
  printf("| %s | %s | %s | %s%s%s | %s | %s%s |\n", group, figure->label, ours, peer[0] ? figure->peer : "",
         peer[0] ? ": " : "", peer, ratio, goal, figure_shortfall(figure) > 0 ? " (missed)" : "");
}

static void print_others(const struct report *report)
{
  const char *group = "";
  printf("| | | libqueue | the peer | | goal |\n| --- | --- | --- | --- | --- | --- |\n");
  for (size_t i = 0; i < report->figures; i++) {
    const struct figure *figure = &report->figure[i];
    if (!figure_is_held(figure) || is_by_length(figure))
      continue;
    print_row(figure, strcmp(figure->group, group) == 0 ? "" : figure->group);
    group = figure->group;
  }
}

void report_markdown(const struct report *report)
{
  const struct machine *machine = &report->machine;
  printf("%s, %d cores, %s, %s `%s`", machine->processor, machine->cores, machine->system, machine->compiler,
         machine->flags);
  if (machine->redis[0] != '\0')
    printf(", Redis %s by TCP loopback on the same cores", machine->redis);
  printf("; medians of %zu round%s.\n\n", report->rounds, report->rounds == 1 ? "" : "s");
  print_by_length(report);
  print_others(report);
}
