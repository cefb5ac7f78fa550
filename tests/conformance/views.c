/* What a host may look at: stats, cursor, the line, the queues. JSON and names are in json.c. */
#include <stdio.h>
#include <string.h>
#include "calls.h"
#include "conformance.h"
#include "views.h"

/* ---- Helpers ------------------------------------------------------------------------------------- */

/* HALL in a store whose cursors are never old. */
static qk_store *open_with_cursor(const qk_policy *policy)
{
  qk_options options;
  fixture_options(&options);
  options.cursor_ms = 0;
  qk_store *store = fixture_open(&options);
  SET_POLICY(store, policy);
  return store;
}

static qk_cursor cursor_of(qk_store *store)
{
  qk_cursor cursor;
  memset(&cursor, 0xaa, sizeof cursor);
  CHECK_OK(qk_get_cursor(store, HALL, &cursor));
  CHECK_ZERO(cursor.reserved, sizeof cursor.reserved);
  ck_assert_int_eq(cursor.at_ms, fixture_now_ms);
  ck_assert(cursor.lost_from == 0 && cursor.lost_to == 0);
  return cursor;
}

static void check_class_at(int line, const qk_cursor *cursor, int cls, uint64_t highest, uint64_t head,
                           uint64_t waiting)
{
  ck_assert_msg(cursor->highest[cls] == highest && cursor->head[cls] == head &&
                    cursor->waiting[cls] == waiting,
                "line %d: class %d has highest %llu, head %llu, waiting %llu; not %llu, %llu, %llu", line,
                cls, (unsigned long long)cursor->highest[cls], (unsigned long long)cursor->head[cls],
                (unsigned long long)cursor->waiting[cls], (unsigned long long)highest,
                (unsigned long long)head, (unsigned long long)waiting);
}
#define CHECK_CLASS(cursor, cls, highest, head, waiting)                                                     \
  check_class_at(__LINE__, cursor, cls, highest, head, waiting)

/* ---- Stats --------------------------------------------------------------------------------------- */

START_TEST(a_new_queue_has_empty_stats)
{
  qk_store *store = open_hall(NULL);
  qk_stats stats = STATS(store);
  ck_assert_int_eq(stats.now_ms, FIXTURE_START);
  ck_assert(stats.outflow_per_s < 0 && stats.outflow_per_s >= -1);
  stats.now_ms = 0;
  stats.outflow_per_s = 0;
  CHECK_ZERO(&stats, sizeof stats);
  qk_close(store);
}
END_TEST

START_TEST(each_total_counts_its_own)
{
  qk_policy policy = calm_policy();
  policy.idle_ms = 3000;
  policy.ready_ms = 2000;
  policy.active_ms = 4000;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 10);
  TICK_ADMITS(store, 10);
  for (int i = 1; i <= 6; i++)
    ACTIVATE(store, person(i));
  RELEASE(store, person(1)); /* completed */
  RELEASE(store, person(7)); /* left, from READY */
  enter_crowd(store, 11, 14);
  RELEASE(store, person(11)); /* left, from WAITING */
  policy.max_active = 0;
  SET_POLICY(store, &policy);
  fixture_advance(2000);
  TICK_LAPSES(store, 3);
  fixture_advance(1000);
  TICK_DROPS(store, 3);
  fixture_advance(1000);
  TICK_EXPIRES(store, 5);
  ENTER(store, "last");
  qk_stats stats = STATS(store);
  ck_assert(stats.entered == 15 && stats.admitted == 10 && stats.activated == 6);
  ck_assert(stats.completed == 1 && stats.left == 2 && stats.lapsed == 3 && stats.dropped == 3 &&
            stats.expired == 5);
  ck_assert(stats.waiting == 1 && stats.ready == 0 && stats.active == 0);
  qk_close(store);
}
END_TEST

START_TEST(head_age_is_how_long_the_head_has_waited)
{
  qk_policy policy = calm_policy();
  policy.idle_ms = 60000; /* so that polls are remembered */
  qk_store *store = open_hall(&policy);
  ENTER_CLASS(store, "ann", 3);
  fixture_advance(1000);
  ENTER_CLASS(store, "bob", 3);
  ck_assert_int_eq(STATS(store).head_age_ms, 1000);
  fixture_advance(500);
  POLL(store, "ann");
  ck_assert_int_eq(STATS(store).head_age_ms, 1500);
  ENTER_CLASS(store, "cid", 1); /* goes to the front */
  ck_assert_int_eq(STATS(store).head_age_ms, 0);
  fixture_advance(100);
  ck_assert_int_eq(STATS(store).head_age_ms, 100);
  RELEASE(store, "cid");
  RELEASE(store, "ann");
  ck_assert_int_eq(STATS(store).head_age_ms, 600);
  TICK_ADMITS(store, 1);
  ck_assert_int_eq(STATS(store).head_age_ms, 0);
  qk_close(store);
}
END_TEST

START_TEST(outflow_is_what_the_last_minute_admitted)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1000;
  qk_store *store = open_with_cursor(&policy);
  enter_crowd(store, 1, 60);
  TICK_ADMITS(store, 60);
  fixture_advance(9999);
  ck_assert(STATS(store).outflow_per_s < 0 && cursor_of(store).outflow_per_s < 0);
  fixture_advance(1);
  ck_assert(STATS(store).outflow_per_s == 6.0 && cursor_of(store).outflow_per_s == 6.0);
  fixture_advance(20000);
  ck_assert(STATS(store).outflow_per_s == 2.0 && cursor_of(store).outflow_per_s == 2.0);
  fixture_advance(29999);
  double outflow = STATS(store).outflow_per_s;
  ck_assert(outflow > 1.00001 && outflow < 1.00002);
  fixture_advance(1);
  ck_assert(STATS(store).outflow_per_s < 0 && cursor_of(store).outflow_per_s < 0);
  qk_close(store);
}
END_TEST

/* ---- Cursor -------------------------------------------------------------------------------------- */

START_TEST(a_new_queue_has_an_empty_cursor)
{
  qk_policy policy = calm_policy();
  qk_store *store = open_with_cursor(&policy);
  qk_cursor cursor = cursor_of(store);
  ck_assert(cursor.epoch > 0 && cursor.epoch < UINT64_C(1) << 53 && cursor.outflow_per_s < 0);
  for (int cls = 0; cls < 8; cls++)
    CHECK_CLASS(&cursor, cls, 0, cursor.last + 1, 0);
  qk_close(store);
}
END_TEST

START_TEST(the_cursor_shows_the_front_of_each_class)
{
  static const uint32_t classes[] = {5, 0, 5, 7, 5, 7};
  uint64_t n[6];
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  qk_store *store = open_with_cursor(&policy);
  for (int i = 0; i < 6; i++)
    n[i] = ENTER_CLASS(store, person(i), classes[i]).number;
  qk_cursor cursor = cursor_of(store);
  ck_assert_uint_eq(cursor.last, n[5]);
  ck_assert_uint_eq(cursor.last, STATS(store).last_number);
  ck_assert_uint_eq(cursor.epoch, POLL(store, person(0)).epoch);
  CHECK_CLASS(&cursor, 0, 0, n[1], 1);
  CHECK_CLASS(&cursor, 5, 0, n[0], 3);
  CHECK_CLASS(&cursor, 7, 0, n[3], 2);
  CHECK_CLASS(&cursor, 6, 0, n[5] + 1, 0);
  TICK_ADMITS(store, 2); /* class 0, then the first of class 5 */
  cursor = cursor_of(store);
  CHECK_CLASS(&cursor, 0, n[1], n[5] + 1, 0);
  CHECK_CLASS(&cursor, 5, n[0], n[2], 2);
  CHECK_CLASS(&cursor, 7, 0, n[3], 2);
  RELEASE(store, person(2));
  RELEASE(store, person(0));
  cursor = cursor_of(store);
  CHECK_CLASS(&cursor, 5, n[0], n[4], 1);
  qk_close(store);
}
END_TEST

START_TEST(the_highest_admitted_never_falls)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1;
  qk_store *store = open_with_cursor(&policy);
  uint64_t first = ENTER(store, "ann").number;
  uint64_t second = ENTER(store, "bob").number;
  SET_MODE(store, QK_MODE_BYPASS);
  uint64_t passed = ENTER(store, "cid").number;
  SET_MODE(store, QK_MODE_OPEN);
  qk_cursor cursor = cursor_of(store);
  CHECK_CLASS(&cursor, 0, passed, first, 2);
  RELEASE(store, "cid");
  TICK_ADMITS(store, 1);
  cursor = cursor_of(store);
  CHECK_CLASS(&cursor, 0, passed, second, 1);
  qk_close(store);
}
END_TEST

START_TEST(another_life_has_another_cursor)
{
  qk_policy policy = calm_policy();
  qk_store *store = open_with_cursor(&policy);
  enter_crowd(store, 1, 5);
  TICK_ADMITS(store, 5);
  qk_cursor before = cursor_of(store);
  CHECK_OK(qk_remove(store, HALL));
  SET_POLICY(store, &policy);
  qk_cursor after = cursor_of(store);
  ck_assert_uint_ne(after.epoch, before.epoch);
  CHECK_CLASS(&after, 0, 0, after.last + 1, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_cursor_may_be_old_but_not_wrong)
{
  qk_store *store = open_hall(NULL);
  qk_cursor cursor;
  uint64_t first = ENTER(store, person(0)).number;
  for (int i = 1; i <= 20; i++) {
    ENTER(store, person(i));
    CHECK_OK(qk_get_cursor(store, HALL, &cursor));
    ck_assert_uint_le(cursor.last, STATS(store).last_number);
    ck_assert_uint_le(cursor.waiting[0], (uint64_t)i + 1);
    ck_assert_int_le(cursor.at_ms, fixture_now_ms);
    ck_assert(cursor.head[0] == (cursor.waiting[0] ? first : cursor.last + 1));
  }
  qk_close(store);
}
END_TEST

/* ---- The line ------------------------------------------------------------------------------------ */

/* A page of HALL holds just these persons: person(first), person(first + step), ... */
static void check_page_at(int line, qk_store *store, uint32_t cls, uint64_t after, size_t max, int count,
                          int first, int step)
{
  qk_ticket page[64];
  int got = qk_list(store, HALL, cls, after, page, max);
  ck_assert_msg(got == count, "line %d: a page of %d, not %d", line, got, count);
  for (int i = 0; i < count; i++)
    ck_assert_msg(strcmp(page[i].user, person(first + i * step)) == 0, "line %d: %s is at %d", line,
                  page[i].user, i);
}
#define CHECK_PAGE(store, cls, after, max, count, first, step)                                               \
  check_page_at(__LINE__, store, cls, after, max, count, first, step)

START_TEST(a_listed_ticket_is_the_one_that_poll_gives)
{
  qk_ticket page[32];
  qk_store *store = open_hall(NULL);
  for (int i = 1; i <= 30; i++)
    ENTER_CLASS(store, person(i), (uint32_t)(i * 5 % 8));
  TICK_ADMITS(store, 10);
  int count = qk_list(store, HALL, 0, 0, page, 32);
  ck_assert_int_eq(count, 20);
  for (int i = 0; i < count; i++) {
    CHECK_TICKET_SHAPE(&page[i]);
    ck_assert(page[i].state == QK_WAITING && page[i].position == (uint64_t)i + 1 && page[i].waiting == 20);
    qk_ticket polled = POLL(store, page[i].user);
    CHECK_SAME_TICKET(&page[i], &polled);
  }
  qk_close(store);
}
END_TEST

START_TEST(the_line_goes_by_class_then_number)
{
  uint64_t n[13];
  qk_store *store = open_hall(NULL);
  for (int i = 1; i <= 12; i++) /* 1 5 9 in class 1, 2 6 10 in 2, 3 7 11 in 3, 4 8 12 in 0 */
    n[i] = ENTER_CLASS(store, person(i), (uint32_t)(i % 4)).number;
  CHECK_LINE(store, "u4 u8 u12 u1 u5 u9 u2 u6 u10 u3 u7 u11");
  CHECK_PAGE(store, 0, 0, 3, 3, 4, 4);
  CHECK_PAGE(store, 1, 0, 3, 3, 1, 4);
  CHECK_PAGE(store, 2, 0, 3, 3, 2, 4);
  CHECK_PAGE(store, 1, n[1], 2, 2, 5, 4);
  CHECK_PAGE(store, 3, n[7], 64, 1, 11, 4);
  CHECK_PAGE(store, 3, n[11], 64, 0, 0, 0);
  CHECK_PAGE(store, 4, 0, 64, 0, 0, 0);
  CHECK_PAGE(store, 7, UINT64_MAX, 64, 0, 0, 0);
  CHECK_PAGE(store, 2, UINT64_MAX, 64, 3, 3, 4);
  CHECK_PAGE(store, 2, n[3], 2, 2, 6, 4);
  qk_close(store);
}
END_TEST

START_TEST(pages_join_without_a_gap_or_a_double)
{
  for (size_t size = 1; size <= 7; size++) {
    qk_ticket page[8], last = {.number = 0};
    char line[256] = "", whole[256] = "";
    qk_store *store = open_hall(NULL);
    for (int i = 1; i <= 20; i++)
      ENTER_CLASS(store, person(i), (uint32_t)(i % 3 * 3));
    for (int cls = 0; cls < 3; cls++)
      for (int i = 1; i <= 20; i++)
        if (i % 3 == cls)
          snprintf(whole + strlen(whole), sizeof whole - strlen(whole), "%s ", person(i));
    for (int count; (count = qk_list(store, HALL, last.cls, last.number, page, size)) > 0;
         last = page[count - 1])
      for (int i = 0; i < count; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), "%s ", page[i].user);
    ck_assert_str_eq(line, whole);
    qk_close(store);
  }
}
END_TEST

START_TEST(paging_goes_on_when_people_leave)
{
  uint64_t n[13];
  qk_store *store = open_hall(NULL);
  for (int i = 1; i <= 12; i++)
    n[i] = ENTER(store, person(i)).number;
  CHECK_PAGE(store, 0, 0, 4, 4, 1, 1);
  for (int i = 3; i <= 5; i++)
    RELEASE(store, person(i));
  CHECK_PAGE(store, 0, n[4], 4, 4, 6, 1);
  ENTER(store, person(13));
  for (int i = 6; i <= 13; i++)
    RELEASE(store, person(i));
  CHECK_PAGE(store, 0, n[9], 4, 0, 0, 0);
  CHECK_PAGE(store, 0, 0, 4, 2, 1, 1);
  qk_close(store);
}
END_TEST

START_TEST(only_who_waits_is_listed)
{
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  qk_store *store = open_hall(&policy);
  ADMIT(store, "ann");
  ADMIT_ACTIVE(store, "bob");
  CHECK_LINE(store, "");
  ENTER(store, "cid");
  ENTER(store, "dan");
  RELEASE(store, "cid");
  CHECK_LINE(store, "dan");
  qk_close(store);
}
END_TEST

START_TEST(a_page_holds_at_most_a_thousand)
{
  static qk_ticket page[1201];
  qk_store *store = open_hall(NULL);
  enter_crowd(store, 1, 1200);
  memset(page, 0xaa, sizeof page);
  ck_assert_int_eq(qk_list(store, HALL, 0, 0, page, 1201), 1000);
  ck_assert_str_eq(page[999].user, person(1000));
  ck_assert_uint_eq(page[999].position, 1000);
  uint64_t after = page[999].number;
  ck_assert_int_eq(qk_list(store, HALL, 0, after, page, SIZE_MAX), 200);
  ck_assert_str_eq(page[0].user, person(1001));
  ck_assert_uint_eq(page[199].position, 1200);
  qk_close(store);
}
END_TEST

/* ---- The queues ---------------------------------------------------------------------------------- */

enum { QUEUES = 300 };

struct visit {
  qk_store *store;
  int seen[2 * QUEUES]; /* by number of the queue "q<number>" */
  int gone[QUEUES];
  int count, stop_at, stop_with;
};

static int note(struct visit *visit, const char *queue)
{
  int number = -1;
  ck_assert_int_eq(sscanf(queue, "q%d", &number), 1);
  ck_assert(number >= 0 && number < 2 * QUEUES);
  visit->seen[number]++;
  visit->count++;
  return number;
}

static const char *queue_name(int number)
{
  static char name[16];
  snprintf(name, sizeof name, "q%d", number);
  return name;
}

static qk_store *open_queues(int count)
{
  qk_policy policy = calm_policy();
  qk_store *store = fixture_open(NULL);
  for (int i = 0; i < count; i++)
    CHECK_OK(qk_set_policy(store, queue_name(i), &policy, NULL));
  return store;
}

static int visit_and_stop(void *arg, const char *queue)
{
  struct visit *visit = arg;
  note(visit, queue);
  return visit->count == visit->stop_at ? visit->stop_with : 0;
}

START_TEST(each_queue_is_visited_once)
{
  static const int counts[] = {0, 1, 2, 63, 64, 65, QUEUES};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    struct visit visit = {0};
    qk_store *store = open_queues(counts[i]);
    CHECK_OK(qk_each_queue(store, visit_and_stop, &visit));
    ck_assert_int_eq(visit.count, counts[i]);
    for (int j = 0; j < counts[i]; j++)
      ck_assert_int_eq(visit.seen[j], 1);
    qk_close(store);
  }
}
END_TEST

START_TEST(a_visit_that_returns_non_zero_is_the_last)
{
  static const int stops[][2] = {{1, 1}, {1, -1}, {64, 7}, {65, INT32_MIN}, {QUEUES, INT32_MAX}};
  qk_store *store = open_queues(QUEUES);
  for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
    struct visit visit = {.stop_at = stops[i][0], .stop_with = stops[i][1]};
    ck_assert_int_eq(qk_each_queue(store, visit_and_stop, &visit), stops[i][1]);
    ck_assert_int_eq(visit.count, stops[i][0]);
  }
  qk_close(store);
}
END_TEST

static void remove_queue(struct visit *visit, int number)
{
  int code = qk_remove(visit->store, queue_name(number));
  ck_assert_int_eq(code, visit->gone[number] ? QK_ENOTFOUND : QK_OK);
  visit->gone[number] = 1;
}

static int visit_and_change(void *arg, const char *queue)
{
  struct visit *visit = arg;
  int number = note(visit, queue);
  if (number < QUEUES && visit->seen[number] == 1) {
    qk_policy policy = calm_policy();
    CHECK_OK(qk_set_policy(visit->store, queue_name(QUEUES + number), &policy, NULL));
    if (number % 3 == 0)
      remove_queue(visit, number);
    if (number % 3 == 1)
      remove_queue(visit, (number + 100) / 3 * 3 % QUEUES);
  }
  return 0;
}

/* Queues whose number 3 divides come and go; the others are there all the while. */
START_TEST(visits_may_create_and_remove_queues)
{
  struct visit visit = {0};
  int created = 0;
  visit.store = open_queues(QUEUES);
  CHECK_OK(qk_each_queue(visit.store, visit_and_change, &visit));
  for (int i = 0; i < 2 * QUEUES; i++) {
    if (i < QUEUES && i % 3 != 0)
      ck_assert_msg(visit.seen[i] == 1, "q%d is visited %d times", i, visit.seen[i]);
    created += i < QUEUES && visit.seen[i] > 0;
  }
  ck_assert_int_eq(count_queues(visit.store), QUEUES * 2 / 3 + created);
  qk_close(visit.store);
}
END_TEST

static int visit_and_call(void *arg, const char *queue)
{
  struct visit *visit = arg;
  note(visit, queue);
  verb_at(__LINE__, qk_enter, visit->store, queue, "ann", QK_OK);
  ck_assert_uint_eq(tick_at(__LINE__, visit->store, queue).admitted, 1);
  verb_at(__LINE__, qk_activate, visit->store, queue, "ann", QK_OK);
  for (int i = 0; i < QUEUE_CALLS; i++)
    if (queue_calls[i].call != qk_remove)
      CHECK_OK(queue_calls[i].call(visit->store, queue));
  ck_assert_int_eq(count_queues(visit->store), 20);
  return 0;
}

START_TEST(visits_may_make_any_call)
{
  struct visit visit = {0};
  visit.store = open_queues(20);
  CHECK_OK(qk_each_queue(visit.store, visit_and_call, &visit));
  ck_assert_int_eq(visit.count, 20);
  qk_close(visit.store);
}
END_TEST

void add_views_tests(TCase *tests)
{
  tcase_add_test(tests, a_new_queue_has_empty_stats);
  tcase_add_test(tests, each_total_counts_its_own);
  tcase_add_test(tests, head_age_is_how_long_the_head_has_waited);
  tcase_add_test(tests, outflow_is_what_the_last_minute_admitted);
  tcase_add_test(tests, a_new_queue_has_an_empty_cursor);
  tcase_add_test(tests, the_cursor_shows_the_front_of_each_class);
  tcase_add_test(tests, the_highest_admitted_never_falls);
  tcase_add_test(tests, another_life_has_another_cursor);
  tcase_add_test(tests, a_cursor_may_be_old_but_not_wrong);
  tcase_add_test(tests, a_listed_ticket_is_the_one_that_poll_gives);
  tcase_add_test(tests, the_line_goes_by_class_then_number);
  tcase_add_test(tests, pages_join_without_a_gap_or_a_double);
  tcase_add_test(tests, paging_goes_on_when_people_leave);
  tcase_add_test(tests, only_who_waits_is_listed);
  tcase_add_test(tests, a_page_holds_at_most_a_thousand);
  tcase_add_test(tests, each_queue_is_visited_once);
  tcase_add_test(tests, a_visit_that_returns_non_zero_is_the_last);
  tcase_add_test(tests, visits_may_create_and_remove_queues);
  tcase_add_test(tests, visits_may_make_any_call);
  add_json_tests(tests);
}
