/* lib/cursor.c: the rule, condition by condition, and the box in which a sight is kept. */
#include "lib/cursor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "lib/known.h"
#include "lib/token.h"
#include "unit.h"

enum { EPOCH = 7, LAST = 20000, NEAR = 1000 };

/* Nobody was admitted, everybody from 1 to LAST waits in class 0. */
static struct qki_sight plain_sight(void)
{
  struct qki_sight sight = {.epoch = EPOCH, .last = LAST, .near = NEAR};
  for (size_t cls = 0; cls < QK_CLASSES; cls++) {
    sight.head[cls] = cls == 0 ? 1 : LAST + 1;
    sight.before[cls] = cls == 0 ? 0 : LAST;
  }
  return sight;
}

static struct qki_claims waiting_claims(uint32_t cls, uint64_t number)
{
  return (struct qki_claims){.kind = QK_WAITING, .cls = cls, .epoch = EPOCH, .number = number};
}

/* The place that the sight gives; 0: the store must be asked. */
static uint64_t place(const struct qki_sight *sight, const struct qki_claims *claims)
{
  uint64_t position = 0;
  return qki_sight_place(sight, claims, &position) ? position : 0;
}

static uint64_t place_of(const struct qki_sight *sight, uint32_t cls, uint64_t number)
{
  struct qki_claims claims = waiting_claims(cls, number);
  return place(sight, &claims);
}

/* ---- The conditions ------------------------------------------------------------------------------ */

START_TEST(somebody_far_back_has_a_place)
{
  struct qki_sight sight = plain_sight();
  EXPECT_EQ(place_of(&sight, 0, 5000), 5000);
  EXPECT_EQ(place_of(&sight, 0, LAST), LAST);
}
END_TEST

START_TEST(only_waiting_tokens_are_answered)
{
  struct qki_sight sight = plain_sight();
  struct qki_claims claims = waiting_claims(0, 5000);
  for (int32_t kind = QK_NONE; kind <= QK_ACTIVE + 1; kind++) {
    claims.kind = kind;
    EXPECT_EQ(place(&sight, &claims), kind == QK_WAITING ? 5000 : 0);
  }
}
END_TEST

START_TEST(another_life_is_asked_from_the_store)
{
  struct qki_sight sight = plain_sight();
  struct qki_claims claims = waiting_claims(0, 5000);
  for (uint64_t epoch = EPOCH - 1; epoch <= EPOCH + 1; epoch++) {
    claims.epoch = epoch;
    EXPECT_EQ(place(&sight, &claims), epoch == EPOCH ? 5000 : 0);
  }
}
END_TEST

START_TEST(a_number_that_was_not_issued_is_asked_from_the_store)
{
  struct qki_sight sight = plain_sight();
  EXPECT_EQ(place_of(&sight, 0, LAST + 1), 0);
  EXPECT_EQ(place_of(&sight, 0, QK_NUMBER_MAX), 0);
}
END_TEST

START_TEST(up_to_the_highest_admitted_the_store_is_asked)
{
  struct qki_sight sight = plain_sight();
  sight.highest[0] = 8000;
  EXPECT_EQ(place_of(&sight, 0, 7999), 0);
  EXPECT_EQ(place_of(&sight, 0, 8000), 0);
  EXPECT_EQ(place_of(&sight, 0, 8001), 8001);
}
END_TEST

START_TEST(before_the_head_the_store_is_asked)
{
  struct qki_sight sight = plain_sight();
  sight.head[0] = 3000;
  EXPECT_EQ(place_of(&sight, 0, 2999), 0);
  EXPECT_EQ(place_of(&sight, 0, 3000), 0);
  EXPECT_EQ(place_of(&sight, 0, 4000), 1001);
}
END_TEST

START_TEST(near_the_front_the_store_is_asked)
{
  struct qki_sight sight = plain_sight();
  EXPECT_EQ(place_of(&sight, 0, NEAR), 0);
  EXPECT_EQ(place_of(&sight, 0, NEAR + 1), NEAR + 1);
  sight.near = 9000;
  EXPECT_EQ(place_of(&sight, 0, 9000), 0);
  EXPECT_EQ(place_of(&sight, 0, 9001), 9001);
}
END_TEST

START_TEST(the_largest_numbers_do_not_overflow)
{
  struct qki_sight sight = plain_sight();
  sight.last = QK_NUMBER_MAX;
  sight.before[7] = QK_INTEGER_MAX;
  sight.head[7] = 1;
  EXPECT_EQ(place_of(&sight, 7, QK_NUMBER_MAX), QK_INTEGER_MAX + QK_NUMBER_MAX);
}
END_TEST

/* ---- Lost numbers -------------------------------------------------------------------------------- */

/* 5001 to 7000 were lost. */
static struct qki_sight gap_sight(uint64_t head)
{
  struct qki_sight sight = plain_sight();
  sight.lost_from = 5001;
  sight.lost_to = 7000;
  sight.head[0] = head;
  return sight;
}

START_TEST(a_lost_number_is_asked_from_the_store)
{
  struct qki_sight sight = gap_sight(1);
  EXPECT_EQ(place_of(&sight, 0, 5000), 5000);
  EXPECT_EQ(place_of(&sight, 0, 5001), 0);
  EXPECT_EQ(place_of(&sight, 0, 6000), 0);
  EXPECT_EQ(place_of(&sight, 0, 7000), 0);
}
END_TEST

START_TEST(a_gap_between_the_head_and_the_number_is_no_people)
{
  struct qki_sight sight = gap_sight(1);
  EXPECT_EQ(place_of(&sight, 0, 7001), 5001);
  EXPECT_EQ(place_of(&sight, 0, 9000), 7000);
  sight = gap_sight(5000);
  EXPECT_EQ(place_of(&sight, 0, 9000), 2001);
}
END_TEST

START_TEST(a_gap_before_the_head_does_not_count)
{
  struct qki_sight sight = gap_sight(7001);
  EXPECT_EQ(place_of(&sight, 0, 9000), 2000);
}
END_TEST

START_TEST(a_gap_behind_the_number_does_not_count)
{
  struct qki_sight sight = gap_sight(1);
  EXPECT_EQ(place_of(&sight, 0, 4999), 4999);
}
END_TEST

START_TEST(a_gap_of_one_number_counts_as_one)
{
  struct qki_sight sight = plain_sight();
  sight.lost_from = sight.lost_to = 5000;
  EXPECT_EQ(place_of(&sight, 0, 4999), 4999);
  EXPECT_EQ(place_of(&sight, 0, 5000), 0);
  EXPECT_EQ(place_of(&sight, 0, 5001), 5000);
}
END_TEST

/* ---- Classes ------------------------------------------------------------------------------------- */

START_TEST(people_of_lower_classes_stand_ahead)
{
  struct qki_sight sight = plain_sight();
  sight.head[3] = 4000;
  sight.before[3] = 2500;
  EXPECT_EQ(place_of(&sight, 3, 6000), 2500 + 2001);
}
END_TEST

START_TEST(each_class_has_its_own_highest_and_head)
{
  struct qki_sight sight = plain_sight();
  sight.highest[0] = 15000;
  sight.head[0] = 15001;
  sight.head[1] = 2000;
  sight.before[1] = 0;
  EXPECT_EQ(place_of(&sight, 0, 15000), 0);
  EXPECT_EQ(place_of(&sight, 1, 15000), 13001);
}
END_TEST

/* ---- Where simpler rules fail ---------------------------------------------------------------------- */

/* 1 to 3100 wait; 3101 to 6100 are let in past them by BYPASS; 6101 enters behind 3100 people. "Number minus
 * the highest admitted" is 1. */
START_TEST(who_enters_behind_a_bypass_stands_behind_the_whole_line)
{
  struct qki_sight sight = plain_sight();
  sight.last = 6101;
  sight.highest[0] = 6100;
  uint64_t position = place_of(&sight, 0, 6101);
  EXPECT_MSG(position >= 3101, "place %llu is below the true one", (unsigned long long)position);
}
END_TEST

/* Whom a bypass passed may not be told from whom it let in. */
START_TEST(whom_a_bypass_passed_asks_the_store)
{
  struct qki_sight sight = plain_sight();
  sight.highest[0] = 6100;
  EXPECT_EQ(place_of(&sight, 0, 3000), 0);
}
END_TEST

/* "At most the people waiting" rises with who enters behind; the place must not. */
START_TEST(newcomers_behind_do_not_move_a_place)
{
  struct qki_sight sight = plain_sight();
  sight.head[0] = 10;
  uint64_t before = place_of(&sight, 0, 5000);
  sight.last += 100000;
  EXPECT_EQ(place_of(&sight, 0, 5000), before);
}
END_TEST

/* A line that empties and fills again, in all ways: places never rise, since the head never falls. */
START_TEST(a_place_falls_with_the_head)
{
  struct qki_sight sight = plain_sight();
  uint64_t last = UINT64_MAX;
  for (uint64_t head = 1; head <= 4000; head++) {
    sight.head[0] = head;
    sight.highest[0] = head - 1;
    uint64_t position = place_of(&sight, 0, 5000);
    EXPECT(position <= last);
    last = position;
  }
}
END_TEST

/* ---- The box ------------------------------------------------------------------------------------- */

START_TEST(an_empty_box_gives_nothing)
{
  struct qki_sight_box box = {0};
  struct qki_sight sight = plain_sight(), got;
  EXPECT(!qki_sight_get(&box, &got));
  qki_sight_put(&box, &sight);
  EXPECT(qki_sight_get(&box, &got));
  EXPECT(memcmp(&got, &sight, sizeof got) == 0);
  qki_sight_clear(&box);
  EXPECT(!qki_sight_get(&box, &got));
  qki_sight_put(&box, &sight);
  EXPECT(qki_sight_get(&box, &got));
}
END_TEST

START_TEST(a_box_is_not_read_while_it_is_written)
{
  struct qki_sight_box box = {0};
  struct qki_sight sight = plain_sight(), got;
  qki_sight_put(&box, &sight);
  atomic_fetch_add(&box.version, 1);
  EXPECT(!qki_sight_get(&box, &got));
}
END_TEST

/* Else a reader that began before would take a mixture for whole. */
START_TEST(a_version_never_comes_again_after_a_clear)
{
  struct qki_sight_box box = {0};
  struct qki_sight sight = plain_sight();
  qki_sight_put(&box, &sight);
  uint32_t version = atomic_load(&box.version);
  qki_sight_clear(&box);
  qki_sight_put(&box, &sight);
  EXPECT(atomic_load(&box.version) != version);
}
END_TEST

START_TEST(the_version_may_wrap)
{
  struct qki_sight_box box = {.version = UINT32_MAX - 1};
  struct qki_sight sight = plain_sight(), got;
  for (int i = 0; i < 4; i++) {
    sight.last++;
    qki_sight_put(&box, &sight);
    EXPECT(qki_sight_get(&box, &got));
    EXPECT_EQ(got.last, sight.last);
  }
}
END_TEST

/* ---- Views ----------------------------------------------------------------------------------------- */

static qk_view view_of(uint64_t epoch, uint64_t changes, uint64_t last)
{
  return (qk_view){.changes = changes, .cursor = {.epoch = epoch, .last = last}};
}

static uint64_t last_seen(const struct qki_known *known)
{
  struct qki_sight sight;
  return qki_sight_get(&known->sight, &sight) ? sight.last : 0;
}

static void install(struct qki_known *known, uint64_t epoch, uint64_t changes, uint64_t last,
                    int64_t taken_ms)
{
  qk_view view = view_of(epoch, changes, last);
  qki_cursor_install(known, &view, taken_ms);
}

/* A late answer of a second connection would take a place back up. */
START_TEST(an_older_view_never_replaces_a_newer_one)
{
  struct qki_knowns knowns;
  ck_assert_int_eq(qki_knowns_init(&knowns), QK_OK);
  qk_name hall = {.text = "hall", .len = 4, .hash = 1};
  struct qki_known *known = qki_known_get(&knowns, &hall);
  ck_assert(known);
  install(known, EPOCH, 10, 100, 5000);
  install(known, EPOCH, 9, 99, 6000);
  EXPECT_EQ(last_seen(known), 100);
  install(known, EPOCH, 11, 101, 4000);
  EXPECT_EQ(last_seen(known), 101);
  install(known, EPOCH + 1, 1, 7, 3999);
  EXPECT_EQ(last_seen(known), 101);
  install(known, EPOCH + 1, 1, 7, 6000);
  EXPECT_EQ(last_seen(known), 7);
  install(known, EPOCH, 12, 102, 5999);
  EXPECT_EQ(last_seen(known), 7);
  qki_knowns_finish(&knowns, 0);
}
END_TEST

START_TEST(a_sight_has_what_the_view_says)
{
  struct qki_knowns knowns;
  struct qki_sight sight;
  ck_assert_int_eq(qki_knowns_init(&knowns), QK_OK);
  qk_name hall = {.text = "hall", .len = 4, .hash = 1};
  struct qki_known *known = qki_known_get(&knowns, &hall);
  ck_assert(known);
  qk_view view = view_of(EPOCH, 1, 9000);
  for (size_t cls = 0; cls < QK_CLASSES; cls++) {
    view.cursor.highest[cls] = cls;
    view.cursor.head[cls] = 10 + cls;
    view.cursor.waiting[cls] = 100 + cls;
  }
  view.cursor.outflow_per_s = 250;
  qki_cursor_install(known, &view, 77);
  EXPECT(qki_sight_get(&known->sight, &sight));
  for (uint64_t cls = 0, before = 0; cls < QK_CLASSES; before += 100 + cls++)
    EXPECT(sight.highest[cls] == cls && sight.head[cls] == 10 + cls && sight.before[cls] == before);
  EXPECT_EQ(sight.near, 2500);
  EXPECT_EQ(sight.taken_ms, 77);
  view.cursor.outflow_per_s = -1;
  qki_cursor_install(known, &view, 78);
  EXPECT(qki_sight_get(&known->sight, &sight));
  EXPECT_EQ(sight.near, 1000);
  qki_knowns_finish(&knowns, 0);
}
END_TEST

/* ---- Readers and a writer --------------------------------------------------------------------------- */

enum { READERS = 3, WRITES = 30000 };

static struct qki_sight_box shared;
static atomic_int is_over;
static atomic_ulong reads;

/* All fields follow from one number. */
static struct qki_sight numbered_sight(uint64_t i)
{
  struct qki_sight sight = {.epoch = i, .last = i + 1, .lost_from = i + 2, .taken_ms = (int64_t)i};
  for (size_t cls = 0; cls < QK_CLASSES; cls++)
    sight.highest[cls] = sight.head[cls] = sight.before[cls] = i + cls;
  sight.pace = (qk_pace){.epoch = i, .waiting = i, .idle_ms = (uint32_t)i};
  return sight;
}

static void *read_sights(void *arg)
{
  uint64_t last = 0;
  (void)arg;
  while (!atomic_load(&is_over)) {
    struct qki_sight sight;
    if (!qki_sight_get(&shared, &sight))
      continue;
    struct qki_sight want = numbered_sight(sight.epoch);
    EXPECT_MSG(memcmp(&want, &sight, sizeof want) == 0, "a mixture of two sights");
    EXPECT_MSG(sight.epoch >= last, "an older sight after a newer one");
    last = sight.epoch;
    atomic_fetch_add(&reads, 1);
  }
  return NULL;
}

START_TEST(readers_see_whole_sights_while_one_writes)
{
  pthread_t readers[READERS];
  for (int i = 0; i < READERS; i++)
    ck_assert_int_eq(pthread_create(&readers[i], NULL, read_sights, NULL), 0);
  uint64_t i = 1;
  for (; i <= WRITES || atomic_load(&reads) < 1000; i++) {
    struct qki_sight sight = numbered_sight(i);
    qki_sight_put(&shared, &sight);
    if (i % 64 == 0)
      qki_sight_clear(&shared);
  }
  atomic_store(&is_over, 1);
  for (int k = 0; k < READERS; k++)
    pthread_join(readers[k], NULL);
}
END_TEST

static void add_rule_tests(TCase *tests)
{
  tcase_add_test(tests, somebody_far_back_has_a_place);
  tcase_add_test(tests, only_waiting_tokens_are_answered);
  tcase_add_test(tests, another_life_is_asked_from_the_store);
  tcase_add_test(tests, a_number_that_was_not_issued_is_asked_from_the_store);
  tcase_add_test(tests, up_to_the_highest_admitted_the_store_is_asked);
  tcase_add_test(tests, before_the_head_the_store_is_asked);
  tcase_add_test(tests, near_the_front_the_store_is_asked);
  tcase_add_test(tests, the_largest_numbers_do_not_overflow);
  tcase_add_test(tests, a_lost_number_is_asked_from_the_store);
  tcase_add_test(tests, a_gap_between_the_head_and_the_number_is_no_people);
  tcase_add_test(tests, a_gap_before_the_head_does_not_count);
  tcase_add_test(tests, a_gap_behind_the_number_does_not_count);
  tcase_add_test(tests, a_gap_of_one_number_counts_as_one);
  tcase_add_test(tests, people_of_lower_classes_stand_ahead);
  tcase_add_test(tests, each_class_has_its_own_highest_and_head);
  tcase_add_test(tests, who_enters_behind_a_bypass_stands_behind_the_whole_line);
  tcase_add_test(tests, whom_a_bypass_passed_asks_the_store);
  tcase_add_test(tests, newcomers_behind_do_not_move_a_place);
  tcase_add_test(tests, a_place_falls_with_the_head);
}

TCase *cursor_case(void)
{
  TCase *tests = tcase_create("cursor");
  tcase_set_timeout(tests, 60);
  add_rule_tests(tests);
  tcase_add_test(tests, an_empty_box_gives_nothing);
  tcase_add_test(tests, a_box_is_not_read_while_it_is_written);
  tcase_add_test(tests, a_version_never_comes_again_after_a_clear);
  tcase_add_test(tests, the_version_may_wrap);
  tcase_add_test(tests, an_older_view_never_replaces_a_newer_one);
  tcase_add_test(tests, a_sight_has_what_the_view_says);
  tcase_add_test(tests, readers_see_whole_sights_while_one_writes);
  return tests;
}
