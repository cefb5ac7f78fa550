#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#define OPTIONS_LENGTHS 6
#define OPTIONS_ONLY 16

struct options {
  int quick, markdown;
  size_t rounds;                                         /* of what has medians */
  uint32_t length[OPTIONS_LENGTHS];                      /* of the lines in memory, rising; 0: no more */
  uint32_t polls;                                        /* on each of them */
  uint32_t people;                                       /* who enter on Redis, one after the other */
  uint32_t waiting;                                      /* the line on Redis, elsewhere */
  uint32_t threads_s, hosts_s, tokens_s, tail_s, rush_s; /* each measurement of that section */
  const char *only[OPTIONS_ONLY]; /* measure these sections; NULL: no more, at first: all */
  const char *server;             /* redis-server */
  const char *json, *plots;       /* where to; NULL: not wanted */
  const char *from;               /* show this report instead of measuring; NULL: measure */
  const char *old, *new;          /* compare these; NULL: do not */
};

extern const char options_usage[];

/* Returns 0; 1 if help was asked for; -1 after printing what is wrong. */
int options_parse(struct options *options, int argc, char **argv);

#endif
