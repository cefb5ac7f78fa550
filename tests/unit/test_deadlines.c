/* backends/memory/deadlines.c against an array. */
#include <string.h>
#include <qk.h>
#include "backends/memory/deadlines.h"
#include "backends/memory/record.h"
#include "unit.h"

enum { SEATS = 4000 };

static struct seat {
  int64_t time_ms, since_ms;
  uint64_t number;
  uint32_t handle;
} seats[SEATS];

static uint32_t count;
static uint32_t blocks[SEATS / QKM_BLOCK_PEOPLE + 1];
static struct qkm_pool pool;
static struct qkm_deadlines deadlines;

static void set_up(void)
{
  count = 0;
  EXPECT_EQ(qkm_pool_init(&pool), QK_OK);
  for (size_t i = 0; i < COUNT(blocks); i++)
    blocks[i] = qkm_pool_take(&pool);
  qkm_deadlines_init(&deadlines, &pool);
}

static void tear_down(void)
{
  qkm_deadlines_finish(&deadlines);
  qkm_pool_finish(&pool, 0);
}

static uint32_t place_of(uint32_t handle)
{
  return qkm_place(qkm_record(&pool, handle));
}

static void check(void)
{
  uint32_t best = 0;
  EXPECT_EQ(deadlines.count, count);
  for (uint32_t i = 1; i < count; i++)
    if (seats[i].time_ms < seats[best].time_ms ||
        (seats[i].time_ms == seats[best].time_ms && seats[i].number < seats[best].number))
      best = i;
  EXPECT_EQ(qkm_deadlines_first(&deadlines), count ? seats[best].handle : 0);
}

/* Some time before, at most 49 days. */
static int64_t begin_of(int64_t time_ms, uint64_t number)
{
  return time_ms - (int64_t)(uint32_t)(number * 0x9e3779b9);
}

static void add(uint64_t number, int64_t time_ms, uint32_t handle)
{
  int64_t since_ms = begin_of(time_ms, number);
  EXPECT_EQ(qkm_deadlines_reserve(&deadlines), QK_OK);
  *qkm_record(&pool, handle) = (struct qkm_record){.b = UINT64_C(7) << 32};
  qkm_deadlines_add(&deadlines, time_ms, since_ms, number, handle);
  seats[count++] =
      (struct seat){.time_ms = time_ms, .since_ms = since_ms, .number = number, .handle = handle};
}

static void drop(uint32_t i)
{
  EXPECT_EQ(qkm_extends(qkm_record(&pool, seats[i].handle)), 7);
  EXPECT_EQ(qkm_deadlines_since(&deadlines, place_of(seats[i].handle)), seats[i].since_ms);
  qkm_deadlines_remove(&deadlines, place_of(seats[i].handle));
  seats[i] = seats[--count];
}

/* A handle that nobody holds: records never move here, so each number has its own. */
static uint32_t handle_of(uint64_t number)
{
  uint32_t i = (uint32_t)(number % SEATS);
  return blocks[i / QKM_BLOCK_PEOPLE] << 6 | i % QKM_BLOCK_PEOPLE;
}

static int is_free(uint32_t handle)
{
  for (uint32_t i = 0; i < count; i++)
    if (seats[i].handle == handle)
      return 0;
  return 1;
}

START_TEST(the_first_is_always_the_earliest_of_equals_the_lowest_number)
{
  uint64_t random = (uint64_t)_i + 1, number = 0;
  uint32_t times = _i == 0 ? 5 : 100000; /* many equals, or few */
  for (int step = 0; step < 20000; step++) {
    uint32_t kind = unit_pick(&random, 10), limit = step / 2000 % 2 ? 3 : 1500;
    number++;
    if (kind < 5 && count < limit && is_free(handle_of(number)))
      add(number, unit_pick(&random, times), handle_of(number));
    else if (kind < 8 && count > 0)
      drop(unit_pick(&random, count));
    else if (count > 0) {
      struct seat *seat = &seats[unit_pick(&random, count)];
      seat->time_ms = unit_pick(&random, times);
      seat->since_ms = begin_of(seat->time_ms, number);
      qkm_deadlines_change(&deadlines, place_of(seat->handle), seat->time_ms, seat->since_ms);
    }
    check();
  }
}
END_TEST

START_TEST(seats_come_out_in_order)
{
  uint64_t random = 9;
  int64_t last_ms = -1;
  for (uint64_t number = 1; number <= SEATS; number++)
    add(number, unit_pick(&random, 1000), handle_of(number));
  while (count > 0) {
    uint32_t handle = qkm_deadlines_first(&deadlines), i = 0;
    while (seats[i].handle != handle)
      i++;
    EXPECT(seats[i].time_ms >= last_ms);
    last_ms = seats[i].time_ms;
    drop(i);
  }
  EXPECT(deadlines.page_count <= 2);
}
END_TEST

START_TEST(a_moved_record_is_followed)
{
  add(1, 10, handle_of(1));
  add(2, 5, handle_of(2));
  *qkm_record(&pool, handle_of(3)) = *qkm_record(&pool, handle_of(2));
  qkm_deadlines_repoint(&deadlines, place_of(handle_of(3)), handle_of(3));
  seats[1].handle = handle_of(3);
  check();
  qkm_deadlines_change(&deadlines, place_of(handle_of(3)), 20, 15);
  seats[1].time_ms = 20;
  seats[1].since_ms = 15;
  check();
  drop(1);
}
END_TEST

static void reserve_and_drop(uint32_t size, uint32_t dropped)
{
  while (count < size)
    add(count + 1, size % 50, handle_of(count + 1));
  EXPECT_EQ(qkm_deadlines_reserve(&deadlines), QK_OK);
  for (uint32_t i = 0; i < dropped; i++)
    drop(count - 1);
  EXPECT(deadlines.count < deadlines.page_count * 256); /* entries in a page */
  uint32_t handle = handle_of(count + 1);
  *qkm_record(&pool, handle) = (struct qkm_record){.b = UINT64_C(7) << 32};
  qkm_deadlines_add(&deadlines, 25, 25, size + 10000, handle);
  seats[count++] = (struct seat){.time_ms = 25, .since_ms = 25, .number = size + 10000, .handle = handle};
  check();
  while (count > 0)
    drop(0);
}

/* Above all on the edges of pages. */
START_TEST(a_reservation_outlives_removes)
{
  uint64_t random = 2;
  for (uint32_t size = 1; size < SEATS; size += 1 + size / 9)
    reserve_and_drop(size, unit_pick(&random, size + 1));
  for (uint32_t size = 256; size <= 1024; size += 256)
    for (uint32_t dropped = 0; dropped <= size; dropped += 128)
      reserve_and_drop(size, dropped);
}
END_TEST

TCase *deadlines_case(void)
{
  TCase *tests = tcase_create("deadlines");
  tcase_add_checked_fixture(tests, set_up, tear_down);
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, the_first_is_always_the_earliest_of_equals_the_lowest_number, 0, 2);
  tcase_add_test(tests, seats_come_out_in_order);
  tcase_add_test(tests, a_moved_record_is_followed);
  tcase_add_test(tests, a_reservation_outlives_removes);
  return tests;
}
