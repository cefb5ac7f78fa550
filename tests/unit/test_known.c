/* lib/known.c: records of queues that come and go. */
#include "lib/known.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static struct qki_knowns knowns;

static void begin(void)
{
  ck_assert_int_eq(qki_knowns_init(&knowns), QK_OK);
}

static void end(void)
{
  qki_knowns_finish(&knowns, 0);
}

static qk_name name_of(const char *text, uint64_t hash)
{
  return (qk_name){.text = text, .len = (uint32_t)strlen(text), .hash = hash};
}

static size_t count_records(void)
{
  size_t n = 0;
  for (struct qki_known *known = knowns.all; known; known = known->older)
    n++;
  return n;
}

static size_t count_shown(void)
{
  size_t n = 0;
  for (struct qki_known *known = NULL; (known = qki_known_after(&knowns, known)) != NULL;)
    n++;
  return n;
}

START_TEST(a_queue_has_one_record)
{
  qk_name hall = name_of("hall", 5);
  EXPECT(!qki_known_find(&knowns, &hall));
  struct qki_known *known = qki_known_get(&knowns, &hall);
  ck_assert(known);
  EXPECT(qki_known_get(&knowns, &hall) == known);
  EXPECT(qki_known_find(&knowns, &hall) == known);
  qk_name again = qki_known_name(known);
  ck_assert_str_eq(again.text, "hall");
  EXPECT_EQ(again.hash, 5);
}
END_TEST

START_TEST(names_with_one_hash_are_told_apart)
{
  qk_name a = name_of("a", 9), b = name_of("b", 9), ab = name_of("ab", 9);
  struct qki_known *first = qki_known_get(&knowns, &a), *second = qki_known_get(&knowns, &b);
  EXPECT(first != second && qki_known_get(&knowns, &ab) != first);
  qki_known_forget(&knowns, &b);
  EXPECT(qki_known_find(&knowns, &a) == first && !qki_known_find(&knowns, &b));
  EXPECT(qki_known_find(&knowns, &ab) != NULL);
  EXPECT_EQ(count_shown(), 2);
}
END_TEST

START_TEST(a_forgotten_queue_is_not_shown)
{
  qk_name hall = name_of("hall", 5);
  qki_known_forget(&knowns, &hall);
  qki_known_get(&knowns, &hall);
  EXPECT_EQ(count_shown(), 1);
  qki_known_forget(&knowns, &hall);
  EXPECT_EQ(count_shown(), 0);
  EXPECT(!qki_known_find(&knowns, &hall));
}
END_TEST

/* Tokens of a removed queue are polled for hours, and each poll asks for its record. */
START_TEST(a_queue_that_comes_and_goes_takes_no_more_memory)
{
  qk_name hall = name_of("hall", 5);
  for (int i = 0; i < 1000; i++) {
    ck_assert(qki_known_get(&knowns, &hall));
    qki_known_forget(&knowns, &hall);
  }
  EXPECT_MSG(count_records() < 10, "%zu records of one queue", count_records());
}
END_TEST

START_TEST(a_forgotten_record_begins_anew)
{
  qk_name hall = name_of("hall", 5);
  struct qki_known *known = qki_known_get(&knowns, &hall);
  struct qki_sight sight = {.epoch = 3};
  atomic_fetch_add(&known->polls[QKI_BY_STORE], 4);
  qki_histogram_add(&known->tick_us, &qki_scale_calls, 10, 1);
  qki_sight_put(&known->sight, &sight);
  known->viewed_ms = 1;
  qki_known_forget(&knowns, &hall);
  known = qki_known_get(&knowns, &hall);
  EXPECT_EQ(known->polls[QKI_BY_STORE], 0);
  EXPECT_EQ(known->tick_us.bucket[0], 0);
  EXPECT_EQ(known->viewed_ms, 0);
  EXPECT(!qki_sight_get(&known->sight, &sight));
}
END_TEST

/* ---- Threads --------------------------------------------------------------------------------------- */

enum { THREADS = 3, ROUNDS = 2000, NAMES = 5 };

static char texts[NAMES][8];

static void *come_and_go(void *arg)
{
  uint64_t random = (uint64_t)(uintptr_t)arg + 1;
  for (int i = 0; i < ROUNDS; i++) {
    uint32_t at = unit_pick(&random, NAMES);
    qk_name name = name_of(texts[at], at * QKI_KNOWN_BUCKETS); /* one bucket */
    struct qki_known *known = qki_known_get(&knowns, &name);
    ck_assert(known);
    atomic_fetch_add(&known->polls[QKI_BY_STORE], 1);
    if (unit_pick(&random, 8) == 0)
      qki_known_forget(&knowns, &name);
    known = qki_known_find(&knowns, &name);
    EXPECT(!known || memcmp(known->name, texts[at], name.len + 1) == 0);
  }
  return NULL;
}

START_TEST(threads_may_find_make_and_forget)
{
  pthread_t threads[THREADS];
  for (int i = 0; i < NAMES; i++)
    snprintf(texts[i], sizeof texts[i], "q%d", i);
  for (uintptr_t i = 0; i < THREADS; i++)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, (void *)i), 0);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  EXPECT(count_shown() <= NAMES);
}
END_TEST

TCase *known_case(void)
{
  TCase *tests = tcase_create("known");
  tcase_set_timeout(tests, 60);
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, a_queue_has_one_record);
  tcase_add_test(tests, names_with_one_hash_are_told_apart);
  tcase_add_test(tests, a_forgotten_queue_is_not_shown);
  tcase_add_test(tests, a_queue_that_comes_and_goes_takes_no_more_memory);
  tcase_add_test(tests, a_forgotten_record_begins_anew);
  tcase_add_test(tests, threads_may_find_make_and_forget);
  return tests;
}
