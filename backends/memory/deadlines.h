/* The seats of a queue by (deadline, number): a 4-ary heap (Johnson 1975) whose entries know their record and
 * whose records know their entry, so that any seat can be moved or taken out in O(log n).
 *
 * Kept in pages, so that growing copies nothing but page pointers and a queue that shrinks gives pages back.
 */
#ifndef QKM_DEADLINES_H
#define QKM_DEADLINES_H

#include <stddef.h>
#include <stdint.h>

#include "pool.h"

struct qkm_deadline {
  int64_t time_ms;
  uint64_t number;
  uint32_t handle;
  uint32_t since; /* since_ms modulo 2^32: less than that before time_ms, which is 49 days */
};

struct qkm_deadlines {
  struct qkm_pool *pool;
  struct qkm_deadline **pages;
  uint32_t count;
  uint32_t page_count, page_room;
};

void qkm_deadlines_init(struct qkm_deadlines *deadlines, struct qkm_pool *pool);
void qkm_deadlines_finish(struct qkm_deadlines *deadlines);

/* Make sure that the next add cannot fail. QK_OK or QK_ENOMEM. */
int qkm_deadlines_reserve(struct qkm_deadlines *deadlines);
/* Add a seat; its record's place is kept up to date from now on. since_ms: the beginning of what time_ms
 * ends. */
void qkm_deadlines_add(struct qkm_deadlines *deadlines, int64_t time_ms, int64_t since_ms, uint64_t number,
                       uint32_t handle);
/* Change, or take out, the seat at a place. */
void qkm_deadlines_change(struct qkm_deadlines *deadlines, uint32_t place, int64_t time_ms, int64_t since_ms);
void qkm_deadlines_remove(struct qkm_deadlines *deadlines, uint32_t place);
/* since_ms of the seat at a place. */
int64_t qkm_deadlines_since(const struct qkm_deadlines *deadlines, uint32_t place);
/* The record of the seat at a place has a new handle. */
void qkm_deadlines_repoint(struct qkm_deadlines *deadlines, uint32_t place, uint32_t handle);
/* The handle of the seat with the earliest deadline, of equals the lowest number; 0 = none. */
uint32_t qkm_deadlines_first(const struct qkm_deadlines *deadlines);

#endif
