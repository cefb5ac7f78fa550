#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <qk.h>
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
    snprintf(out, 2 * CELL, ">= %.0f x peer", row->goal);
  else
    snprintf(out, 2 * CELL, "<= %s", value);
}

static void format_outcome(char *out, const struct row *row)
{
  double shortfall = verdict_shortfall(row);
  if (shortfall > 0)
    snprintf(out, CELL, "missed by %.1f %%", 100 * shortfall);
  else
    snprintf(out, CELL, "met");
}

static void print_row(const struct row *row)
{
  char ours[CELL], peer[CELL], ratio[CELL], goal[2 * CELL], outcome[CELL];
  format_value(ours, row->unit, row->ours);
  format_value(peer, row->unit, row->peer);
  format_value(ratio, UNIT_TIMES, row->unit == UNIT_TIMES ? -1 : row->ratio);
  format_goal(goal, row);
  format_outcome(outcome, row);
  printf("  %-24s %12s %12s %9s", row->label, ours, peer, ratio);
  if (row->goal_kind == GOAL_NONE)
    putchar('\n');
  else
    printf("  %-13s %s\n", goal, outcome);
}

static void print_heading(const char *heading)
{
  printf("\n%-26s %12s %12s %9s  %s\n", heading, "libqueue", "peer", "better", "goal");
}

/* A heading goes before the first row of each size, of growth, and of the rush. */
static void print_heading_before(const struct verdict *verdict, size_t i)
{
  const struct row *row = &verdict->rows[i];
  char heading[64], count[CELL];
  if (i > 0 && row->people == row[-1].people && row->unit != UNIT_SECONDS)
    return;
  report_count(count, sizeof count, row->people);
  if (row->people > 0)
    snprintf(heading, sizeof heading, "%s people", count);
  else
    snprintf(heading, sizeof heading, "%s",
             row->unit == UNIT_TIMES ? "cost, largest : smallest" : "virtual time");
  print_heading(heading);
}

void report_table(const struct verdict *verdict, const struct report_setting *setting)
{
  size_t goals = 0, met = 0;
  printf("libqueue %s, memory backend, one thread, 12-byte ids\n", qk_version());
  printf("peer: libstdc++ order-statistics tree + std::unordered_map, in the same run\n");
  printf("%s, ", setting->machine);
  if (setting->cpu >= 0)
    printf("pinned to CPU %d, ", setting->cpu);
  else
    printf("not pinned, ");
  printf("medians of %zu round%s\n", setting->rounds, setting->rounds == 1 ? "" : "s");
  for (size_t i = 0; i < verdict->count; i++) {
    print_heading_before(verdict, i);
    print_row(&verdict->rows[i]);
    if (verdict->rows[i].goal_kind != GOAL_NONE) {
      goals++;
      met += verdict_shortfall(&verdict->rows[i]) <= 0;
    }
  }
  puts("\nBatched polls are held against the peer's single ones. The time of a single enter includes making "
       "the");
  puts("id and a clock read; the goal is for the median round; its own time leaves out what other programs "
       "took.");
  puts("Bytes: what the process's resident memory grew by.");
  printf("%zu of %zu goals met\n", met, goals);
}
