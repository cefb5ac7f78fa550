#ifndef BENCH_REDIS_OPTIONS_H
#define BENCH_REDIS_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

struct redis_options {
  uint32_t people;    /* who enter, one after the other */
  uint32_t waiting;   /* the line, elsewhere */
  size_t rounds;      /* of what has medians */
  uint32_t threads_s; /* for each of the measurements with threads */
  uint32_t hosts_s;   /* likewise, with hosts */
  uint32_t tail_s, rush_s;
  const char *only; /* measure this part; NULL: all */
  const char *rush; /* the rush program; NULL: not wanted */
  const char *json; /* NULL: not wanted */
};

extern const char redis_options_usage[];

/* Returns 0; 1 if help was asked for; -1 after printing what is wrong. */
int redis_options_parse(struct redis_options *options, int argc, char **argv);

#endif
