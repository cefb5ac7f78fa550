#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "options.h"

#define PEOPLE_MIN 1000
#define PEOPLE_MAX 100000000

const char options_usage[] =
    "usage: bench [--people N]... [--rounds N] [--quick] [--rush PATH] [--json FILE]\n"
    "  --people N   length of the line, 1,000 to 100,000,000; up to 8 times\n"
    "               (300,000, 1,000,000 and 10,000,000; the last needs about 2 GB)\n"
    "  --rounds N   measure N times, 1 to 15, and take medians (3)\n"
    "  --quick      300,000 and 1,000,000 people, one round\n"
    "  --rush PATH  also time this rush program\n"
    "  --json FILE  also write the figures there\n"
    "The exit status is 0 when everything was measured, whether or not the goals are met.\n";

/* -1 unless text is a whole number from min to max. */
static long parse_number(const char *text, long min, long max)
{
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && value >= min && value <= max ? value : -1;
}

static int add_size(struct options *options, long people)
{
  if (people < 0 || options->sizes == SAMPLES_SIZES)
    return -1;
  size_t at = options->sizes++;
  while (at > 0 && options->people[at - 1] > (uint32_t)people) {
    options->people[at] = options->people[at - 1];
    at--;
  }
  options->people[at] = (uint32_t)people;
  return 0;
}

static int set_rounds(struct options *options, long rounds)
{
  if (rounds < 0)
    return -1;
  options->rounds = (size_t)rounds;
  return 0;
}

static int take(struct options *options, const char *name, const char *value)
{
  if (strcmp(name, "--people") == 0)
    return add_size(options, parse_number(value, PEOPLE_MIN, PEOPLE_MAX));
  if (strcmp(name, "--rounds") == 0)
    return set_rounds(options, parse_number(value, 1, SAMPLES_ROUNDS));
  if (strcmp(name, "--rush") == 0)
    options->rush = value;
  else if (strcmp(name, "--json") == 0)
    options->json = value;
  else
    return -1;
  return 0;
}

static void fill_in(struct options *options, int quick)
{
  static const long usual[] = {300000, 1000000, 10000000};
  if (options->rounds == 0)
    options->rounds = quick ? 1 : 3;
  if (options->sizes > 0)
    return;
  for (size_t i = 0; i < (quick ? 2 : 3); i++)
    add_size(options, usual[i]);
}

int options_parse(struct options *options, int argc, char **argv)
{
  int quick = 0;
  *options = (struct options){0};
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0)
      return 1;
    if (strcmp(argv[i], "--quick") == 0) {
      quick = 1;
    } else if (i + 1 == argc || take(options, argv[i], argv[i + 1]) != 0) {
      fprintf(stderr, "bench: unknown option, or a bad value: %s %s\n%s", argv[i],
              i + 1 < argc ? argv[i + 1] : "", options_usage);
      return -1;
    } else {
      i++;
    }
  }
  fill_in(options, quick);
  return 0;
}
