/* backends/memory/index.c against a list of pairs. */
#include <string.h>
#include <qk.h>
#include "backends/memory/index.h"
#include "unit.h"

enum { PAIRS = 40000 };

static struct pair {
  uint32_t hash, handle;
} pairs[PAIRS];

static uint32_t count;
static struct qkm_index index_;

static void set_up(void)
{
  count = 0;
  qkm_index_init(&index_);
}

static void tear_down(void)
{
  qkm_index_finish(&index_);
}

/* How often the index gives handle under hash, and how many handles at all. */
static uint32_t look_up(uint32_t hash, uint32_t handle, uint32_t *all)
{
  struct qkm_probe probe = qkm_probe_start(&index_, hash);
  uint32_t found = 0;
  *all = 0;
  for (uint32_t at; (at = qkm_probe_next(&probe)) != 0; ++*all)
    found += at == handle;
  return found;
}

static void check_pair(const struct pair *pair)
{
  uint32_t all;
  EXPECT_EQ(look_up(pair->hash, pair->handle, &all), 1);
}

/* The invariants of index.h, segment by segment. */
static void check_segments(void)
{
  size_t places = index_.directory ? (size_t)1 << index_.bits : 0;
  uint64_t people = 0;
  uint32_t deepest = 0;
  for (size_t i = 0; i < places;) {
    const struct qkm_segment *segment = index_.directory[i];
    size_t span = (size_t)1 << (index_.bits - segment->depth);
    uint32_t used = 0;
    EXPECT_EQ(i % span, 0);
    for (size_t j = 0; j < span; j++)
      EXPECT(index_.directory[i + j] == segment);
    for (uint32_t j = 0; j < index_.slots; j++) {
      uint64_t entry = segment->entries[j];
      used += entry != 0;
      EXPECT(entry == 0 || qkm_index_segment(&index_, (uint32_t)(entry >> 32)) == segment);
    }
    EXPECT_EQ(segment->count, used);
    EXPECT(used <= index_.slots / 8 * 7);
    people += used;
    deepest += segment->depth == index_.bits;
    i += span;
  }
  EXPECT_EQ(people, count);
  EXPECT(places == 0 || deepest == index_.deepest);
  EXPECT_EQ(index_.count, count);
}

static void check_all(void)
{
  check_segments();
  for (uint32_t i = 0; i < count; i++)
    check_pair(&pairs[i]);
}

static void insert(uint32_t hash, uint32_t handle)
{
  EXPECT_EQ(qkm_index_reserve(&index_, hash), QK_OK);
  qkm_index_insert(&index_, hash, handle);
  pairs[count++] = (struct pair){hash, handle};
}

static void remove_at(uint32_t i)
{
  uint32_t all;
  struct pair pair = pairs[i];
  qkm_index_remove(&index_, pair.hash, pair.handle);
  pairs[i] = pairs[--count];
  EXPECT_EQ(look_up(pair.hash, pair.handle, &all), 0);
}

/* Hashes as people have them, all alike in the low bits, all alike in the high bits, and a few that many
 * share. */
static uint32_t make_hash(uint64_t *random, int kind)
{
  uint32_t hash = (uint32_t)(unit_random(random) >> 32);
  switch (kind) {
  case 0:
    return hash;
  case 1:
    return hash & 0xffffff80u;
  case 2:
    return hash & 0x00ffffffu;
  default:
    return unit_pick(random, 300) * 0x01000193u;
  }
}

START_TEST(a_small_index_answers_like_a_list_after_every_step)
{
  uint64_t random = (uint64_t)_i + 1;
  uint32_t next_handle = 1;
  for (int step = 0; step < 4000; step++) {
    uint32_t kind = unit_pick(&random, 10), limit = step % 1000 < 500 ? 90 : 4;
    if (count < limit && kind < 6) {
      insert(make_hash(&random, _i), next_handle++);
    } else if (count > 0 && kind < 9) {
      remove_at(unit_pick(&random, count));
    } else if (count > 0) {
      struct pair *pair = &pairs[unit_pick(&random, count)];
      qkm_index_repoint(&index_, pair->hash, pair->handle, next_handle);
      pair->handle = next_handle++;
    }
    check_all();
  }
}
END_TEST

START_TEST(a_large_index_grows_and_shrinks_without_losing_anybody)
{
  uint64_t random = (uint64_t)_i + 11;
  uint32_t next_handle = 1;
  for (int round = 0; round < 2; round++) {
    while (count < PAIRS) {
      insert(make_hash(&random, _i), next_handle++);
      if (unit_pick(&random, 5) == 0)
        remove_at(unit_pick(&random, count));
      check_pair(&pairs[count - 1]);
      if (count % 9973 == 0)
        check_all();
    }
    check_all();
    while (count > 0) {
      remove_at(unit_pick(&random, count));
      if (count % 9973 == 0)
        check_all();
    }
    check_all();
  }
  EXPECT_EQ(index_.bits, 0);
  EXPECT_EQ(index_.slots, QKM_LINE_SLOTS);
}
END_TEST

START_TEST(a_reservation_outlives_removes)
{
  uint64_t random = 5;
  for (uint32_t size = 1; size < 3000; size += 1 + size / 7) {
    while (count < size)
      insert(make_hash(&random, 0), count + 1);
    uint32_t hash = make_hash(&random, 0);
    EXPECT_EQ(qkm_index_reserve(&index_, hash), QK_OK);
    for (uint32_t i = unit_pick(&random, size + 1); i > 0; i--)
      remove_at(unit_pick(&random, count));
    qkm_index_insert(&index_, hash, size + 100000);
    pairs[count++] = (struct pair){hash, size + 100000};
    check_all();
    while (count > 0)
      remove_at(count - 1);
  }
}
END_TEST

START_TEST(an_empty_index_holds_nobody)
{
  uint32_t all;
  EXPECT_EQ(look_up(0, 1, &all), 0);
  EXPECT_EQ(all, 0);
  insert(7, 1);
  remove_at(0);
  EXPECT_EQ(look_up(7, 1, &all), 0);
}
END_TEST

TCase *index_case(void)
{
  TCase *tests = tcase_create("index");
  tcase_add_checked_fixture(tests, set_up, tear_down);
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, an_empty_index_holds_nobody);
  tcase_add_loop_test(tests, a_small_index_answers_like_a_list_after_every_step, 0, 4);
  tcase_add_loop_test(tests, a_large_index_grows_and_shrinks_without_losing_anybody, 0, 3);
  tcase_add_test(tests, a_reservation_outlives_removes);
  return tests;
}
