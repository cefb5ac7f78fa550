/* lib/window.c against an array with a cell per slot. */
#include <string.h>
#include "lib/window.h"
#include "unit.h"

enum { SLOTS = 20000 };

struct oracle {
  uint64_t count[SLOTS];
  int64_t newest;
};

static uint64_t oracle_sum(const struct oracle *oracle, int64_t oldest)
{
  uint64_t sum = 0;
  for (int64_t slot = oldest < 0 ? 0 : oldest; slot <= oracle->newest; slot++)
    sum += oracle->count[slot];
  return sum;
}

/* What the ring can still tell: from QK_WINDOW_SLOTS - 1 before the newest on. */
static void compare(const qk_window *window, const struct oracle *oracle)
{
  int64_t kept = oracle->newest - QK_WINDOW_SLOTS + 1;
  EXPECT_EQ(window->newest, oracle->newest);
  for (int64_t slot = kept < 0 ? 0 : kept; slot <= oracle->newest + 2 && slot < SLOTS; slot++) {
    EXPECT_EQ(qki_window_count(window, slot), oracle->count[slot]);
    EXPECT_EQ(qki_window_sum(window, slot), oracle_sum(oracle, slot));
  }
  EXPECT_EQ(qki_window_count(window, kept - 1), 0);
  EXPECT_EQ(window->sum, oracle_sum(oracle, kept));
}

static void add(qk_window *window, struct oracle *oracle, int64_t slot, uint64_t n)
{
  qki_window_add(window, slot, n);
  if (slot > oracle->newest)
    oracle->newest = slot;
  oracle->count[oracle->newest] += n;
  compare(window, oracle);
}

START_TEST(random_counts_add_up_as_in_an_array)
{
  static struct oracle oracle;
  uint64_t random = (uint64_t)_i + 1;
  qk_window window = {0};
  memset(&oracle, 0, sizeof oracle);
  while (oracle.newest < SLOTS - 300) {
    uint32_t kind = unit_pick(&random, 10);
    int64_t ahead = kind < 4   ? 0
                    : kind < 8 ? unit_pick(&random, 3)
                    : kind < 9 ? unit_pick(&random, 70)
                               : unit_pick(&random, 200);
    add(&window, &oracle, oracle.newest + ahead, unit_pick(&random, 5));
  }
}
END_TEST

START_TEST(a_slot_before_the_newest_counts_as_the_newest)
{
  static struct oracle oracle;
  qk_window window = {0};
  memset(&oracle, 0, sizeof oracle);
  add(&window, &oracle, 500, 3);
  add(&window, &oracle, 499, 2);
  add(&window, &oracle, 0, 1);
  EXPECT_EQ(qki_window_count(&window, 500), 6);
  EXPECT_EQ(qki_window_count(&window, 499), 0);
}
END_TEST

START_TEST(a_jump_of_the_whole_ring_forgets_all)
{
  for (int64_t jump = QK_WINDOW_SLOTS - 1; jump <= QK_WINDOW_SLOTS + 1; jump++) {
    qk_window window = {0};
    for (int64_t slot = 0; slot < 10; slot++)
      qki_window_add(&window, slot, 1);
    qki_window_add(&window, 9 + jump, 1);
    EXPECT_EQ(window.sum, jump < QK_WINDOW_SLOTS ? 2 : 1);
    EXPECT_EQ(qki_window_sum(&window, 9 + jump), 1);
  }
}
END_TEST

START_TEST(slots_far_in_the_future_do_not_overflow)
{
  qk_window window = {0};
  qki_window_add(&window, 5, 1);
  qki_window_add(&window, INT64_MAX - 10, 7);
  EXPECT_EQ(window.sum, 7);
  EXPECT_EQ(qki_window_sum(&window, INT64_MAX - 10), 7);
  EXPECT_EQ(qki_window_sum(&window, INT64_MAX), 0);
  EXPECT_EQ(qki_window_count(&window, INT64_MAX), 0);
}
END_TEST

TCase *window_case(void)
{
  TCase *tests = tcase_create("window");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, random_counts_add_up_as_in_an_array, 0, 4);
  tcase_add_test(tests, a_slot_before_the_newest_counts_as_the_newest);
  tcase_add_test(tests, a_jump_of_the_whole_ring_forgets_all);
  tcase_add_test(tests, slots_far_in_the_future_do_not_overflow);
  return tests;
}
