#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "rush_text.h"

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
  out.s[at] = '\0';
  return out;
}

/* Three figures that count, whatever the size. */
static struct text scaled(double value, const char *unit)
{
  struct text out;
  int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  snprintf(out.s, sizeof out.s, "%.*f %s", decimals, value, unit);
  return out;
}

struct text text_rate(double per_second)
{
  if (per_second >= 999.5e3)
    return scaled(per_second / 1e6, "M");
  if (per_second >= 999.5)
    return scaled(per_second / 1e3, "k");
  struct text out;
  snprintf(out.s, sizeof out.s, "%.0f", per_second);
  return out;
}

struct text text_ns(uint64_t ns)
{
  double value = (double)ns;
  if (value >= 999.5e6)
    return scaled(value / 1e9, "s");
  if (value >= 999.5e3)
    return scaled(value / 1e6, "ms");
  if (value >= 999.5)
    return scaled(value / 1e3, "us");
  struct text out;
  snprintf(out.s, sizeof out.s, "%" PRIu64 " ns", ns);
  return out;
}

struct text text_ms(int64_t ms)
{
  struct text out;
  if (ms < 1000)
    snprintf(out.s, sizeof out.s, "%" PRId64 " ms", ms);
  else if (ms < 60000)
    snprintf(out.s, sizeof out.s, "%.1f s", (double)ms / 1000);
  else
    snprintf(out.s, sizeof out.s, "%" PRId64 " min %" PRId64 " s", ms / 60000, ms / 1000 % 60);
  return out;
}

struct text text_clock(int64_t ms)
{
  struct text out;
  int64_t s = ms / 1000;
  snprintf(out.s, sizeof out.s, "%" PRId64 ":%02" PRId64, s / 60, s % 60);
  return out;
}

struct text text_percent(double part, double whole)
{
  struct text out = {"-"};
  if (whole > 0)
    snprintf(out.s, sizeof out.s, "%.1f %%", 100 * part / whole);
  return out;
}

FILE *text_open(const char *path)
{
  if (strcmp(path, "-") == 0)
    return stdout;
  FILE *file = fopen(path, "w");
  if (file == NULL)
    fprintf(stderr, "rush: %s: %s\n", path, strerror(errno));
  return file;
}

int text_close(FILE *file, const char *path, int lost)
{
  lost |= ferror(file) != 0;
  lost |= (file == stdout ? fflush(file) : fclose(file)) != 0;
  if (lost)
    fprintf(stderr, "rush: %s: could not be written\n", path);
  return lost ? -1 : 0;
}
