#include "lane.h"

#include <stdlib.h>
#include <string.h>

#include <qk.h>

#include "record.h"

#define SPARSE 24      /* a block with so few people looks for a neighbour to join */
#define JOINED_MAX 48  /* which it does if both have so few together */
#define SPARE_PAGES 10 /* more levels than numbers below 2^49 can fill */
#define SLIDE_MAX 32   /* children of a full root that are slid together rather than adding a level */

/* ---- Bits ---- */

/* Bits set: Warren, Hacker's Delight, 5-1. Without a popcount instruction the compiler would call a function.
 */
static uint32_t bits_of(uint64_t mask)
{
  mask -= mask >> 1 & UINT64_C(0x5555555555555555);
  mask = (mask & UINT64_C(0x3333333333333333)) + (mask >> 2 & UINT64_C(0x3333333333333333));
  mask = (mask + (mask >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  return (uint32_t)(mask * UINT64_C(0x0101010101010101) >> 56);
}

static uint64_t below(uint32_t slot)
{
  return (UINT64_C(1) << slot) - 1;
}

/* The lowest bit set; mask is not 0. */
static uint32_t lowest(uint64_t mask)
{
  return bits_of((mask & (~mask + 1)) - 1);
}

static uint32_t slot_of(uint32_t handle)
{
  return handle & (QKM_BLOCK_PEOPLE - 1);
}

/* ---- Beginning and end ---- */

void qkm_lane_init(struct qkm_lane *lane, struct qkm_pool *pool, int ranked,
                   void (*moved)(void *owner, uint32_t from, uint32_t to), void *owner)
{
  *lane = (struct qkm_lane){.pool = pool, .ranked = ranked, .moved = moved, .owner = owner};
}

static void destroy_pages(struct qkm_page *page)
{
  if (!page)
    return;
  for (uint32_t i = 0; page->level > 1 && i < page->used; i++)
    destroy_pages(page->child.page[i]);
  free(page);
}

static void drop_spare_pages(struct qkm_lane *lane)
{
  while (lane->spare_pages) {
    struct qkm_page *page = lane->spare_pages;
    lane->spare_pages = page->parent;
    free(page);
  }
  lane->spare_count = 0;
}

static void drop_spares(struct qkm_lane *lane)
{
  if (lane->spare_block)
    qkm_pool_give(lane->pool, lane->spare_block);
  lane->spare_block = 0;
  drop_spare_pages(lane);
}

void qkm_lane_drop(struct qkm_lane *lane)
{
  destroy_pages(lane->root);
  drop_spare_pages(lane);
}

void qkm_lane_finish(struct qkm_lane *lane)
{
  for (uint32_t block = lane->first; block;) {
    uint32_t next = qkm_block(lane->pool, block)->next;
    qkm_pool_give(lane->pool, block);
    block = next;
  }
  drop_spares(lane);
  qkm_lane_drop(lane);
}

/* The last person has left: keep a block and a page, so that a reservation stands. */
static void reset(struct qkm_lane *lane)
{
  struct qkm_page *root = lane->root;
  if (root) {
    for (uint32_t i = 0; root->level > 1 && i < root->used; i++)
      destroy_pages(root->child.page[i]);
    root->parent = lane->spare_pages;
    lane->spare_pages = root;
    lane->spare_count++;
    lane->root = NULL;
  }
  while (lane->first) {
    uint32_t block = lane->first;
    lane->first = qkm_block(lane->pool, block)->next;
    if (lane->spare_block) {
      qkm_pool_give(lane->pool, block);
    } else {
      *qkm_block(lane->pool, block) = (struct qkm_block){0};
      lane->spare_block = block;
    }
  }
  lane->last = 0;
}

void qkm_lane_trim(struct qkm_lane *lane)
{
  if (lane->count == 0)
    drop_spares(lane);
}

/* ---- Room ---- */

/* Pages that linking one more block takes at most: one for each full page up from the tail's, and a new root.
 */
static uint32_t pages_needed(const struct qkm_lane *lane)
{
  uint32_t need = 0;
  if (!lane->ranked)
    return 0;
  struct qkm_page *page = lane->last ? qkm_block(lane->pool, lane->last)->parent : NULL;
  for (; page && page->used == QKM_FAN; page = page->parent)
    need++;
  return page ? need : need + 1;
}

int qkm_lane_reserve(struct qkm_lane *lane)
{
  if (lane->last && qkm_block(lane->pool, lane->last)->used < QKM_BLOCK_PEOPLE)
    return QK_OK;
  if (!lane->spare_block)
    lane->spare_block = qkm_pool_take(lane->pool);
  if (!lane->spare_block)
    return QK_ENOMEM;
  for (uint32_t need = pages_needed(lane); lane->spare_count < need; lane->spare_count++) {
    struct qkm_page *page = malloc(sizeof *page);
    if (!page)
      return QK_ENOMEM;
    page->parent = lane->spare_pages;
    lane->spare_pages = page;
  }
  return QK_OK;
}

static struct qkm_page *take_page(struct qkm_lane *lane, uint32_t level)
{
  struct qkm_page *page = lane->spare_pages;
  lane->spare_pages = page->parent;
  lane->spare_count--;
  memset(page, 0, sizeof *page);
  page->level = (uint8_t)level;
  for (uint32_t i = 0; i < QKM_FAN; i++)
    page->seen[i] = QKM_NEVER;
  return page;
}

/* ---- More pages ---- */

/* Close the gaps between a page's children. */
static void slide(struct qkm_lane *lane, struct qkm_page *page)
{
  uint32_t to = 0;
  for (uint32_t from = 0; from < page->used; from++) {
    if (!qkm_page_has(page, from))
      continue;
    page->pre[to] = page->pre[from];
    page->seen[to] = page->seen[from];
    if (page->level == 1) {
      page->child.block[to] = page->child.block[from];
      qkm_block(lane->pool, page->child.block[to])->index = (uint8_t)to;
    } else {
      page->child.page[to] = page->child.page[from];
      page->child.page[to]->index = (uint8_t)to;
    }
    to++;
  }
  page->used = (uint8_t)to;
  page->first = 0;
  for (; to < QKM_FAN; to++) {
    page->seen[to] = QKM_NEVER;
    if (page->level == 1)
      page->child.block[to] = 0;
    else
      page->child.page[to] = NULL;
  }
}

/* Put a new root above the full one. */
static void add_level(struct qkm_lane *lane)
{
  struct qkm_page *old = lane->root;
  struct qkm_page *root = take_page(lane, old ? old->level + 1u : 1);
  if (old) {
    qkm_page_adopt(root, old, qkm_page_least_seen(old));
    root->total = old->total;
  }
  lane->root = root;
}

/* The page of level 1 that the next block goes into. */
static struct qkm_page *tail_page(struct qkm_lane *lane)
{
  struct qkm_page *page = lane->last ? qkm_block(lane->pool, lane->last)->parent : lane->root;
  while (page && page->used == QKM_FAN) {
    if (page == lane->root && page->live <= SLIDE_MAX)
      slide(lane, page);
    else
      page = page->parent;
  }
  if (!page) {
    add_level(lane);
    page = lane->root;
  }
  while (page->level > 1) {
    struct qkm_page *child = take_page(lane, page->level - 1u);
    qkm_page_adopt(page, child, QKM_NEVER);
    page = child;
  }
  return page;
}

/* ---- Erase ---- */

/* A page that is not needed now. Some are kept: what shrinks between a reservation and its append may need
 * them again. */
static void retire_page(struct qkm_lane *lane, struct qkm_page *page)
{
  if (lane->spare_count >= SPARE_PAGES) {
    free(page);
    return;
  }
  page->parent = lane->spare_pages;
  lane->spare_pages = page;
  lane->spare_count++;
}

/* A root with a single page below is none. */
static void collapse(struct qkm_lane *lane)
{
  while (lane->root->level > 1 && lane->root->live == 1) {
    struct qkm_page *root = lane->root;
    lane->root = root->child.page[root->first];
    lane->root->parent = NULL;
    lane->root->index = 0;
    retire_page(lane, root);
  }
}

/* Take the empty child i out of its page, and pages that it leaves empty out of theirs. The lane has people.
 */
static void disown(struct qkm_lane *lane, struct qkm_page *page, uint32_t i)
{
  for (;;) {
    page->seen[i] = QKM_NEVER;
    if (page->level == 1)
      page->child.block[i] = 0;
    else
      page->child.page[i] = NULL;
    if (--page->live > 0)
      break;
    struct qkm_page *empty = page;
    i = page->index;
    page = page->parent;
    retire_page(lane, empty);
  }
  while (!qkm_page_has(page, page->used - 1u))
    page->used--;
  while (!qkm_page_has(page, page->first))
    page->first++;
  qkm_seen_set(page->parent, page->index, qkm_page_least_seen(page));
  collapse(lane);
}

static void unlink_block(struct qkm_lane *lane, uint32_t block)
{
  struct qkm_block *header = qkm_block(lane->pool, block);
  if (header->prev)
    qkm_block(lane->pool, header->prev)->next = header->next;
  else
    lane->first = header->next;
  if (header->next)
    qkm_block(lane->pool, header->next)->prev = header->prev;
  else
    lane->last = header->prev;
  if (header->parent)
    disown(lane, header->parent, header->index);
  qkm_pool_give(lane->pool, block);
}

static void relocate(struct qkm_lane *lane, uint32_t from, uint32_t to)
{
  *qkm_record(lane->pool, to) = *qkm_record(lane->pool, from);
  lane->moved(lane->owner, from, to);
}

/* Close the gaps between a block's people. */
static void compact(struct qkm_lane *lane, uint32_t block)
{
  struct qkm_block *header = qkm_block(lane->pool, block);
  uint32_t to = 0;
  for (uint64_t left = header->live; left; left &= left - 1, to++) {
    uint32_t from = lowest(left);
    if (from != to)
      relocate(lane, block << 6 | from, block << 6 | to);
  }
  header->live = to == QKM_BLOCK_PEOPLE ? UINT64_MAX : below(to);
  header->used = (uint8_t)to;
}

/* Move everybody of right into left, its neighbour, and drop right. */
static void join(struct qkm_lane *lane, uint32_t left, uint32_t right)
{
  struct qkm_block *to = qkm_block(lane->pool, left), *from = qkm_block(lane->pool, right);
  uint32_t n = bits_of(from->live);
  if (to->used + n > QKM_BLOCK_PEOPLE)
    compact(lane, left);
  for (uint64_t rest = from->live; rest; rest &= rest - 1) {
    uint32_t slot = to->used++;
    relocate(lane, right << 6 | lowest(rest), left << 6 | slot);
    to->live |= UINT64_C(1) << slot;
  }
  if (from->parent)
    qkm_seen_lower(to, from->parent->seen[from->index]);
  qkm_span_remove(from, n);
  qkm_span_add(to, n);
  from->live = 0;
  unlink_block(lane, right);
}

static int may_join(const struct qkm_lane *lane, uint32_t left, uint32_t right)
{
  if (!left || !right || right == lane->last)
    return 0;
  return bits_of(qkm_block(lane->pool, left)->live) + bits_of(qkm_block(lane->pool, right)->live) <=
         JOINED_MAX;
}

static void thin_out(struct qkm_lane *lane, uint32_t block)
{
  struct qkm_block *header = qkm_block(lane->pool, block);
  if (header->live == 0) {
    if (block != lane->last || header->used == QKM_BLOCK_PEOPLE)
      unlink_block(lane, block);
    return;
  }
  if (bits_of(header->live) > SPARSE)
    return;
  if (may_join(lane, header->prev, block))
    join(lane, header->prev, block);
  else if (may_join(lane, block, header->next))
    join(lane, block, header->next);
}

void qkm_lane_erase(struct qkm_lane *lane, uint32_t handle)
{
  uint32_t block = handle >> 6;
  struct qkm_block *header = qkm_block(lane->pool, block);
  header->live &= ~(UINT64_C(1) << slot_of(handle));
  if (--lane->count == 0) {
    reset(lane);
    return;
  }
  qkm_span_remove(header, 1);
  thin_out(lane, block);
}

static void link_block(struct qkm_lane *lane)
{
  uint32_t block = lane->spare_block;
  struct qkm_block *header = qkm_block(lane->pool, block);
  lane->spare_block = 0;
  if (lane->ranked) {
    struct qkm_page *page = tail_page(lane);
    uint32_t i = qkm_page_open(page);
    page->child.block[i] = block;
    header->parent = page;
    header->index = (uint8_t)i;
  }
  header->prev = lane->last;
  if (lane->last)
    qkm_block(lane->pool, lane->last)->next = block;
  else
    lane->first = block;
  lane->last = block;
}

/* The tail is full: add another. What was exempt from joining as the tail no longer is. */
static void extend(struct qkm_lane *lane)
{
  uint32_t old = lane->last;
  link_block(lane);
  if (old)
    thin_out(lane, old);
}

/* ---- Append ---- */

uint32_t qkm_lane_append(struct qkm_lane *lane, const struct qkm_record *record, int64_t seen_ms)
{
  if (!lane->last || qkm_block(lane->pool, lane->last)->used == QKM_BLOCK_PEOPLE)
    extend(lane);
  struct qkm_block *block = qkm_block(lane->pool, lane->last);
  uint32_t slot = block->used++;
  uint32_t handle = lane->last << 6 | slot;
  block->live |= UINT64_C(1) << slot;
  *qkm_record(lane->pool, handle) = *record;
  for (struct qkm_page *page = block->parent; page; page = page->parent)
    page->total++;
  qkm_seen_lower(block, seen_ms);
  lane->count++;
  return handle;
}

/* ---- Looking ---- */

uint64_t qkm_lane_rank(const struct qkm_lane *lane, uint32_t handle)
{
  const struct qkm_block *block = qkm_block(lane->pool, handle >> 6);
  uint64_t rank = bits_of(block->live & below(slot_of(handle)));
  uint32_t index = block->index;
  for (const struct qkm_page *page = block->parent; page; page = page->parent) {
    rank += page->pre[index] - page->pre[page->first];
    index = page->index;
  }
  return rank;
}

static uint32_t first_of(const struct qkm_lane *lane, uint32_t block)
{
  for (; block; block = qkm_block(lane->pool, block)->next) {
    uint64_t live = qkm_block(lane->pool, block)->live;
    if (live)
      return block << 6 | lowest(live);
  }
  return 0;
}

uint32_t qkm_lane_head(const struct qkm_lane *lane)
{
  return first_of(lane, lane->first);
}

uint32_t qkm_lane_after(const struct qkm_lane *lane, uint32_t handle)
{
  uint32_t slot = slot_of(handle), block = handle >> 6;
  const struct qkm_block *header = qkm_block(lane->pool, block);
  uint64_t later = slot == 63 ? 0 : header->live & ~below(slot + 1);
  return later ? block << 6 | lowest(later) : first_of(lane, header->next);
}

/* The lowest number below child i; of an empty tail more than any. */
static uint64_t first_number(const struct qkm_lane *lane, const struct qkm_page *page, uint32_t i)
{
  while (page->level > 1) {
    page = page->child.page[i];
    i = page->first;
  }
  uint32_t block = page->child.block[i];
  uint64_t live = qkm_block(lane->pool, block)->live;
  return live ? qkm_number(qkm_record(lane->pool, block << 6 | lowest(live))) : UINT64_MAX;
}

/* The last child of page that begins at number or below; its first child if none does. */
static uint32_t child_for(const struct qkm_lane *lane, const struct qkm_page *page, uint64_t number)
{
  uint32_t there[QKM_FAN], n = 1;
  there[0] = page->first;
  for (uint32_t i = page->first + 1u; i < page->used; i++)
    if (qkm_page_has(page, i))
      there[n++] = i;
  uint32_t low = 0, high = n; /* there[low] is right or all before low are */
  while (high - low > 1) {
    uint32_t middle = (low + high) / 2;
    if (first_number(lane, page, there[middle]) <= number)
      low = middle;
    else
      high = middle;
  }
  return there[low];
}

uint32_t qkm_lane_above(const struct qkm_lane *lane, uint64_t number)
{
  const struct qkm_page *page = lane->root;
  if (!page)
    return 0;
  while (page->level > 1)
    page = page->child.page[child_for(lane, page, number)];
  uint32_t handle = first_of(lane, page->child.block[child_for(lane, page, number)]);
  while (handle && qkm_number(qkm_record(lane->pool, handle)) <= number)
    handle = qkm_lane_after(lane, handle);
  return handle;
}

/* ---- Who polled longest ago ---- */

/* The first person of a block with the earliest poll. */
static uint32_t stalest_in_block(const struct qkm_lane *lane, uint32_t block, int64_t from_ms,
                                 int64_t *seen_ms)
{
  uint32_t best = 0;
  *seen_ms = QKM_NEVER;
  for (uint64_t left = qkm_block(lane->pool, block)->live; left; left &= left - 1) {
    uint32_t handle = block << 6 | lowest(left);
    int64_t seen = qkm_no_earlier(qkm_record(lane->pool, handle)->a, from_ms);
    if (seen < *seen_ms) {
      *seen_ms = seen;
      best = handle;
    }
  }
  return best;
}

int qkm_lane_stalest(struct qkm_lane *lane, int64_t from_ms, int64_t until_ms, uint32_t *effort,
                     uint32_t *handle)
{
  for (;;) {
    struct qkm_page *page = lane->root;
    if (!page)
      return 0;
    uint32_t i = qkm_page_stalest(page, from_ms);
    for (; page->level > 1; i = qkm_page_stalest(page, from_ms))
      page = page->child.page[i];
    int64_t bound_ms = qkm_no_earlier(page->seen[i], from_ms), seen_ms;
    if (bound_ms > until_ms || bound_ms == QKM_NEVER)
      return 0;
    if (*effort == 0)
      return -1;
    --*effort;
    *handle = stalest_in_block(lane, page->child.block[i], from_ms, &seen_ms);
    if (seen_ms == bound_ms)
      return 1;
    qkm_seen_set(page, i, seen_ms);
  }
}
