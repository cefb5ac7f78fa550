#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "median.h"
#include "options.h"

const char options_usage[] =
    "usage: bench [--quick] [--only SECTION]... [--rounds N] [--server PROGRAM] [OUTPUT]...\n"
    "       bench --from FILE [OUTPUT]...\n"
    "       bench --compare OLD NEW\n"
    "Measures the library beside its peers and prints a table. Run it in the top folder of the build.\n"
    "  --quick           small sizes, short times, one round: 2 minutes instead of 10\n"
    "  --only SECTION    measure this one: memory rush metrics enters threads tokens tail bytes realtime "
    "hosts\n"
    "  --rounds N        measure N times, 1 to 15, and take medians (3)\n"
    "  --server PROGRAM  the Redis server to start (redis-server)\n"
    "  --from FILE       show this report instead of measuring\n"
    "OUTPUT:\n"
    "  --json FILE       also write the report there\n"
    "  --plots FOLDER    also draw it there, by gnuplot\n"
    "  --markdown        print the tables of README.md instead\n"
    "The exit status is 0 when everything was measured, whether or not the goals are met. With --compare it "
    "is 1 if a\n"
    "figure has become worse by more than the rounds' noise, 2 if the two cannot be compared.\n";

static const struct options usual = {
    .rounds = 3,
    .length = {1000, 10000, 100000, 300000, 1000000, 10000000},
    .polls = 1000000,
    .people = 1000000,
    .waiting = 300000,
    .threads_s = 2,
    .hosts_s = 2,
    .tokens_s = 3,
    .tail_s = 30,
    .rush_s = 60,
    .server = "redis-server",
};

static const struct options quick = {
    .quick = 1,
    .rounds = 1,
    .length = {1000, 10000, 100000},
    .polls = 200000,
    .people = 100000,
    .waiting = 100000,
    .threads_s = 1,
    .hosts_s = 1,
    .tokens_s = 1,
    .tail_s = 6,
    .rush_s = 10,
    .server = "redis-server",
};

/* -1 unless text is a whole number from min to max. */
static long parse_number(const char *text, long min, long max)
{
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && value >= min && value <= max ? value : -1;
}

static int add_only(struct options *options, const char *name)
{
  size_t i = 0;
  while (i < OPTIONS_ONLY - 1 && options->only[i])
    i++;
  options->only[i] = name;
  return 0;
}

static int set_rounds(struct options *options, long rounds)
{
  if (rounds < 0)
    return -1;
  options->rounds = (size_t)rounds;
  return 0;
}

/* An option with a value. */
static int take(struct options *options, const char *name, const char *value)
{
  const struct {
    const char *name;
    const char **place;
  } texts[] = {{"--server", &options->server},
               {"--json", &options->json},
               {"--plots", &options->plots},
               {"--from", &options->from}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (strcmp(name, texts[i].name) != 0)
      continue;
    *texts[i].place = value;
    return 0;
  }
  if (strcmp(name, "--only") == 0)
    return add_only(options, value);
  if (strcmp(name, "--rounds") == 0)
    return set_rounds(options, parse_number(value, 1, MEDIAN_MAX));
  return -1;
}

/* Take what begins at argv[i]. Returns how many arguments that are, -1 if they are wrong. */
static int take_at(struct options *options, int argc, char **argv, int i)
{
  if (strcmp(argv[i], "--quick") == 0)
    return 1;
  if (strcmp(argv[i], "--markdown") == 0) {
    options->markdown = 1;
    return 1;
  }
  if (strcmp(argv[i], "--compare") == 0 && i + 2 < argc) {
    options->old = argv[i + 1];
    options->new = argv[i + 2];
    return 3;
  }
  return i + 1 < argc && take(options, argv[i], argv[i + 1]) == 0 ? 2 : -1;
}

int options_parse(struct options *options, int argc, char **argv)
{
  *options = usual;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0)
      return 1;
    if (strcmp(argv[i], "--quick") == 0)
      *options = quick;
  }
  for (int i = 1; i < argc;) {
    int taken = take_at(options, argc, argv, i);
    if (taken < 0) {
      fprintf(stderr, "bench: unknown option, or a bad value: %s %s\n%s", argv[i],
              i + 1 < argc ? argv[i + 1] : "", options_usage);
      return -1;
    }
    i += taken;
  }
  return 0;
}
