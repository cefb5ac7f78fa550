#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "median.h"
#include "redis_options.h"

const char redis_options_usage[] =
    "usage: redis [--people N] [--rounds N] [--quick] [--only PART] [--rush PATH] [--json FILE]\n"
    "  --people N   new people for the throughput, 10,000 to 10,000,000 (1,000,000)\n"
    "  --rounds N   measure throughput N times, 1 to 15, and take medians (3)\n"
    "  --quick      300,000 people, one round, short times\n"
    "  --only PART  one of: enters threads tail bytes rush hosts\n"
    "  --rush PATH  the rush program; without it that part is left out\n"
    "  --json FILE  also write the figures there\n"
    "Starts a redis-server of its own, and ends it. The whole takes about 5 minutes, 1 with --quick.\n"
    "The exit status is 0 when everything was measured, whether or not the goals are met.\n";

static const struct redis_options usual = {
    .people = 1000000,
    .waiting = 300000,
    .rounds = 3,
    .threads_s = 2,
    .hosts_s = 2,
    .tail_s = 30,
    .rush_s = 60,
};

static const struct redis_options quick = {
    .people = 300000,
    .waiting = 300000,
    .rounds = 1,
    .threads_s = 1,
    .hosts_s = 1,
    .tail_s = 6,
    .rush_s = 10,
};

/* -1 unless text is a whole number from min to max. */
static long parse_number(const char *text, long min, long max)
{
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && value >= min && value <= max ? value : -1;
}

static int take(struct redis_options *options, const char *name, const char *value)
{
  long number = 0;
  if (strcmp(name, "--people") == 0)
    options->people = (uint32_t)(number = parse_number(value, 10000, 10000000));
  else if (strcmp(name, "--rounds") == 0)
    options->rounds = (size_t)(number = parse_number(value, 1, MEDIAN_MAX));
  else if (strcmp(name, "--only") == 0)
    options->only = value;
  else if (strcmp(name, "--rush") == 0)
    options->rush = value;
  else if (strcmp(name, "--json") == 0)
    options->json = value;
  else
    return -1;
  return number < 0 ? -1 : 0;
}

int redis_options_parse(struct redis_options *options, int argc, char **argv)
{
  *options = usual;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0)
      return 1;
    if (strcmp(argv[i], "--quick") == 0)
      *options = quick;
  }
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--quick") == 0)
      continue;
    if (i + 1 == argc || take(options, argv[i], argv[i + 1]) != 0) {
      fprintf(stderr, "redis: unknown option, or a bad value: %s %s\n%s", argv[i],
              i + 1 < argc ? argv[i + 1] : "", redis_options_usage);
      return -1;
    }
    i++;
  }
  return 0;
}
