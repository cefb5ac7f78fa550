/* The measurements. Each adds its figures; -1 after saying what is wrong. */
#ifndef BENCH_REDIS_PARTS_H
#define BENCH_REDIS_PARTS_H

#include "redis_figures.h"
#include "redis_options.h"
#include "redis_server.h"

struct redis_bench {
  const struct redis_options *options;
  struct server server;
  struct figures figures;
};

/* New people enter from one process by submit and reap; beside it redis-benchmark's ZADD, and the original's
 * two ways over 50 connections. */
int enters_measure(struct redis_bench *bench);
/* 64 and 256 threads of one process, each waiting for its call; beside it a connection and a script call for
 * each. */
int threads_measure(struct redis_bench *bench);
/* 25,000 of a long line are let in every 5 s, while a store of another process polls somebody every ms;
 * beside it the original's move in one call, and its own poll over a connection of its own. */
int tail_measure(struct redis_bench *bench);
/* What Redis's memory grows by. */
int bytes_measure(struct redis_bench *bench);
/* The rush program in real time. */
int rush_measure(struct redis_bench *bench);
/* 1, 2 and 4 processes of 64 threads, each waiting for its call, with a network in between. */
int hosts_measure(struct redis_bench *bench);

#endif
