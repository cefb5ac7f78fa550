/* What the run and its hosts say to each other, over a socket pair each. */
#ifndef RUSH_MESSAGE_H
#define RUSH_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include "rush_audit.h"
#include "rush_calls.h"
#include "rush_ledger.h"
#include "rush_people.h"

/* To a host. */
enum order_kind { ORDER_OPEN, ORDER_START, ORDER_STEP, ORDER_STOP };
struct order {
  int64_t at; /* START: when the run begins, by clock_now_ns(); STEP: the moment, in ms of the run */
  enum order_kind kind;
};

/* From a host: it is ready, or has done a step, or in real time every REPORT_MS; last: after STOP. */
#define REPORT_MS 100
struct report {
  struct tally tally;
  uint64_t events[QK_EVENT_COMPLETED + 1];
  int64_t next_ms; /* when something is to be done next */
  int busy;        /* people are to come or to act, or calls are under way */
  int last;
};

/* From a host, at the end; then come its deeds and its arrivals. */
struct testimony {
  struct calls calls;
  size_t deeds, arrivals;
  int64_t ahead_ms, cpu_ns;
  uint64_t two_places, fell_back, surprises, lost;
  uint64_t codes[AUDIT_CODES];
};

/* Send or receive the whole. Return 0, or -1: the other side is gone. */
int message_send(int fd, const void *data, size_t size);
int message_receive(int fd, void *data, size_t size);
/* Whether there is something to receive. */
int message_waits(int fd);

#endif
