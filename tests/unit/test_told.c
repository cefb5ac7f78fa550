/* lib/told.c: the table of people and the notes. Whole stories are told in tests/cursor/told.c. */
#include "lib/told.h"

#include <stdatomic.h>
#include <string.h>

#include "lib/store.h"
#include "unit.h"
#include "wrap.h"

enum { EPOCH = 7, IDLE_MS = 12000, MANY = 20000 };

static qk_store *store;
static struct qki_known *known;

static void begin(void)
{
  qk_view view = {.changes = 1, .cursor = {.epoch = EPOCH}, .pace = {.epoch = EPOCH, .idle_ms = IDLE_MS}};
  late_register("memory");
  ck_assert_int_eq(qk_open(&store, "late+memory:", NULL, NULL), QK_OK);
  qk_name hall;
  qki_store_name(store, &hall, "hall", 4);
  known = qki_known_get(&store->knowns, &hall);
  ck_assert(known);
  qki_cursor_install(known, &view, 0);
}

static void end(void)
{
  qk_close(store);
}

/* May a poll be answered here? */
static int note(uint64_t number, int64_t now_ms)
{
  struct qki_claims claims = {
      .kind = QK_WAITING, .epoch = EPOCH, .number = number, .user = "ann", .user_len = 3};
  return qki_told_note(store, known, &claims, now_ms);
}

static void answer(uint64_t number, int result, int64_t now_ms)
{
  qk_work work = {.verb = QK_POLL, .result = result, .epoch = EPOCH, .number = number};
  work.user = (qk_name){.text = "ann", .len = 3};
  qki_told_answered(store, known, &work, now_ms);
}

static size_t untold(void)
{
  return atomic_load(&known->told.notes);
}

START_TEST(who_is_unknown_asks_the_store)
{
  EXPECT(!note(5, 1000));
  EXPECT_EQ(untold(), 0);
  answer(5, QK_OK, 1010);
  EXPECT(note(5, 1020));
  EXPECT(!note(6, 1020));
  EXPECT_EQ(untold(), 1);
}
END_TEST

/* By the poll, not by its answer. */
START_TEST(a_confirmation_holds_for_half_of_idle_ms)
{
  EXPECT(!note(5, 1000));
  answer(5, QK_OK, 3000);
  EXPECT(note(5, 1000 + IDLE_MS / 2));
  EXPECT(!note(5, 1001 + IDLE_MS / 2));
}
END_TEST

START_TEST(an_entry_that_is_over_is_confirmed_no_more)
{
  note(5, 1000);
  answer(5, QK_OK, 1010);
  answer(5, QK_EEXPIRED, 1020);
  EXPECT(!note(5, 1030));
}
END_TEST

START_TEST(a_poll_that_the_store_failed_is_noted)
{
  note(5, 1000);
  answer(5, QK_ESTORE, 1010);
  EXPECT_EQ(untold(), 1);
  answer(5, QK_EUNKNOWN, 1020);
  EXPECT_EQ(untold(), 1);
  answer(6, QK_EUNKNOWN, 1020);
  EXPECT_EQ(untold(), 2);
  EXPECT(!note(5, 1030));
}
END_TEST

START_TEST(another_life_is_no_concern)
{
  note(5, 1000);
  answer(5, QK_OK, 1010);
  note(5, 1020);
  pthread_mutex_lock(&known->lock);
  qki_told_enter_epoch(&known->told, EPOCH + 1);
  pthread_mutex_unlock(&known->lock);
  EXPECT_EQ(untold(), 0);
  EXPECT(!note(5, 1030));
  answer(5, QK_ESTORE, 1040);
  EXPECT_EQ(untold(), 0);
}
END_TEST

START_TEST(everybody_is_found_again)
{
  for (uint64_t number = 1; number <= MANY; number++)
    EXPECT(!note(number * 64, 1000));
  for (uint64_t number = 1; number <= MANY; number++)
    answer(number * 64, QK_OK, 1010);
  for (uint64_t number = 1; number <= MANY; number++)
    EXPECT(note(number * 64, 1020));
  EXPECT_EQ(untold(), MANY);
}
END_TEST

/* People come and go for hours: the table is for those of the last minutes. */
START_TEST(who_polls_no_more_takes_no_room)
{
  int64_t now_ms = 1000;
  for (uint64_t number = 1; number <= 40 * MANY; number++) {
    now_ms += number % 200 == 0 ? IDLE_MS : 0;
    EXPECT(!note(number, now_ms));
    answer(number, QK_OK, now_ms);
  }
  EXPECT_MSG(known->told.room < 4096, "room for %zu people", known->told.room);
}
END_TEST

TCase *told_case(void)
{
  TCase *tests = tcase_create("told");
  tcase_set_timeout(tests, 60);
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, who_is_unknown_asks_the_store);
  tcase_add_test(tests, a_confirmation_holds_for_half_of_idle_ms);
  tcase_add_test(tests, an_entry_that_is_over_is_confirmed_no_more);
  tcase_add_test(tests, a_poll_that_the_store_failed_is_noted);
  tcase_add_test(tests, another_life_is_no_concern);
  tcase_add_test(tests, everybody_is_found_again);
  tcase_add_test(tests, who_polls_no_more_takes_no_room);
  return tests;
}
