/* The people of one queue: a lane per class for those who wait, one for the seats, an index by name, and the
 * deadlines.
 *
 * Invariants, besides those of the parts:
 *  - the index holds exactly the handles of the people in all lanes, each under its id's hash;
 *  - lane c holds WAITING people of class c in the order of their numbers; the seats' lane holds READY and
 * ACTIVE ones;
 *  - the deadlines hold exactly the people in the seats' lane, with the time that their records show.
 * qkm_people_check() walks all of them.
 *
 * Cost of each operation, n = people in the queue: find O(1), add O(1) amortised, update O(log n), remove
 * O(log n) and at most 48 people moved, ahead O(log n), next O(1) in a row and at the head, else O(log n),
 * due O(1), stalest: what it reads. Memory: 64 bytes a record, 8 / (0.44 to 0.88) in the index, about 1 for
 * headers and pages, 24 more for a seat; ids above 36 bytes are allocated besides. */
#ifndef QKM_PEOPLE_H
#define QKM_PEOPLE_H

#include <qk_backend.h>

#include "deadlines.h"
#include "index.h"
#include "lane.h"

struct qkm_people {
  struct qkm_pool *pool;
  struct qkm_lane lane[QK_CLASSES];
  struct qkm_lane seats;
  struct qkm_index index;
  struct qkm_deadlines deadlines;
  uint32_t last_given; /* by next(): where the walk stands, while nothing has changed since; 0 = nowhere */
  uint32_t effort;     /* blocks that stalest() may still read in this slice */
  char *spare_id;      /* reserved for a long id */
};

/* The operations of qk_backend.h over a struct qkm_people. */
extern const qk_people_ops qkm_people_ops;

void qkm_people_init(struct qkm_people *people, struct qkm_pool *pool);
void qkm_people_finish(struct qkm_people *people);
/* The same when the pool ends as well: takes no lock, so that a child of fork() can do it. */
void qkm_people_drop(struct qkm_people *people);

/* Give back what empty parts keep in reserve. */
void qkm_people_trim(struct qkm_people *people);

#define QKM_PREFETCH_MAX 64
/* Start to load what run() will touch for these users (the first QKM_PREFETCH_MAX), so that the cache misses
 * of one user and of many overlap. */
void qkm_people_prefetch(const struct qkm_people *people, const qk_work *works, size_t n);

/* Walk everything and compare it with the state. NULL if all is well, else what is broken. O(n); for tests.
 */
const char *qkm_people_check(const struct qkm_people *people, const qk_queue_state *state);

#endif
