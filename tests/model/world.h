/* All that one run of a trace holds: the store, the oracle, what was kept and what is watched. */
#ifndef TESTS_MODEL_WORLD_H
#define TESTS_MODEL_WORLD_H

#include "compare.h"
#include "events.h"
#include "oracle.h"
#include "trace.h"
#include "watch.h"

#define WORLD_BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#define WORLD_LIVES 4096 /* epochs remembered of one run */

/* A token that was kept, and the ticket it was made of. text "" = none yet. */
struct kept {
  char text[QK_TOKEN_SIZE];
  uint32_t queue, user;
  qk_ticket ticket;
};

struct world {
  const struct trace *trace;
  struct verdict *verdict;
  qk_store *store;
  struct oracle oracle;
  struct watch *watch;
  struct events events;
  struct kept tokens[TRACE_SLOTS + 1]; /* 0 is not used */
  uint64_t epochs[WORLD_LIVES];
  size_t epoch_count;
  uint32_t next_ms; /* what the last tick said */
};

void world_open(struct world *world, const struct trace *trace, struct verdict *verdict);
void world_close(struct world *world);
/* Move the host's clock. */
void world_move_clock(struct world *world, int64_t ms);
/* Learn the epoch of queues that are new: any that no earlier life had. */
void world_learn_epochs(struct world *world);

#endif
