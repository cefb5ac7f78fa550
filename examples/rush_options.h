/* The scenario: every figure of the rush, from the command line. */
#ifndef RUSH_OPTIONS_H
#define RUSH_OPTIONS_H

#include <stdint.h>

/* Shares of people are in parts per million. */
struct rush_options {
  const char *uri, *queue; /* queue NULL: one of this run's own */
  const char *json, *plot; /* file names; "-" is standard output; NULL: none */
  /* arrivals */
  uint64_t ramp_s, ramp_rate, peak_s, peak_rate;
  /* the queue's policy */
  uint64_t seats, max_waiting, rate, rate_window_ms, ready_ms, active_ms, max_extends, idle_ms, no_eager;
  uint64_t tick_ms;
  /* what people do */
  uint64_t stay_min_ms, stay_max_ms;
  uint64_t abandon, no_show, leave, overstay, twice, vip;
  uint64_t seed;
  /* how it runs */
  uint64_t realtime, hosts, lease, step_ms, batch, window, patience_ms, limit_s, replace, quiet;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_BAD };

/* Fill options with the defaults, then from the arguments. --help and --version print and return
 * OPTIONS_DONE; what is wrong is said on standard error. */
enum options_result options_parse(struct rush_options *options, int argc, char **argv);

/* Whether the store is inside this process, where a call costs next to nothing. */
int options_embedded(const struct rush_options *options);

/* How many people come in all. */
uint64_t options_people(const struct rush_options *options);
/* The millisecond, from the start, in which person i arrives. */
int64_t options_arrival_ms(const struct rush_options *options, uint64_t i);

#endif
