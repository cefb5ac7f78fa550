/* backends/memory/pool.c: random takes and gives, with a pattern in every record that is taken. */
#include <string.h>
#include <qk.h>
#include "backends/memory/pool.h"
#include "unit.h"

enum { BLOCKS = 3000 };

static struct qkm_pool pool;
static uint32_t taken[BLOCKS]; /* block numbers; 0 = none */

static void set_up(void)
{
  memset(taken, 0, sizeof taken);
  EXPECT_EQ(qkm_pool_init(&pool), QK_OK);
}

static void tear_down(void)
{
  qkm_pool_finish(&pool, 0);
}

static void take(uint32_t i)
{
  taken[i] = qkm_pool_take(&pool);
  EXPECT(taken[i] != 0);
  const struct qkm_block *block = qkm_block(&pool, taken[i]);
  EXPECT(block->live == 0 && !block->parent && block->next == 0 && block->prev == 0 && block->used == 0);
  for (uint32_t slot = 0; slot < QKM_BLOCK_PEOPLE; slot++)
    qkm_record(&pool, taken[i] << 6 | slot)->key = (uint64_t)taken[i] << 6 | slot;
}

static void give(uint32_t i)
{
  for (uint32_t slot = 0; slot < QKM_BLOCK_PEOPLE; slot++)
    EXPECT_EQ(qkm_record(&pool, taken[i] << 6 | slot)->key, (uint64_t)taken[i] << 6 | slot);
  qkm_pool_give(&pool, taken[i]);
  taken[i] = 0;
}

static void check(void)
{
  uint32_t used = 0;
  for (uint32_t i = 0; i < BLOCKS; i++)
    used += taken[i] != 0;
  EXPECT_EQ(pool.used_count, used);
  EXPECT(pool.warm_count <= used / 8 + 64);
}

START_TEST(blocks_do_not_overlap_and_are_counted)
{
  uint64_t random = 1;
  for (int step = 0; step < 60000; step++) {
    uint32_t i = unit_pick(&random, BLOCKS);
    int filling = step / 10000 % 2 == 0; /* six phases: three up, three down */
    if (taken[i] && (!filling || unit_pick(&random, 4) == 0))
      give(i);
    else if (!taken[i] && (filling || unit_pick(&random, 4) == 0))
      take(i);
    if (step % 100 == 0)
      check();
  }
  for (uint32_t i = 0; i < BLOCKS; i++)
    if (taken[i])
      give(i);
  check();
}
END_TEST

START_TEST(what_was_given_back_is_taken_again)
{
  for (int round = 0; round < 5; round++) {
    for (uint32_t i = 0; i < BLOCKS; i++)
      take(i);
    for (uint32_t i = 0; i < BLOCKS; i++)
      give(i);
    EXPECT_EQ(pool.chunk_count, BLOCKS / QKM_CHUNK_BLOCKS + 1);
  }
}
END_TEST

START_TEST(a_block_is_never_given_out_twice)
{
  static unsigned char seen[(BLOCKS / QKM_CHUNK_BLOCKS + 1) * QKM_CHUNK_BLOCKS];
  memset(seen, 0, sizeof seen);
  for (uint32_t i = 0; i < BLOCKS; i++) {
    take(i);
    EXPECT(taken[i] < sizeof seen);
    EXPECT_EQ(seen[taken[i]]++, 0);
  }
}
END_TEST

TCase *pool_case(void)
{
  TCase *tests = tcase_create("pool");
  tcase_add_checked_fixture(tests, set_up, tear_down);
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, blocks_do_not_overlap_and_are_counted);
  tcase_add_test(tests, what_was_given_back_is_taken_again);
  tcase_add_test(tests, a_block_is_never_given_out_twice);
  return tests;
}
