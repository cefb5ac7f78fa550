/* The levels above a lane's blocks: pages of up to 64 children with the spans below them and the bounds of
 * their last polls. Only lane.c uses this; its header states the invariants. */
#ifndef QKM_PAGES_H
#define QKM_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "pool.h"

#define QKM_FAN 64
#define QKM_NEVER INT64_MAX

struct qkm_page {
  struct qkm_page *parent;
  uint8_t index;             /* which child of parent */
  uint8_t used, live, first; /* places below used were given out */
  uint8_t level;             /* 1: children are blocks */
  uint32_t total;
  uint32_t pre[QKM_FAN];
  int64_t seen[QKM_FAN]; /* QKM_NEVER where no child is */
  union {
    uint32_t block[QKM_FAN]; /* 0 where no child is */
    struct qkm_page *page[QKM_FAN];
  } child;
};

int qkm_page_has(const struct qkm_page *page, uint32_t i);
/* Prepare the next place of a page that is not full for a child that is empty as yet. */
uint32_t qkm_page_open(struct qkm_page *page);
/* Put a page, empty or not counted yet, into the next place of another. */
void qkm_page_adopt(struct qkm_page *page, struct qkm_page *child, int64_t seen_ms);

/* Count n people more, at its end, or n fewer below a block. */
void qkm_span_add(const struct qkm_block *block, uint32_t n);
void qkm_span_remove(const struct qkm_block *block, uint32_t n);

/* The bound of a page: the least of its children's. */
int64_t qkm_page_least_seen(const struct qkm_page *page);
/* Somebody below block polled at seen_ms, perhaps before all others. */
void qkm_seen_lower(const struct qkm_block *block, int64_t seen_ms);
/* Set the bound of a child, and with it those above. */
void qkm_seen_set(struct qkm_page *page, uint32_t index, int64_t seen_ms);
/* The first child with the lowest bound, where polls before from_ms count as made then. */
uint32_t qkm_page_stalest(const struct qkm_page *page, int64_t from_ms);

static inline int64_t qkm_no_earlier(int64_t seen_ms, int64_t from_ms)
{
  return seen_ms < from_ms ? from_ms : seen_ms;
}

#endif
