/* The sections on Redis: their figures, and the functions that measure them once. */
#ifndef BENCH_REDIS_PARTS_H
#define BENCH_REDIS_PARTS_H

#include "sections.h"
#include "server.h"

/* New people enter from one process by submit and reap; beside it redis-benchmark's ZADD, and the original's
 * two ways over 50 connections. */
enum { ENTERS, ENTERS_SEATED, ENTERS_BESIDE_SCRIPT, ENTERS_BESIDE_SIX_CALLS, ENTERS_FIGURES };
int enters_measure(struct bench *bench);

/* 64 and 256 threads of one process, each waiting for its call; beside it a connection and a script call for
 * each. */
enum { THREADS_ENTERS, THREADS_ENTER_P99, THREADS_POLLS, THREADS_POLL_P99, THREADS_FIGURES };
enum { THREADS_64, THREADS_256 = THREADS_FIGURES };
int threads_measure(struct bench *bench);

/* One thread polls by token, people far back in a long line; beside it one round trip each. */
enum { TOKENS_POLLS, TOKENS_SCRIPTS, TOKENS_FIGURES };
enum { TOKENS_PLAIN, TOKENS_IDLE = TOKENS_FIGURES };
int tokens_measure(struct bench *bench);

/* 25,000 of a long line are let in every 5 s, while a store of another process polls somebody every ms;
 * beside it the original's move in one call, and its own poll over a connection of its own. */
enum { TAIL_P50, TAIL_P99, TAIL_P999, TAIL_MAX, TAIL_MOVE, TAIL_FIGURES };
int tail_measure(struct bench *bench);

/* What Redis's memory grows by. */
enum { BYTES_WAITING, BYTES_IDLE, BYTES_ACTIVE, BYTES_FIGURES };
int bytes_measure(struct bench *bench);

/* The rush program in real time. */
enum { VERB_P50, VERB_P95, VERB_P99, VERB_FIGURES };
enum {
  REALTIME_OFFERED,
  REALTIME_ACCEPTED,
  REALTIME_DROPPED,
  REALTIME_FAULTS,
  REALTIME_ENTER,
  REALTIME_POLL = REALTIME_ENTER + VERB_FIGURES
};
int realtime_measure(struct bench *bench);

/* 1, 2 and 4 processes of 64 threads, each waiting for its call, with a network in between. */
enum { HOSTS_1, HOSTS_2, HOSTS_4, HOSTS_FIGURES };
enum { HOSTS_NEAR, HOSTS_FAR = HOSTS_FIGURES };
int hosts_measure(struct bench *bench);

#endif
