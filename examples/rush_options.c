#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <qk.h>
#include "rush_options.h"

enum kind { COUNT, SHARE, FLAG, TEXT };

struct option {
  const char *group; /* a new heading of the help, or NULL */
  const char *name, *unit;
  enum kind kind;
  size_t offset;
  uint64_t least, most;
  const char *help;
};

#define AT(field) offsetof(struct rush_options, field)
#define PPM 10000 /* parts per million in a percent */
#define DAY_S 86400
#define DAY_MS 86400000
#define HOSTS 64
#define MANY UINT64_C(9007199254740991) /* 2^53 - 1, the most that a policy takes */

static const struct rush_options defaults = {
    .uri = "memory:",
    .ramp_s = 10,
    .ramp_rate = 1000,
    .peak_s = 60,
    .peak_rate = 5000,
    .seats = 50000,
    .rate_window_ms = 1000,
    .ready_ms = 30000,
    .active_ms = 20000,
    .max_extends = 2,
    .idle_ms = 30000,
    .tick_ms = 1000,
    .stay_min_ms = 5000,
    .stay_max_ms = 30000,
    .abandon = 3 * PPM,
    .no_show = 2 * PPM,
    .leave = 1 * PPM,
    .overstay = 1 * PPM,
    .twice = 5 * PPM,
    .seed = 1,
    .hosts = 1,
    .window = 4096,
    .patience_ms = 5000,
    .limit_s = 3600,
};

static const struct option table[] = {
    {"Arrivals", "ramp-s", "S", COUNT, AT(ramp_s), 0, DAY_S, "how long the first people trickle in"},
    {NULL, "ramp-rate", "N", COUNT, AT(ramp_rate), 0, 1000000, "people a second in that time"},
    {NULL, "peak-s", "S", COUNT, AT(peak_s), 0, DAY_S, "how long the rush goes on"},
    {NULL, "peak-rate", "N", COUNT, AT(peak_rate), 0, 1000000, "people a second in that time"},
    {"The queue", "seats", "N", COUNT, AT(seats), 0, MANY, "places inside"},
    {NULL, "max-waiting", "N", COUNT, AT(max_waiting), 0, MANY, "refuse people beyond it; 0: no limit"},
    {NULL, "rate", "N", COUNT, AT(rate), 0, 10000000, "admissions in a window; 0: no limit"},
    {NULL, "rate-window-ms", "MS", COUNT, AT(rate_window_ms), 1, DAY_MS, "the window"},
    {NULL, "ready-ms", "MS", COUNT, AT(ready_ms), 1, DAY_MS, "an offer lapses after it"},
    {NULL, "active-ms", "MS", COUNT, AT(active_ms), 1, DAY_MS, "a seat expires after it"},
    {NULL, "max-extends", "N", COUNT, AT(max_extends), 0, 1000, "extensions of a seat"},
    {NULL, "idle-ms", "MS", COUNT, AT(idle_ms), 0, DAY_MS, "drop who has not polled for it; 0: never"},
    {NULL, "no-eager", NULL, FLAG, AT(no_eager), 0, 1, "admit in ticks only"},
    {NULL, "tick-ms", "MS", COUNT, AT(tick_ms), 1, 60000, "time between two ticks"},
    {"People", "stay-min-ms", "MS", COUNT, AT(stay_min_ms), 0, DAY_MS, "the shortest stay inside"},
    {NULL, "stay-max-ms", "MS", COUNT, AT(stay_max_ms), 0, DAY_MS, "the longest stay inside"},
    {NULL, "abandon", "%", SHARE, AT(abandon), 0, 100, "never come back while waiting"},
    {NULL, "no-show", "%", SHARE, AT(no_show), 0, 100, "never claim what they are offered"},
    {NULL, "leave", "%", SHARE, AT(leave), 0, 100, "give up in the line and say so"},
    {NULL, "overstay", "%", SHARE, AT(overstay), 0, 100, "go away from inside without a word"},
    {NULL, "twice", "%", SHARE, AT(twice), 0, 100, "enter on a second device as well"},
    {NULL, "vip", "%", SHARE, AT(vip), 0, 100, "go before the others (class 0 of two)"},
    {NULL, "seed", "N", COUNT, AT(seed), 0, MANY, "of everything that is drawn"},
    {"The run", "realtime", NULL, FLAG, AT(realtime), 0, 1, "real time and load; else virtual time"},
    {NULL, "hosts", "N", COUNT, AT(hosts), 1, HOSTS, "processes that share the queue"},
    {NULL, "lease", NULL, FLAG, AT(lease), 0, 1,
     "tick every queue of the store, taking turns with other hosts"},
    {NULL, "step-ms", "MS", COUNT, AT(step_ms), 0, 1000,
     "virtual: people act every so often; 0: 1 in memory, else 10"},
    {NULL, "batch", "N", COUNT, AT(batch), 0, 16384,
     "virtual: calls in a qk_batch; 0: 1 in memory, else 1024"},
    {NULL, "window", "N", COUNT, AT(window), 1, 16384, "real time: calls under way at most"},
    {NULL, "patience-ms", "MS", COUNT, AT(patience_ms), 1, DAY_MS,
     "real time: who is not served by then is gone"},
    {NULL, "limit-s", "S", COUNT, AT(limit_s), 1, DAY_S, "stop a run that has not ended by then"},
    {NULL, "queue", "NAME", TEXT, AT(queue), 0, 0,
     "the queue to play in, which must not exist; else one of its own"},
    {NULL, "replace", NULL, FLAG, AT(replace), 0, 1, "remove it first if it does"},
    {"Output", "json", "FILE", TEXT, AT(json), 0, 0, "write the report for machines ('-': standard output)"},
    {NULL, "plot", "FILE", TEXT, AT(plot), 0, 0, "draw waiting and inside over time, as SVG"},
    {NULL, "quiet", NULL, FLAG, AT(quiet), 0, 1, "one line at the end, and failed checks"},
};

#define OPTIONS (sizeof table / sizeof table[0])

static uint64_t *number_of(struct rush_options *options, const struct option *option)
{
  return (uint64_t *)(void *)((char *)options + option->offset);
}

static const char **text_of(struct rush_options *options, const struct option *option)
{
  return (const char **)(void *)((char *)options + option->offset);
}

static void print_default(const struct option *option)
{
  struct rush_options copy = defaults;
  if (option->kind == COUNT)
    printf(" [%" PRIu64 "]", *number_of(&copy, option));
  else if (option->kind == SHARE)
    printf(" [%g]", (double)*number_of(&copy, option) / PPM);
  else if (option->kind == TEXT && *text_of(&copy, option) != NULL)
    printf(" [%s]", *text_of(&copy, option));
  putchar('\n');
}

static void print_help(void)
{
  printf("Usage: rush [OPTION]... [URI]\n"
         "Play a concert sale on the store at URI (memory: if none is given): people enter, poll when they\n"
         "are told to, claim their seat, stay, and go; some do not. What the library did is checked from "
         "outside.\n"
         "Exit status: 0, or 1 if a check fails, 2 if it could not run, 130 if it was interrupted.\n");
  for (size_t i = 0; i < OPTIONS; i++) {
    const struct option *option = &table[i];
    char left[40];
    if (option->group != NULL)
      printf("\n%s:\n", option->group);
    snprintf(left, sizeof left, "--%s%s%s", option->name, option->unit != NULL ? " " : "",
             option->unit != NULL ? option->unit : "");
    printf("  %-20s  %s", left, option->help);
    print_default(option);
  }
  printf("\n  %-20s  this text\n  %-20s  the library's version\n", "--help", "--version");
}

static int bad(const char *name, const char *what)
{
  fprintf(stderr, "rush: --%s: %s (see rush --help)\n", name, what);
  return -1;
}

static int parse_share(const struct option *option, const char *value, uint64_t *out)
{
  char *end;
  double percent = strtod(value, &end);
  if (end == value || *end != '\0' || !(percent >= 0 && percent <= 100))
    return bad(option->name, "must be a percentage from 0 to 100");
  *out = (uint64_t)(percent * PPM + 0.5);
  return 0;
}

static int parse_count(const struct option *option, const char *value, uint64_t *out)
{
  char *end;
  char message[80];
  errno = 0;
  uint64_t number = strtoull(value, &end, 10);
  /* strtoull takes "-1" for a very large number. */
  if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number < option->least ||
      number > option->most) {
    snprintf(message, sizeof message, "must be a number from %" PRIu64 " to %" PRIu64, option->least,
             option->most);
    return bad(option->name, message);
  }
  *out = number;
  return 0;
}

static int set(struct rush_options *options, const struct option *option, const char *value)
{
  switch (option->kind) {
  case COUNT:
    return parse_count(option, value, number_of(options, option));
  case SHARE:
    return parse_share(option, value, number_of(options, option));
  case FLAG:
    *number_of(options, option) = 1;
    return 0;
  case TEXT:
    *text_of(options, option) = value;
    return 0;
  }
  return -1;
}

static const struct option *find(const char *name, size_t len)
{
  for (size_t i = 0; i < OPTIONS; i++) {
    if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0)
      return &table[i];
  }
  return NULL;
}

/* Take the option at argv[0]. Returns how many arguments it used, or -1. */
static int take(struct rush_options *options, char **argv)
{
  const char *name = argv[0] + 2;
  const char *value = strchr(name, '=');
  size_t len = value != NULL ? (size_t)(value - name) : strlen(name);
  const struct option *option = find(name, len);
  if (option == NULL)
    return bad(name, "no such option");
  if (option->kind == FLAG)
    return value != NULL ? bad(option->name, "takes no value") : set(options, option, NULL) == 0 ? 1 : -1;
  if (value != NULL)
    return set(options, option, value + 1) == 0 ? 1 : -1;
  if (argv[1] == NULL)
    return bad(option->name, "needs a value");
  return set(options, option, argv[1]) == 0 ? 2 : -1;
}

/* What no single option shows. */
static int check(const struct rush_options *options)
{
  uint64_t people = options_people(options);
  if (people < 1 || people > 20000000)
    return bad("peak-rate", "the arrivals must add up to 1 to 20,000,000 people");
  if (options->hosts > 1 && options_embedded(options))
    return bad("hosts", "needs a store that processes share, as redis://... is");
  if (options->stay_min_ms > options->stay_max_ms)
    return bad("stay-min-ms", "must not be above --stay-max-ms");
  if (options->abandon + options->no_show + options->leave + options->overstay > 100 * PPM)
    return bad("abandon", "with --no-show, --leave and --overstay it must not be above 100 %");
  return 0;
}

/* What depends on other options. A round trip costs as much as hundreds of calls. */
static void settle(struct rush_options *options)
{
  int embedded = options_embedded(options);
  if (options->step_ms == 0)
    options->step_ms = embedded ? 1 : 10;
  if (options->batch == 0)
    options->batch = embedded ? 1 : 1024;
}

enum options_result options_parse(struct rush_options *options, int argc, char **argv)
{
  int uris = 0;
  *options = defaults;
  for (int i = 1; i < argc;) {
    if (strcmp(argv[i], "--help") == 0) {
      print_help();
      return OPTIONS_DONE;
    }
    if (strcmp(argv[i], "--version") == 0) {
      printf("rush (libqueue) %s\n", qk_version());
      return OPTIONS_DONE;
    }
    if (strncmp(argv[i], "--", 2) == 0) {
      int used = take(options, argv + i);
      if (used < 0)
        return OPTIONS_BAD;
      i += used;
    } else if (argv[i][0] == '-' || uris++ > 0) {
      fprintf(stderr, "rush: '%s' is neither an option nor the one URI (see rush --help)\n", argv[i]);
      return OPTIONS_BAD;
    } else {
      options->uri = argv[i++];
    }
  }
  settle(options);
  return check(options) == 0 ? OPTIONS_RUN : OPTIONS_BAD;
}

int options_embedded(const struct rush_options *options)
{
  return strncmp(options->uri, "memory:", strlen("memory:")) == 0;
}

uint64_t options_people(const struct rush_options *options)
{
  return options->ramp_s * options->ramp_rate + options->peak_s * options->peak_rate;
}

int64_t options_arrival_ms(const struct rush_options *options, uint64_t i)
{
  uint64_t in_ramp = options->ramp_s * options->ramp_rate;
  if (i < in_ramp)
    return (int64_t)(i * 1000 / options->ramp_rate);
  return (int64_t)(options->ramp_s * 1000 + (i - in_ramp) * 1000 / options->peak_rate);
}
