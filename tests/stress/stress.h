/* Submit and reap at full load: many threads that submit and reap on one store, while a test disturbs it.
 * Every op must come back, once, with an answer that follows; the descriptor must tell when; and in the end
 * the store must have counted what the answers say. */
#ifndef TESTS_STRESS_H
#define TESTS_STRESS_H

#include <check.h>
#include <stdint.h>
#include "people.h"

struct stress_plan {
  const char *uri;
  uint32_t timeout_ms; /* of the store */
  int people, queues;  /* people: ops that may be in flight */
  uint64_t seats;      /* of each queue */
  int batch;           /* ops of one submit, at most; 512 at most */
  long ops;            /* to be submitted in all; stress_rounds() times as many */
  int submitters;      /* threads */
  int pollers;         /* threads that wait with poll() on the fd, */
  int waiters;         /* or inside qk_reap() */
  int lookers;         /* threads with calls that block, which do the I/O for the others too */
  int floods;          /* 1: nothing is reaped before everybody's op is in flight */
  int may_fail;        /* 1: QK_ESTORE and QK_EUNKNOWN are to be expected */
  /* Called again and again until all is submitted, with the number of ops that have come back; the last time
   * with -1: from then on nothing must be in the way. NULL for none. */
  void (*disturb)(void *arg, long returned);
  void *arg;
};

struct stress_report {
  long submitted, full; /* ops; QK_EAGAIN */
  long peak;            /* ops in flight at once */
  unsigned long long refused, unknown, ticks;
};

/* Fails the test if anything is wrong. */
struct stress_report stress_run(const struct stress_plan *plan);

qk_store *stress_open(const char *uri, uint32_t timeout_ms);
/* A queue in which nobody's time is ever up. */
void stress_make_queue(qk_store *store, const char *queue, uint64_t seats);
/* --rounds N of the command line; 1. */
int stress_rounds(void);
/* The program: parse its arguments, run the suite. adds: NULL at the end. Returns the exit status. */
int stress_main(int argc, char **argv, const char *name, void (*const *adds)(TCase *tests));

/* Tests with one thread, on stores that these open; settings: the query of the URI. */
typedef qk_store *open_function(const char *settings);
void add_window_tests(TCase *tests, open_function *const *opens, int count);
/* Tests of how ops end on a server that does not answer, and with a store that is closed. */
void add_end_tests(TCase *tests);

#endif
