/* People on a queue while a test breaks things: threads of several hosts that enter, poll, activate and
 * release, a ticker for each host, and a watcher of the seats. What was acknowledged is remembered, and in
 * the end compared with what the store says: nobody lost, nobody twice, order kept, seats never over-sold,
 * totals that balance.
 *
 * The threads assert nothing: they note the first thing that is wrong, and load_finish() fails the test. */
#ifndef TESTS_LOAD_H
#define TESTS_LOAD_H

#include <stdint.h>
#include <qk.h>

struct load_plan {
  const char *uri; /* every host opens it */
  const char *queue;
  int hosts, threads; /* threads for each host */
  int people;         /* whom each thread lets in at most */
  int stays;          /* 1: people only enter and poll; else they activate and leave, too */
  int may_fail;       /* 1: QK_ESTORE and QK_EUNKNOWN are to be expected */
  int may_lose;       /* 1: acknowledged people may be lost, as by a failover; numbers never come twice */
  uint64_t seats;
};

struct load;

/* Create the queue and start. Fails the test if a store cannot be opened. plan is copied, but not its
 * strings. */
struct load *load_start(const struct load_plan *plan);
/* Wait until count more verbs have succeeded; fails the test after a minute. */
void load_go_on(struct load *load, long count);
/* Stop all threads, compare and free. */
void load_finish(struct load *load);
/* The same; tells how many enters were acknowledged, and how many of them are lost. */
void load_finish_counting(struct load *load, long *entered, long *lost);

/* The comparisons that fit any queue, at rest or not: totals, seats, the line in order of numbers, nobody
 * admitted who came after somebody who waits. Fails the test. */
void load_check_queue(qk_store *store, const char *queue, uint64_t seats);

#endif
