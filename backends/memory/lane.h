/* A lane: people in the order of their numbers, with ranks. A paged skip list (Pugh 1990, with spans, made
 * deterministic and blocked): level 0 is a list of blocks of 64 records, each level above has a page for
 * every 64 nodes below, and a page keeps the spans of its children as prefix sums. Numbers only rise, so
 * everybody is appended at the tail.
 *
 * Rank: people before i in a page are pre[i] - pre[first]; so taking the very first person changes one number
 * a level.
 *
 * Invariants, n = people in the lane:
 *  - blocks are linked in order; a block's live bits are below used; only the tail may have no live bit;
 *  - a child's place is its place in the order; live = children that are there; first = the first of them;
 * the last place in use holds a child; total = people below;
 *  - for a child i that is there, pre[i] - pre[first] = people below the children before it;
 *  - seen[i] is at most the last poll of everybody below child i; of a page it is the least of that page's
 * own;
 *  - two neighbouring blocks, the tail apart, hold more than 48 people together, or one of them more than 24;
 *  - the root has two children or more, or is the only page above blocks; no page is full of gaps only.
 *
 * Cost: append O(1) amortised, erase and rank O(log n), with 64 as the base. Erasing moves at most 48 people,
 * less than two on average, when it joins sparse blocks. A lane without ranks (seats) has blocks only.
 *
 * Threads: the owner's lock is held in every call. */
#ifndef QKM_LANE_H
#define QKM_LANE_H

#include <stddef.h>
#include <stdint.h>

#include "pages.h"
#include "pool.h"

struct qkm_lane {
  struct qkm_pool *pool;
  struct qkm_page *root;
  uint32_t first, last; /* blocks; 0 = none */
  uint64_t count;
  int ranked;
  /* Called for each person whose handle changes when blocks are joined. */
  void (*moved)(void *owner, uint32_t from, uint32_t to);
  void *owner;
  uint32_t spare_block;         /* reserved */
  struct qkm_page *spare_pages; /* reserved, linked by parent */
  uint32_t spare_count;
};

void qkm_lane_init(struct qkm_lane *lane, struct qkm_pool *pool, int ranked,
                   void (*moved)(void *owner, uint32_t from, uint32_t to), void *owner);
/* Gives the blocks back; whatever the records own is the owner's. */
void qkm_lane_finish(struct qkm_lane *lane);
/* The same when the pool ends as well, without touching it: takes no lock. */
void qkm_lane_drop(struct qkm_lane *lane);

/* Make sure that the next append cannot fail, whatever is erased before it. QK_OK or QK_ENOMEM. */
int qkm_lane_reserve(struct qkm_lane *lane);
/* Give back what an empty lane keeps in reserve. */
void qkm_lane_trim(struct qkm_lane *lane);
/* Append a record, whose last poll was at seen_ms; there must be room. Returns its handle. */
uint32_t qkm_lane_append(struct qkm_lane *lane, const struct qkm_record *record, int64_t seen_ms);
/* Take a person out. Others may be moved. */
void qkm_lane_erase(struct qkm_lane *lane, uint32_t handle);

/* People before handle. */
uint64_t qkm_lane_rank(const struct qkm_lane *lane, uint32_t handle);
/* The first person, and the one after handle; 0 = none. */
uint32_t qkm_lane_head(const struct qkm_lane *lane);
uint32_t qkm_lane_after(const struct qkm_lane *lane, uint32_t handle);
/* The first person with a number above number. O(64 log n) */
uint32_t qkm_lane_above(const struct qkm_lane *lane, uint64_t number);

/* Who polled longest ago (polls before from_ms count as made then), if until_ms or before; of equals the
 * first. 1 and *handle; 0 if there is none; -1 if *effort, counted down by one for each block that is read,
 * ran out. */
int qkm_lane_stalest(struct qkm_lane *lane, int64_t from_ms, int64_t until_ms, uint32_t *effort,
                     uint32_t *handle);

#endif
