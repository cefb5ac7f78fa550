/* What this host keeps of each queue that it has met: its keys, the works that wait to leave, and what was
 * seen of it, so that lost writes are noticed. Used by the driving thread alone. */
#ifndef QKR_LANE_H
#define QKR_LANE_H

#include <qk_backend.h>

#include "wire.h"

#define QKR_KEYS 6 /* of a queue */
#define QKR_BASE_MAX (64 + 2 + 3 * QK_QUEUE_MAX + 1)
#define QKR_HEADER_BYTES 64

struct qkr_lane {
  struct qkr_lane *next; /* in its bucket */
  char name[QK_QUEUE_MAX + 1];
  uint64_t hash;
  char base[QKR_BASE_MAX]; /* its keys but for the last letter */
  size_t base_len;
  int slot;
  uint32_t busy; /* requests under way or about to be: the lane stays */

  qk_work *first, **last; /* works that wait to leave, in order */
  size_t pending;
  uint32_t calls;   /* script calls under way */
  uint32_t makers;  /* of these, that go again to make the queue */
  size_t last_call; /* works in the last one */

  /* The witness: the highest that was seen in this epoch, and the run of the server that showed it. */
  uint64_t epoch, number, admitted, run;
  uint64_t listed; /* the epoch for which the list of queues has it; 0 = not yet */
  int is_listing;
  int64_t slice_after_us; /* no slice before, so that others get in between */
  qk_times *times;        /* once there is something to note, until the queue is seen to be gone */
};

struct qkr_lanes {
  qk_host *host;
  struct qkr_lane **buckets;
  size_t bucket_count, count;
};

/* Write prefix{name} to out, with every byte of the name that is not a letter, digit, '-', '_' or '.' as %XX:
 * no byte of a name can end the hash tag, and no two names meet. Returns its length. */
size_t qkr_base(char out[QKR_BASE_MAX], const char *prefix, const char *name, size_t len);

/* QK_OK or QK_ENOMEM. */
int qkr_lanes_init(struct qkr_lanes *lanes, qk_host *host);
/* forked: leave the times to the host, whose locks may be held for ever. */
void qkr_lanes_finish(struct qkr_lanes *lanes, int forked);
/* Find or make the lane of a queue. NULL without memory. */
struct qkr_lane *qkr_lanes_get(struct qkr_lanes *lanes, const char *prefix, const qk_name *queue);
/* Where to note how long people waited and stayed; NULL without memory. */
qk_times *qkr_lane_times(struct qkr_lane *lane, qk_host *host);
/* The queue is gone: give its times back. */
void qkr_lane_gone(struct qkr_lane *lane, qk_host *host);
/* Add the number of keys and the six keys of the lane's queue. */
void qkr_add_keys(struct qkr_command *command, const struct qkr_lane *lane);

#endif
