/* Backends that stand before another one, for tests: "wrap+memory:" counts the calls of each slot, writes
 * them down and lets chosen ones fail; "late+memory:" does that too, and is asynchronous: submitted work
 * waits, with the descriptor readable, until somebody reaps.
 *
 * What wrap_... sets and reads is one for the process, under a lock of its own. */
#ifndef TESTS_WRAP_H
#define TESTS_WRAP_H

#include <stdio.h>
#include <qk_backend.h>

enum wrap_slot {
  WRAP_OPEN,
  WRAP_RUN,
  WRAP_START,
  WRAP_PROCESS,
  WRAP_TICK_SLICE,
  WRAP_GET_POLICY,
  WRAP_STATS,
  WRAP_CURSOR,
  WRAP_LIST,
  WRAP_SET_POLICY,
  WRAP_REMOVE,
  WRAP_QUEUES,
  WRAP_LEASE,
  WRAP_SECRET,
  WRAP_SLOTS
};

/* Register "wrap+SCHEME" or "late+SCHEME" for a known scheme. QK_OK, or what qk_backend_register() says;
 * QK_EINVAL for an unknown scheme and after eight of them. */
int wrap_register(const char *scheme);
int late_register(const char *scheme);

/* No counts, no trace, no fault. */
void wrap_reset(void);
/* How often a slot was called since wrap_reset(); of all slots. */
unsigned long wrap_calls(enum wrap_slot slot);
unsigned long wrap_all_calls(void);
/* The slot's name. */
const char *wrap_slot_name(enum wrap_slot slot);
/* One line per finished call to out: "run hall/ann enter 0, hall/bob poll -3" or "stats hall 0". NULL ends
 * it. */
void wrap_trace(FILE *out);

/* When a fault strikes. */
enum wrap_when {
  WRAP_BEFORE, /* the inner backend is not called */
  WRAP_AFTER   /* it is called, and its answer is lost: this is what QK_EUNKNOWN stands for */
};
/* Let the nth call of a slot from now on (1 = the next) end with code; nth 0: every call until wrap_reset().
 * As many as WRAP_FAULTS may be waiting. Start takes it for all its works; process cannot fail. */
#define WRAP_FAULTS 4
void wrap_fail(enum wrap_slot slot, unsigned long nth, enum wrap_when when, int code);
/* From now on late backends keep what was started, as if the network had swallowed it, until wrap_reset(). */
void late_hold(void);
/* How many calls a fault has struck since wrap_reset(). */
unsigned long wrap_struck(void);

#endif
