#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct text text_count(uint64_t n)
{
  struct text out = {""};
  char digits[24];
  int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
  size_t at = 0;
  for (int i = 0; i < len; i++) {
    if (i > 0 && (len - i) % 3 == 0)
      out.s[at++] = ',';
    out.s[at++] = digits[i];
  }
  return out;
}

struct text text_rate(double per_second)
{
  struct text out = {"-"};
  if (per_second >= 99.95 && per_second < 1e18)
    return text_count((uint64_t)(per_second + 0.5));
  if (per_second >= 0)
    snprintf(out.s, sizeof out.s, "%.*f", per_second > 0 && per_second < 0.995 ? 2 : 1, per_second);
  return out;
}

struct text text_span(int64_t ms)
{
  struct text out = {"-"};
  int64_t s = ms / 1000;
  if (ms < 0)
    return out;
  if (ms < 59950)
    snprintf(out.s, sizeof out.s, "%.1fs", (double)ms / 1000);
  else if (s < HOUR)
    snprintf(out.s, sizeof out.s, "%" PRId64 "m %02" PRId64 "s", s / MINUTE, s % MINUTE);
  else if (s < DAY)
    snprintf(out.s, sizeof out.s, "%" PRId64 "h %02" PRId64 "m", s / HOUR, s % HOUR / MINUTE);
  else
    snprintf(out.s, sizeof out.s, "%" PRId64 "d %02" PRId64 "h", s / DAY, s % DAY / HOUR);
  return out;
}

struct text text_bytes(uint64_t bytes)
{
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  struct text out;
  double value = (double)bytes;
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
    value /= 1000;
    unit++;
  }
  snprintf(out.s, sizeof out.s, "%.*f %s", unit > 0 && value < 9.95 ? 1 : 0, value, units[unit]);
  return out;
}

struct text text_utc(int64_t unix_ms)
{
  struct text out = {"-"};
  struct tm parts;
  time_t seconds = (time_t)(unix_ms / 1000);
  if (gmtime_r(&seconds, &parts) != NULL)
    strftime(out.s, sizeof out.s, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return out;
}
