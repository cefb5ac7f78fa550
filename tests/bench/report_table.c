#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "report.h"

#define CELL 24

void report_count(char *out, size_t size, uint64_t value)
{
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%" PRIu64, value);
  size_t used = 0;
  for (int i = 0; i < length && used + 2 < size; i++) {
    if (i > 0 && (length - i) % 3 == 0)
      out[used++] = ',';
    out[used++] = digits[i];
  }
  out[used] = '\0';
}

static void format_ns(char *out, double ns)
{
  static const char *const units[] = {"ns", "us", "ms", "s"};
  size_t unit = 0;
  while (ns >= 1000 && unit < 3) {
    ns /= 1000;
    unit++;
  }
  snprintf(out, CELL, ns < 10 ? "%.2f %s" : ns < 100 ? "%.1f %s" : "%.0f %s", ns, units[unit]);
}

/* An absent value (-1) leaves the cell empty. */
static void format_value(char *out, enum unit unit, double value)
{
  out[0] = '\0';
  if (value < 0)
    return;
  switch (unit) {
  case UNIT_PER_SECOND:
  case UNIT_COUNT:
    report_count(out, CELL, (uint64_t)value);
    break;
  case UNIT_NS:
    format_ns(out, value);
    break;
  case UNIT_BYTES:
    snprintf(out, CELL, "%.1f B", value);
    break;
  case UNIT_SECONDS:
    snprintf(out, CELL, "%.2f s", value);
    break;
  case UNIT_TIMES:
    snprintf(out, CELL, "%.1f x", value);
    break;
  }
}

static void format_goal(char *out, const struct row *row)
{
  char value[CELL];
  format_value(value, row->unit, row->goal);
  if (row->goal_kind == GOAL_RATIO)
    snprintf(out, 2 * CELL, ">= %g x peer", row->goal);
  else
    snprintf(out, 2 * CELL, "<= %s", value);
}

static void format_outcome(char *out, const struct row *row)
{
  double shortfall = row_shortfall(row);
  if (shortfall > 0)
    snprintf(out, CELL, "missed by %.1f %%", 100 * shortfall);
  else
    snprintf(out, CELL, "met");
}

/* Of the longest label or heading. */
static int label_width(const struct rows *rows)
{
  size_t width = 24;
  for (size_t i = 0; i < rows->count; i++) {
    size_t label = strlen(rows->row[i].label), group = strlen(rows->row[i].group);
    width = label > width ? label : width;
    width = group > width + 2 ? group - 2 : width;
  }
  return (int)width;
}

static void print_row(const struct row *row, int width)
{
  char ours[CELL], peer[CELL], ratio[CELL], goal[2 * CELL], outcome[CELL];
  format_value(ours, row->unit, row->ours);
  format_value(peer, row->unit, row->peer);
  format_value(ratio, UNIT_TIMES, row->unit == UNIT_TIMES ? -1 : row->ratio);
  format_goal(goal, row);
  format_outcome(outcome, row);
  printf("  %-*s %12s %12s %9s", width, row->label, ours, peer, ratio);
  if (row->goal_kind == GOAL_NONE)
    putchar('\n');
  else
    printf("  %-13s %s\n", goal, outcome);
}

static void print_heading_before(const struct rows *rows, size_t i, int width)
{
  const char *group = rows->row[i].group;
  if (i == 0 || strcmp(group, rows->row[i - 1].group) != 0)
    printf("\n%-*s %12s %12s %9s  %s\n", width + 2, group, "libqueue", "peer", "better", "goal");
}

void report_table(const struct rows *rows, const struct report_setting *setting)
{
  size_t goals = 0, met = 0;
  int width = label_width(rows);
  printf("%s%s, ", setting->title, setting->machine);
  if (setting->cpu >= 0)
    printf("pinned to CPU %d, ", setting->cpu);
  else
    printf("not pinned, ");
  printf("medians of %zu round%s\n", setting->rounds, setting->rounds == 1 ? "" : "s");
  for (size_t i = 0; i < rows->count; i++) {
    print_heading_before(rows, i, width);
    print_row(&rows->row[i], width);
    if (rows->row[i].goal_kind != GOAL_NONE) {
      goals++;
      met += row_shortfall(&rows->row[i]) <= 0;
    }
  }
  printf("\n%s%zu of %zu goals met\n", setting->notes, met, goals);
}
