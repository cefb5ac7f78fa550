#include <inttypes.h>
#include <stdio.h>
#include "format.h"

void format_count(char out[FORMAT_SIZE], uint64_t value)
{
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%" PRIu64, value);
  size_t used = 0;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0)
      out[used++] = ',';
    out[used++] = digits[i];
  }
  out[used] = '\0';
}

/* Three digits that say something. */
static const char *digits_of(double value)
{
  return value < 10 ? "%.2f %s" : value < 100 ? "%.1f %s" : "%.0f %s";
}

static void format_ns(char out[FORMAT_SIZE], double ns)
{
  static const char *const units[] = {"ns", "us", "ms", "s"};
  size_t unit = 0;
  while (ns >= 1000 && unit < 3) {
    ns /= 1000;
    unit++;
  }
  snprintf(out, FORMAT_SIZE, digits_of(ns), ns, units[unit]);
}

void format_value(char out[FORMAT_SIZE], enum unit unit, double value)
{
  out[0] = '\0';
  if (value < 0)
    return;
  switch (unit) {
  case UNIT_PER_SECOND:
  case UNIT_COUNT:
    format_count(out, (uint64_t)(value + 0.5));
    break;
  case UNIT_NS:
    format_ns(out, value);
    break;
  case UNIT_BYTES:
    snprintf(out, FORMAT_SIZE, value < 1000 ? "%.1f B" : "%.0f B", value);
    break;
  case UNIT_SECONDS:
    snprintf(out, FORMAT_SIZE, "%.2f s", value);
    break;
  case UNIT_TIMES:
    snprintf(out, FORMAT_SIZE, "%.1f x", value);
    break;
  case UNIT_PERCENT:
    snprintf(out, FORMAT_SIZE, "%.1f %%", value);
    break;
  case UNITS:
    break;
  }
}

void format_goal(char out[FORMAT_SIZE], const struct figure *figure)
{
  char value[FORMAT_SIZE];
  format_value(value, figure->unit, figure->goal);
  out[0] = '\0';
  if (figure->goal_kind == GOAL_RATIO)
    snprintf(out, FORMAT_SIZE, ">= %g x peer", figure->goal);
  else if (figure->goal_kind != GOAL_NONE)
    snprintf(out, FORMAT_SIZE, "%s %.24s", figure->goal_kind == GOAL_AT_LEAST ? ">=" : "<=", value);
}
