/* Calls of the library, and how long they take: a histogram of each verb. */
#ifndef RUSH_CALLS_H
#define RUSH_CALLS_H

#include <stddef.h>
#include <stdint.h>
#include <qk.h>
#include "rush_hist.h"

struct verb_calls {
  uint64_t ops, failed; /* failed: any result but QK_OK */
  uint64_t busy_ns;     /* inside the call; 0 where calls overlap */
  struct hist latency_ns;
};

/* When a call was under way, by clock_now_ns(). */
struct span {
  int64_t began_ns, ended_ns;
};

struct calls {
  struct verb_calls verbs[QK_TICK + 1]; /* by QK_ENTER, ... */
  int64_t failing_ns;                   /* since when the store does not answer; 0: it does */
};

/* Run ops, one by one or in one qk_batch, and note what they took. In a batch every op has waited for the
 * whole. Return when it was. */
struct span calls_single(struct calls *calls, qk_store *store, qk_op *op);
struct span calls_batch(struct calls *calls, qk_store *store, qk_op *ops, size_t count);
/* Note an op that was submitted and has come back: from the moment at which it was due. */
void calls_note(struct calls *calls, const qk_op *op, int64_t took_ns);

/* Add what another host has noted. */
void calls_add(struct calls *calls, const struct calls *other);

/* "enter", ... */
const char *calls_verb_name(int verb);

#endif
