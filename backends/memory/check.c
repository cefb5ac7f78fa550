/* Walks a queue and compares everything with everything: the invariants that people.h, lane.h, index.h and
 * deadlines.h state. For tests; O(n). */
#include "people.h"
#include "record.h"

/* A check under way: stops at the first thing that is broken. */
struct check {
  const struct qkm_people *people;
  const qk_queue_state *state;
  const char *broken;
};

static int holds(struct check *check, int condition, const char *text)
{
  if (!condition && !check->broken)
    check->broken = text;
  return !check->broken;
}

static uint32_t count_bits(uint64_t mask)
{
  uint32_t n = 0;
  for (; mask; mask &= mask - 1)
    n++;
  return n;
}

static int is_indexed(const struct qkm_index *index, uint32_t hash, uint32_t handle)
{
  struct qkm_probe probe = qkm_probe_start(index, hash);
  uint32_t at;
  while ((at = qkm_probe_next(&probe)) != 0)
    if (at == handle)
      return 1;
  return 0;
}

/* ---- Pages ---- */

static int64_t check_page(struct check *check, const struct qkm_page *page, const struct qkm_page *parent);

static uint64_t child_people(struct check *check, const struct qkm_page *page, uint32_t i)
{
  if (page->level > 1) {
    check_page(check, page->child.page[i], page);
    return page->child.page[i]->total;
  }
  const struct qkm_block *block = qkm_block(check->people->pool, page->child.block[i]);
  holds(check, block->parent == page && block->index == i, "a block does not point back to its page");
  for (uint64_t left = block->live; left; left &= left - 1) {
    uint32_t handle = page->child.block[i] << 6 | (count_bits((left & (~left + 1)) - 1));
    holds(check, qkm_record(check->people->pool, handle)->a >= page->seen[i],
          "somebody polled before the bound");
  }
  return count_bits(block->live);
}

/* Returns the least bound of the page. */
static int64_t check_page(struct check *check, const struct qkm_page *page, const struct qkm_page *parent)
{
  uint64_t before = 0;
  uint32_t live = 0;
  int64_t least = QKM_NEVER;
  holds(check, page->parent == parent, "a page does not point back to its parent");
  for (uint32_t i = 0; i < QKM_FAN && !check->broken; i++) {
    int there = page->level == 1 ? page->child.block[i] != 0 : i < page->used && page->child.page[i] != NULL;
    if (!there) {
      holds(check, page->seen[i] == QKM_NEVER, "a bound stands where no child is");
      continue;
    }
    holds(check, i < page->used && i >= page->first, "a child stands outside the places in use");
    holds(check, live > 0 || i == page->first, "first is not the first child");
    holds(check, page->pre[i] - page->pre[page->first] == before, "a span is wrong");
    before += child_people(check, page, i);
    if (page->level > 1)
      holds(check, page->child.page[i]->index == i, "a page does not know its place");
    least = page->seen[i] < least ? page->seen[i] : least;
    live++;
  }
  holds(check, live == page->live && before == page->total, "a page's counts are wrong");
  if (parent)
    holds(check, parent->seen[page->index] == least, "a bound above is not the least below");
  return least;
}

/* ---- Lanes ---- */

static void check_record(struct check *check, const struct qkm_lane *lane, uint32_t handle)
{
  const struct qkm_people *people = check->people;
  const struct qkm_record *record = qkm_record(people->pool, handle);
  holds(check, is_indexed(&people->index, record->hash, handle), "somebody is not in the index");
  if (lane->ranked) {
    holds(check, qkm_state(record) == QK_WAITING, "somebody in line does not wait");
    holds(check, &people->lane[qkm_class(record)] == lane, "somebody stands in another class's lane");
    return;
  }
  uint32_t place = qkm_place(record);
  if (!holds(check, qkm_state(record) != QK_WAITING && place < people->deadlines.count,
             "a seat has no deadline"))
    return;
  const struct qkm_deadline *deadline = &people->deadlines.pages[place >> 8][place & 255];
  holds(check,
        deadline->handle == handle && deadline->time_ms == record->a &&
            deadline->number == qkm_number(record),
        "a seat and its deadline differ");
}

static void check_block(struct check *check, const struct qkm_lane *lane, uint32_t block)
{
  const struct qkm_block *header = qkm_block(lane->pool, block);
  uint64_t unused = header->used == QKM_BLOCK_PEOPLE ? 0 : ~((UINT64_C(1) << header->used) - 1);
  holds(check, (header->live & unused) == 0, "somebody stands above the used slots");
  holds(check, header->live != 0 || block == lane->last, "a block before the tail is empty");
  holds(check, (header->parent != NULL) == (lane->ranked != 0),
        "a block is not in the pages, or should not be");
}

static void check_lane(struct check *check, const struct qkm_lane *lane)
{
  uint64_t n = 0, number = 0;
  uint32_t prev = 0;
  for (uint32_t block = lane->first; block && !check->broken; block = qkm_block(lane->pool, block)->next) {
    holds(check, qkm_block(lane->pool, block)->prev == prev, "blocks are not linked both ways");
    check_block(check, lane, block);
    prev = block;
  }
  holds(check, prev == lane->last, "the tail is not the last block");
  for (uint32_t at = qkm_lane_head(lane); at && !check->broken; at = qkm_lane_after(lane, at), n++) {
    uint64_t mine = qkm_number(qkm_record(lane->pool, at));
    holds(check, !lane->ranked || mine > number, "numbers do not rise");
    holds(check, !lane->ranked || qkm_lane_rank(lane, at) == n, "a rank is wrong");
    check_record(check, lane, at);
    number = mine;
  }
  holds(check, n == lane->count, "a lane's count is wrong");
  if (lane->root && !check->broken)
    check_page(check, lane->root, NULL);
}

/* ---- The rest ---- */

static void check_index(struct check *check)
{
  const struct qkm_index *index = &check->people->index;
  size_t places = index->directory ? (size_t)1 << index->bits : 0;
  uint64_t n = 0;
  uint32_t deepest = 0;
  for (size_t i = 0; i < places && !check->broken;) {
    const struct qkm_segment *segment = index->directory[i];
    size_t span = (size_t)1 << (index->bits - segment->depth);
    uint32_t count = 0;
    for (uint32_t j = 0; j < index->slots; j++)
      count += segment->entries[j] != 0;
    for (size_t j = 0; j < span; j++)
      holds(check, index->directory[i + j] == segment, "a segment stands in the wrong places");
    holds(check, count == segment->count && count <= index->slots / 8 * 7, "a segment's count is wrong");
    deepest += segment->depth == index->bits;
    n += count;
    i += span;
  }
  holds(check, n == index->count && (places == 0 || deepest == index->deepest),
        "the index's counts are wrong");
}

static void check_deadlines(struct check *check)
{
  const struct qkm_deadlines *deadlines = &check->people->deadlines;
  for (uint32_t i = 1; i < deadlines->count; i++) {
    const struct qkm_deadline *mine = &deadlines->pages[i >> 8][i & 255];
    uint32_t j = (i - 1) / 4;
    const struct qkm_deadline *parent = &deadlines->pages[j >> 8][j & 255];
    holds(check,
          parent->time_ms < mine->time_ms ||
              (parent->time_ms == mine->time_ms && parent->number < mine->number),
          "the deadlines are out of order");
  }
}

static void check_state(struct check *check)
{
  const struct qkm_people *people = check->people;
  const qk_queue_state *state = check->state;
  uint64_t waiting = 0;
  for (uint32_t cls = 0; cls < QK_CLASSES; cls++) {
    holds(check, people->lane[cls].count == state->waiting[cls], "a class counts others than wait");
    waiting += state->waiting[cls];
  }
  holds(check, people->seats.count == state->ready + state->active,
        "more or fewer seats than READY and ACTIVE");
  holds(check, people->deadlines.count == people->seats.count, "more or fewer deadlines than seats");
  holds(check, people->index.count == waiting + people->seats.count, "more or fewer names than people");
  holds(check,
        state->entered == waiting + state->ready + state->active + state->left + state->dropped +
                              state->lapsed + state->expired + state->completed,
        "the totals do not balance");
}

const char *qkm_people_check(const struct qkm_people *people, const qk_queue_state *state)
{
  struct check check = {.people = people, .state = state};
  for (uint32_t cls = 0; cls < QK_CLASSES; cls++)
    check_lane(&check, &people->lane[cls]);
  check_lane(&check, &people->seats);
  check_index(&check);
  check_deadlines(&check);
  check_state(&check);
  return check.broken;
}
