/* backends/memory/lane.c against an array, with the invariants of lane.h walked after every step. */
#include <string.h>
#include <qk.h>
#include "backends/memory/lane.h"
#include "backends/memory/record.h"
#include "unit.h"

enum { PEOPLE = 300000, HANDLES = 1 << 20 };

/* The oracle: everybody in order. */
static struct one {
  uint64_t number;
  int64_t seen_ms;
  uint32_t handle;
} line[PEOPLE];

static uint32_t count;
static uint32_t number_of[HANDLES]; /* by handle; 0 = nobody. Numbers are small here. */
static uint64_t last_number;
static int64_t from_ms;
static struct qkm_pool pool;
static struct qkm_lane lane;

/* The place of a number in the line. */
static uint32_t place_of(uint64_t number)
{
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (line[middle].number < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void follow(void *owner, uint32_t from, uint32_t to)
{
  EXPECT(owner == &lane);
  EXPECT(number_of[from] != 0);
  EXPECT_EQ(number_of[to], 0);
  line[place_of(number_of[from])].handle = to;
  number_of[to] = number_of[from];
  number_of[from] = 0;
}

static void set_up(void)
{
  count = 0;
  last_number = 0;
  from_ms = 0;
  memset(number_of, 0, sizeof number_of);
  EXPECT_EQ(qkm_pool_init(&pool), QK_OK);
  qkm_lane_init(&lane, &pool, 1, follow, &lane);
}

static void tear_down(void)
{
  qkm_lane_finish(&lane);
  EXPECT_EQ(pool.used_count, 0);
  qkm_pool_finish(&pool, 0);
}

/* ---- The invariants ------------------------------------------------------------------------------ */

static uint32_t bits_of(uint64_t mask)
{
  uint32_t bits = 0;
  for (; mask; mask &= mask - 1)
    bits++;
  return bits;
}

static int64_t later(int64_t a, int64_t b)
{
  return a > b ? a : b;
}

static int64_t no_earlier(int64_t seen_ms)
{
  return later(seen_ms, from_ms);
}

/* The blocks are the line, cut into pieces; only the tail may be sparse beside a sparse neighbour. */
static void check_blocks(void)
{
  uint32_t at = 0, prev = 0, prev_people = QKM_BLOCK_PEOPLE;
  for (uint32_t block = lane.first; block; block = qkm_block(&pool, block)->next) {
    const struct qkm_block *header = qkm_block(&pool, block);
    uint32_t people = bits_of(header->live);
    EXPECT_EQ(header->prev, prev);
    EXPECT(people > 0 || block == lane.last);
    if (block != lane.last)
      EXPECT_MSG(people + prev_people > 48 || people > 24 || prev_people > 24,
                 "%u and %u people are not joined", prev_people, people);
    for (uint32_t slot = 0; slot < QKM_BLOCK_PEOPLE; slot++) {
      if (!(header->live >> slot & 1))
        continue;
      uint32_t handle = block << 6 | slot;
      EXPECT(slot < header->used);
      EXPECT(at < count);
      EXPECT_EQ(line[at].handle, handle);
      EXPECT_EQ(qkm_number(qkm_record(&pool, handle)), line[at].number);
      EXPECT_EQ(qkm_record(&pool, handle)->a, line[at].seen_ms);
      at++;
    }
    prev = block;
    prev_people = people;
  }
  EXPECT_EQ(prev, lane.last);
  EXPECT_EQ(at, count);
}

struct below {
  uint64_t people;
  int64_t seen_ms;
};

static struct below check_page(const struct qkm_page *page, const struct qkm_page *parent, uint32_t index);

static struct below check_child(const struct qkm_page *page, uint32_t i)
{
  struct below below = {.seen_ms = QKM_NEVER};
  if (page->level > 1)
    return check_page(page->child.page[i], page, i);
  const struct qkm_block *block = qkm_block(&pool, page->child.block[i]);
  EXPECT(block->parent == page && block->index == i);
  below.people = bits_of(block->live);
  for (uint32_t slot = 0; slot < QKM_BLOCK_PEOPLE; slot++)
    if (block->live >> slot & 1) {
      int64_t seen_ms = no_earlier(qkm_record(&pool, page->child.block[i] << 6 | slot)->a);
      below.seen_ms = seen_ms < below.seen_ms ? seen_ms : below.seen_ms;
    }
  return below;
}

static struct below check_page(const struct qkm_page *page, const struct qkm_page *parent, uint32_t index)
{
  struct below all = {.seen_ms = QKM_NEVER};
  uint32_t live = 0;
  EXPECT(page->parent == parent);
  EXPECT(!parent || page->index == index);
  for (uint32_t i = 0; i < QKM_FAN; i++) {
    int there = page->level == 1 ? page->child.block[i] != 0 : page->child.page[i] != NULL;
    if (!there) {
      EXPECT_EQ(page->seen[i], QKM_NEVER);
      continue;
    }
    EXPECT(i < page->used && i >= page->first && (live++ > 0 || i == page->first));
    EXPECT_EQ(page->pre[i] - page->pre[page->first], all.people);
    struct below below = check_child(page, i);
    EXPECT(no_earlier(page->seen[i]) <= below.seen_ms);
    all.people += below.people;
    all.seen_ms = below.seen_ms < all.seen_ms ? below.seen_ms : all.seen_ms;
  }
  EXPECT_EQ(live, page->live);
  EXPECT_EQ(page->total, all.people);
  EXPECT(page->level == 1 ? page->child.block[page->used - 1] != 0
                          : page->child.page[page->used - 1] != NULL);
  EXPECT(parent || page->level == 1 || page->live >= 2);
  return all;
}

static void check_lane(void)
{
  EXPECT_EQ(lane.count, count);
  check_blocks();
  if (lane.root)
    EXPECT_EQ(check_page(lane.root, NULL, 0).people, count);
}

/* ---- The steps ----------------------------------------------------------------------------------- */

static void append(int64_t seen_ms)
{
  struct qkm_record record = {.key = qkm_make_key(++last_number, 0, QK_WAITING, 1), .a = seen_ms};
  uint32_t handle = qkm_lane_append(&lane, &record, seen_ms);
  EXPECT(handle < HANDLES);
  EXPECT_EQ(number_of[handle], 0);
  number_of[handle] = (uint32_t)last_number;
  line[count++] = (struct one){.number = last_number, .seen_ms = seen_ms, .handle = handle};
}

static void enter(int64_t seen_ms)
{
  EXPECT_EQ(qkm_lane_reserve(&lane), QK_OK);
  append(seen_ms);
}

static void leave(uint32_t place)
{
  uint32_t handle = line[place].handle;
  number_of[handle] = 0;
  memmove(&line[place], &line[place + 1], (--count - place) * sizeof *line);
  qkm_lane_erase(&lane, handle);
}

/* The same for n neighbours, with the oracle's work done once. */
static void leave_together(uint32_t place, uint32_t n)
{
  for (uint32_t i = 0; i < n; i++) {
    uint32_t handle = line[place + i].handle;
    number_of[handle] = 0;
    qkm_lane_erase(&lane, handle);
  }
  count -= n;
  memmove(&line[place], &line[place + n], (count - place) * sizeof *line);
}

static void poll_at(uint32_t place, int64_t seen_ms)
{
  line[place].seen_ms = seen_ms;
  qkm_record(&pool, line[place].handle)->a = seen_ms;
}

static void look(uint64_t *random)
{
  EXPECT_EQ(qkm_lane_head(&lane), count ? line[0].handle : 0);
  uint64_t number = unit_random(random) % (last_number + 3);
  uint32_t place = place_of(number + 1);
  EXPECT_EQ(qkm_lane_above(&lane, number), place < count ? line[place].handle : 0);
  if (count == 0)
    return;
  place = unit_pick(random, count);
  EXPECT_EQ(qkm_lane_rank(&lane, line[place].handle), place);
  EXPECT_EQ(qkm_lane_after(&lane, line[place].handle), place + 1 < count ? line[place + 1].handle : 0);
}

static void look_for_stalest(uint64_t *random, int64_t until_ms)
{
  uint32_t effort = unit_pick(random, 3), handle = 0, best = count;
  int got = qkm_lane_stalest(&lane, from_ms, until_ms, &effort, &handle);
  if (got < 0) {
    EXPECT_EQ(effort, 0);
    effort = UINT32_MAX;
    got = qkm_lane_stalest(&lane, from_ms, until_ms, &effort, &handle);
  }
  for (uint32_t i = 0; i < count; i++)
    if (no_earlier(line[i].seen_ms) <= until_ms &&
        (best == count || no_earlier(line[i].seen_ms) < no_earlier(line[best].seen_ms)))
      best = i;
  EXPECT_EQ(got, best < count);
  EXPECT(best == count || handle == line[best].handle);
}

/* ---- The tests ----------------------------------------------------------------------------------- */

/* Phases that grow, stay, shrink from anywhere, shrink from the head, and empty the lane. */
static void play(uint64_t *random, int phase, uint32_t target, int64_t now_ms)
{
  uint32_t kind = unit_pick(random, 8);
  if (phase == 0 ? kind < 6 && count < target : kind < 2)
    enter(now_ms);
  else if (count > 0 && kind < 6)
    leave(phase == 2 ? unit_pick(random, count < 5 ? count : 5) : unit_pick(random, count));
  else if (count > 0)
    poll_at(unit_pick(random, count), now_ms);
}

START_TEST(a_lane_answers_like_an_array_after_every_step)
{
  uint64_t random = (uint64_t)_i * 31 + 1;
  int64_t now_ms = 0;
  for (int step = 0; step < 40000; step++) {
    now_ms += unit_pick(&random, 3);
    play(&random, step / 10000, 1500, now_ms);
    if (unit_pick(&random, 500) == 0)
      from_ms = later(from_ms, now_ms - unit_pick(&random, 300));
    check_lane();
    look(&random);
    look_for_stalest(&random, now_ms - unit_pick(&random, 1000));
  }
}
END_TEST

/* Three levels of pages. */
START_TEST(a_long_lane_keeps_every_rank)
{
  uint64_t random = 3;
  for (uint32_t i = 0; i < PEOPLE; i++)
    enter(i / 100);
  EXPECT(lane.root->level >= 3);
  check_lane();
  while (count > 1000) {
    for (uint32_t left = count / 3; left > 300; left -= 300)
      leave_together(unit_pick(&random, count - 300), 1 + unit_pick(&random, 300));
    check_lane();
    for (int i = 0; i < 200; i++)
      look(&random);
    look_for_stalest(&random, PEOPLE);
  }
}
END_TEST

/* Who polled longest ago. */
static uint32_t stalest_place(void)
{
  uint32_t best = 0;
  for (uint32_t i = 1; i < count; i++)
    if (no_earlier(line[i].seen_ms) < no_earlier(line[best].seen_ms))
      best = i;
  return best;
}

/* Each block has polled at one time, and often it is the stalest that leave. */
START_TEST(in_a_long_line_whoever_polled_longest_ago_is_found)
{
  uint64_t random = (uint64_t)_i + 1;
  for (uint32_t i = 0; i < 30000; i++)
    enter(i / 64 * 7919 % 1000);
  for (int64_t now_ms = 1000; count > 2000; now_ms++) {
    uint32_t place = unit_pick(&random, 2) ? stalest_place() : unit_pick(&random, count);
    leave_together(place < count - 200 ? place : count - 200, 1 + unit_pick(&random, 200));
    for (int i = 0; i < 20; i++)
      poll_at(unit_pick(&random, count), now_ms);
    if (unit_pick(&random, 50) == 0)
      from_ms = later(from_ms, unit_pick(&random, 1000));
    int64_t stalest_ms = no_earlier(line[stalest_place()].seen_ms);
    look_for_stalest(&random, stalest_ms - 1);
    look_for_stalest(&random, stalest_ms);
    look_for_stalest(&random, stalest_ms + unit_pick(&random, 100));
  }
}
END_TEST

/* Two pages of blocks: a whole block of the second, all stale, leaves; the next stalest stands in the first.
 */
START_TEST(a_block_that_leaves_hides_nobody_who_is_stale)
{
  enum { PAGE = QKM_FAN * QKM_BLOCK_PEOPLE, BLOCK_70 = 70 * QKM_BLOCK_PEOPLE };
  uint64_t random = 1;
  for (uint32_t i = 0; i < PAGE + PAGE / 4; i++)
    enter(i == 5 ? 50 : i >= BLOCK_70 && i < BLOCK_70 + QKM_BLOCK_PEOPLE ? 1 : 100);
  look_for_stalest(&random, 10);
  leave_together(BLOCK_70, QKM_BLOCK_PEOPLE);
  look_for_stalest(&random, 60);
  look_for_stalest(&random, 100);
}
END_TEST

START_TEST(a_line_that_moves_on_for_long_keeps_its_size)
{
  uint64_t random = 4;
  uint32_t most = 0;
  for (int i = 0; i < 1000; i++)
    enter(0);
  for (int i = 0; i < 200000; i++) {
    enter(0);
    leave(i % 10 == 0 ? unit_pick(&random, count) : 0);
    most = pool.used_count > most ? pool.used_count : most;
    if (i % 2000 == 0) {
      check_lane();
      look(&random);
    }
  }
  EXPECT(most <= 1000 / 24 + 4);
}
END_TEST

/* Of each 64 who come all but one leave at once. */
START_TEST(a_line_that_people_leave_as_soon_as_they_come_takes_little_room)
{
  for (int round = 0; round < 2000; round++) {
    for (int i = 0; i < 64; i++)
      enter(0);
    for (int i = 0; i < 63; i++)
      leave(count - 1);
  }
  check_lane();
  EXPECT_MSG(pool.used_count <= count / 24 + 4, "%u people in %u blocks", count, pool.used_count);
}
END_TEST

START_TEST(a_reservation_outlives_whatever_leaves)
{
  uint64_t random = (uint64_t)_i + 1;
  for (int round = 0; round < 300; round++) {
    uint32_t size = unit_pick(&random, round % 10 == 0 ? 9000 : 300);
    while (count < size)
      enter(0);
    EXPECT_EQ(qkm_lane_reserve(&lane), QK_OK);
    uint32_t leaving = unit_pick(&random, 3) == 0 ? count : unit_pick(&random, count + 1);
    int end = (int)unit_pick(&random, 3);
    for (; leaving > 0; leaving--)
      leave(end == 0 ? 0 : end == 1 ? count - 1 : unit_pick(&random, count));
    append(0);
    check_lane();
    look(&random);
  }
}
END_TEST

/* Full blocks and full pages at the tail, and whole blocks that leave from there. */
START_TEST(a_reservation_outlives_whole_blocks_that_leave)
{
  static const uint32_t blocks[] = {1, 2, 63, 64, 65, 66, 128, 129, 130};
  for (size_t i = 0; i < COUNT(blocks); i++)
    for (uint32_t leaving = 0; leaving <= 3 && leaving <= blocks[i]; leaving++) {
      while (count < blocks[i] * QKM_BLOCK_PEOPLE)
        enter(0);
      EXPECT_EQ(qkm_lane_reserve(&lane), QK_OK);
      for (uint32_t n = leaving * QKM_BLOCK_PEOPLE; n > 0; n--)
        leave(count - 1);
      append(0);
      check_lane();
      while (count > 0)
        leave(count - 1);
    }
}
END_TEST

START_TEST(an_emptied_lane_keeps_no_memory_once_trimmed)
{
  for (int i = 0; i < 10000; i++)
    enter(0);
  while (count > 0)
    leave(count - 1);
  qkm_lane_trim(&lane);
  EXPECT_EQ(pool.used_count, 0);
  EXPECT(!lane.root);
  EXPECT_EQ(qkm_lane_head(&lane), 0);
  enter(0);
  check_lane();
}
END_TEST

TCase *lane_case(void)
{
  TCase *tests = tcase_create("lane");
  tcase_add_checked_fixture(tests, set_up, tear_down);
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, a_lane_answers_like_an_array_after_every_step, 0, 4);
  tcase_add_test(tests, a_long_lane_keeps_every_rank);
  tcase_add_test(tests, a_block_that_leaves_hides_nobody_who_is_stale);
  tcase_add_loop_test(tests, in_a_long_line_whoever_polled_longest_ago_is_found, 0, 4);
  tcase_add_test(tests, a_line_that_moves_on_for_long_keeps_its_size);
  tcase_add_test(tests, a_line_that_people_leave_as_soon_as_they_come_takes_little_room);
  tcase_add_loop_test(tests, a_reservation_outlives_whatever_leaves, 0, 3);
  tcase_add_test(tests, a_reservation_outlives_whole_blocks_that_leave);
  tcase_add_test(tests, an_emptied_lane_keeps_no_memory_once_trimmed);
  return tests;
}
