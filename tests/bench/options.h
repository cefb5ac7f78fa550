#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include "samples.h"

struct options {
  size_t sizes, rounds;
  uint32_t people[SAMPLES_SIZES]; /* rising */
  const char *json, *rush;        /* NULL: not wanted */
};

extern const char options_usage[];

/* Returns 0; 1 if help was asked for; -1 after printing what is wrong. */
int options_parse(struct options *options, int argc, char **argv);

#endif
