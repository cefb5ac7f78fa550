/* A pool of connections with one command under way on each, as web workers without pipelining share a
 * server; driven by one thread. */
#ifndef BENCH_REDIS_POOL_H
#define BENCH_REDIS_POOL_H

#include <stdint.h>

#define POOL_CONNECTIONS 50
#define POOL_COMMAND 512 /* bytes at most */

struct pool_work {
  int port;
  uint32_t people;
  int steps; /* commands for each, one after the other */
  /* Write the command as it travels. Returns its length. */
  int (*command)(void *arg, char *out, uint32_t size, uint32_t who, int step);
  void *arg;
};

/* Serve everybody; *per_second is how many people. -1 after saying what is wrong. Replies are single lines
 * or strings. */
int pool_run(const struct pool_work *work, double *per_second);

#endif
