/* Crowds: order and places are exact however many people there are. */
#include <stdio.h>
#include <string.h>
#include "conformance.h"
#include "helpers.h"

static qk_policy crowd_policy(uint64_t seats)
{
  qk_policy policy = calm_policy();
  policy.max_active = seats;
  return policy;
}

/* Walk the whole line through qk_list and hand each ticket to check, in order. Returns how many. */
static int walk_line(qk_store *store, void (*check)(void *arg, int index, const qk_ticket *ticket), void *arg)
{
  static qk_ticket page[1000];
  uint32_t cls = 0;
  uint64_t after = 0;
  int total = 0;
  for (;;) {
    int count = qk_list(store, HALL, cls, after, page, 1000);
    ck_assert_int_ge(count, 0);
    for (int i = 0; i < count; i++)
      check(arg, total++, &page[i]);
    if (count == 0)
      return total;
    cls = page[count - 1].cls;
    after = page[count - 1].number;
  }
}

/* ---- One class ----------------------------------------------------------------------------------- */

static void check_arrival(void *arg, int index, const qk_ticket *ticket)
{
  const int *first = arg;
  ck_assert_str_eq(ticket->user, person(*first + index));
  ck_assert_uint_eq(ticket->position, (uint64_t)index + 1);
}

START_TEST(a_thousand_people_in_one_millisecond_keep_their_order)
{
  qk_policy policy = crowd_policy(0);
  qk_store *store = open_hall(&policy);
  uint64_t last = 0;
  int first = 1;
  for (int i = 1; i <= 1000; i++) {
    qk_ticket ticket;
    CHECK_OK(qk_enter(store, HALL, person(i), &ticket));
    ck_assert_uint_gt(ticket.number, last);
    ck_assert_uint_eq(ticket.position, (uint64_t)i);
    ck_assert_uint_eq(ticket.waiting, (uint64_t)i);
    last = ticket.number;
  }
  ck_assert_int_eq(walk_line(store, check_arrival, &first), 1000);
  ck_assert_uint_eq(STATS(store).last_number, last);
  qk_close(store);
}
END_TEST

START_TEST(one_tick_admits_thousands_in_order)
{
  qk_policy policy = crowd_policy(3500);
  qk_store *store = open_hall(&policy);
  int first = 3501;
  enter_crowd(store, 1, 5000);
  qk_tick_report report = TICK_ADMITS(store, 3500);
  ck_assert_uint_eq(report.more, 0);
  ck_assert_int_eq(walk_line(store, check_arrival, &first), 1500);
  for (int i = 1; i <= 5000; i += 7)
    CHECK_OK(qk_poll(store, HALL, person(i), NULL));
  CHECK_COUNTS(store, 1500, 3500, 0);
  qk_close(store);
}
END_TEST

START_TEST(one_tick_sweeps_thousands)
{
  qk_policy policy = crowd_policy(3000);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 5000);
  TICK_ADMITS(store, 3000);
  for (int i = 1; i <= 3000; i += 2)
    CHECK_OK(qk_activate(store, HALL, person(i), NULL));
  fixture_advance(60000);
  tick_moves_at(__LINE__, store, 2000, 0, 1500, 1500);
  CHECK_COUNTS(store, 0, 2000, 0);
  qk_close(store);
}
END_TEST

START_TEST(one_tick_drops_thousands_and_spares_who_polled)
{
  qk_policy policy = crowd_policy(0);
  policy.idle_ms = 10000;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 5000);
  fixture_advance(5000);
  for (int i = 3; i <= 5000; i += 3)
    CHECK_OK(qk_poll(store, HALL, person(i), NULL));
  fixture_advance(5000);
  TICK_DROPS(store, 5000 - 1666);
  CHECK_POSITION(store, "u3", 1);
  CHECK_POSITION(store, "u4998", 1666);
  CHECK_STATE(store, "u4999", QK_NONE);
  qk_close(store);
}
END_TEST

START_TEST(a_budget_finishes_a_crowd_call_by_call)
{
  qk_options options;
  fixture_options(&options);
  options.tick_budget = 700;
  qk_store *store = fixture_open(&options);
  qk_policy policy = crowd_policy(3000);
  SET_POLICY(store, &policy);
  enter_crowd(store, 1, 4000);
  for (uint64_t inside = 700; inside < 3000; inside += 700)
    ck_assert_uint_eq(TICK_ADMITS(store, 700).more, 1);
  ck_assert_uint_eq(TICK_ADMITS(store, 200).more, 0);
  CHECK_POSITION(store, "u3001", 1);
  qk_close(store);
}
END_TEST

START_TEST(bypass_empties_a_long_line_in_one_tick)
{
  qk_policy policy = crowd_policy(1);
  policy.rate = 1;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 3000);
  SET_MODE(store, QK_MODE_BYPASS);
  ck_assert_uint_eq(TICK_ADMITS(store, 3000).more, 0);
  qk_close(store);
}
END_TEST

/* ---- Classes ------------------------------------------------------------------------------------- */

struct order {
  uint32_t cls;
  uint64_t number;
};

static void check_order(void *arg, int index, const qk_ticket *ticket)
{
  struct order *last = arg;
  ck_assert_msg(ticket->cls > last->cls || (ticket->cls == last->cls && ticket->number > last->number),
                "class %u number %llu comes after class %u number %llu", ticket->cls,
                (unsigned long long)ticket->number, last->cls, (unsigned long long)last->number);
  ck_assert_uint_eq(ticket->position, (uint64_t)index + 1);
  last->cls = ticket->cls;
  last->number = ticket->number;
}

START_TEST(thousands_in_eight_classes_stand_by_class_and_number)
{
  enum { PEOPLE = 4000 };
  qk_policy policy = crowd_policy(1234);
  qk_store *store = open_hall(&policy);
  struct order last = {0, 0};
  for (int i = 1; i <= PEOPLE; i++)
    CHECK_OK(qk_enter_class(store, HALL, person(i), (uint32_t)(i * 7 % 11 % 8), NULL));
  ck_assert_int_eq(walk_line(store, check_order, &last), PEOPLE);
  TICK_ADMITS(store, 1234);
  last = (struct order){0, 0};
  ck_assert_int_eq(walk_line(store, check_order, &last), PEOPLE - 1234);
  qk_close(store);
}
END_TEST

START_TEST(a_tick_takes_exactly_the_first_of_all_classes)
{
  enum { PEOPLE = 800, SEATS = 250 };
  qk_policy policy = crowd_policy(SEATS);
  qk_store *store = open_hall(&policy);
  int inside = 0;
  for (int i = 0; i < PEOPLE; i++)
    CHECK_OK(qk_enter_class(store, HALL, person(i), (uint32_t)(i % 8), NULL));
  TICK_ADMITS(store, SEATS);
  for (int i = 0; i < PEOPLE; i++) {
    /* A hundred people in each class: two whole classes, and the first half of the third. */
    int admitted = i % 8 < 2 || (i % 8 == 2 && i / 8 < 50);
    qk_ticket ticket;
    CHECK_OK(qk_poll(store, HALL, person(i), &ticket));
    ck_assert_int_eq(ticket.state, admitted ? QK_READY : QK_WAITING);
    inside += admitted;
  }
  ck_assert_int_eq(inside, SEATS);
  qk_close(store);
}
END_TEST

/* ---- Coming and going ---------------------------------------------------------------------------- */

enum { CROWD = 5000 };

/* Poll every 97th of those who are left and compare with the naive count. */
static void check_places(qk_store *store, const unsigned char *here)
{
  uint64_t ahead = 0;
  for (int i = 0; i < CROWD; i++) {
    if (!here[i])
      continue;
    ahead++;
    if (ahead % 97 != 1)
      continue;
    qk_ticket ticket;
    CHECK_OK(qk_poll(store, HALL, person(i), &ticket));
    ck_assert_msg(ticket.position == ahead, "%s is at %llu, not at %llu", ticket.user,
                  (unsigned long long)ticket.position, (unsigned long long)ahead);
  }
  ck_assert_uint_eq(STATS(store).waiting, ahead);
}

START_TEST(places_stay_exact_while_thousands_leave)
{
  static unsigned char here[CROWD];
  qk_policy policy = crowd_policy(0);
  qk_store *store = open_hall(&policy);
  uint32_t random = 31337;
  enter_crowd(store, 0, CROWD - 1);
  memset(here, 1, sizeof here);
  for (int gone = 0; gone < CROWD - 50; gone++) {
    int who;
    do {
      random = random * 1664525 + 1013904223;
      who = (int)((random >> 8) % CROWD);
    } while (!here[who]);
    here[who] = 0;
    CHECK_OK(qk_release(store, HALL, person(who), NULL));
    if (gone % 450 == 0)
      check_places(store, here);
  }
  check_places(store, here);
  qk_close(store);
}
END_TEST

START_TEST(places_stay_exact_while_a_stretch_of_the_line_leaves)
{
  static unsigned char here[CROWD];
  qk_policy policy = crowd_policy(0);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 0, CROWD - 1);
  memset(here, 1, sizeof here);
  static const int stretches[][2] = {{1000, 1999}, {0, 400}, {4500, CROWD - 1}, {2100, 4400}};
  for (size_t i = 0; i < sizeof stretches / sizeof stretches[0]; i++) {
    for (int who = stretches[i][0]; who <= stretches[i][1]; who++) {
      here[who] = 0;
      CHECK_OK(qk_release(store, HALL, person(who), NULL));
    }
    check_places(store, here);
  }
  ck_assert_uint_eq(ENTER(store, "new").position, STATS(store).waiting);
  qk_close(store);
}
END_TEST

START_TEST(a_line_that_refills_again_and_again_stays_exact)
{
  qk_policy policy = crowd_policy(0);
  qk_store *store = open_hall(&policy);
  for (int round = 0; round < 30; round++) {
    int first = round * 100;
    enter_crowd(store, first, first + 199);
    for (int i = first; i < first + 200; i += 2)
      CHECK_OK(qk_release(store, HALL, person(i), NULL));
    CHECK_POSITION(store, person(first + 199), STATS(store).waiting);
    for (int i = first + 1; i < first + 200; i += 2)
      CHECK_OK(qk_release(store, HALL, person(i), NULL));
    CHECK_LINE(store, "");
  }
  ck_assert_uint_eq(STATS(store).left, 30 * 200);
  qk_close(store);
}
END_TEST

START_TEST(thousands_of_lives_pass_through_a_few_seats)
{
  enum { PEOPLE = 2000, SEATS = 25 };
  qk_policy policy = crowd_policy(SEATS);
  policy.eager = 1;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, PEOPLE);
  for (int i = 1; i <= PEOPLE; i++) {
    qk_ticket ticket;
    CHECK_OK(qk_activate(store, HALL, person(i), &ticket));
    CHECK_OK(qk_release(store, HALL, person(i), &ticket));
    if (i % 100 == 0)
      ck_assert_uint_eq(STATS(store).ready, i + SEATS <= PEOPLE ? SEATS : (uint64_t)(PEOPLE - i));
  }
  qk_stats stats = STATS(store);
  ck_assert_uint_eq(stats.completed, PEOPLE);
  ck_assert_uint_eq(stats.admitted, PEOPLE);
  qk_close(store);
}
END_TEST

START_TEST(seats_lowered_among_hundreds_inside_fill_again_only_below)
{
  enum { INSIDE = 600, SEATS = 50 };
  qk_policy policy = crowd_policy(INSIDE);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, INSIDE + 100);
  TICK_ADMITS(store, INSIDE);
  policy.max_active = SEATS;
  policy.eager = 1;
  SET_POLICY(store, &policy);
  CHECK_COUNTS(store, 100, INSIDE, 0);
  for (int i = 1; i <= INSIDE - SEATS; i++)
    CHECK_OK(qk_release(store, HALL, person(i), NULL));
  CHECK_COUNTS(store, 100, SEATS, 0);
  TICK_ADMITS(store, 0);
  RELEASE(store, person(INSIDE));
  CHECK_COUNTS(store, 99, SEATS, 0);
  CHECK_STATE(store, person(INSIDE + 1), QK_READY);
  qk_close(store);
}
END_TEST

/* ---- Deadlines ----------------------------------------------------------------------------------- */

enum { HERE = 1200 };

/* Tick whenever the last report asks for it, until nobody is left: each tick ends exactly those whose time is
 * up, and asks for the next one in time. ends_ms: the logical end of person(i), or 0 if nobody is there. */
static void check_ends(qk_store *store, const int64_t *ends_ms, uint64_t left)
{
  while (left > 0) {
    int64_t now_ms = fixture_now_ms - FIXTURE_START, next_ms = INT64_MAX;
    uint64_t still = 0;
    for (int i = 0; i < HERE; i++) {
      if (ends_ms[i] <= now_ms)
        continue;
      still++;
      next_ms = ends_ms[i] < next_ms ? ends_ms[i] : next_ms;
    }
    qk_tick_report report = TICK(store);
    ck_assert_uint_eq(report.lapsed + report.expired + report.dropped, left - still);
    ck_assert_uint_eq(report.waiting + report.ready + report.active, still);
    left = still;
    ck_assert_uint_eq(report.next_ms, left ? (uint32_t)(next_ms - now_ms) : UINT32_MAX);
    if (left)
      fixture_advance(report.next_ms);
  }
}

/* A stay of its own length for each: activated now, perhaps extended later. */
START_TEST(each_of_a_thousand_seats_ends_in_its_own_millisecond)
{
  static int64_t ends_ms[HERE];
  uint32_t random = 4711;
  uint64_t left = HERE;
  qk_policy policy = crowd_policy(HERE);
  policy.ready_ms = 900000;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 0, HERE - 1);
  TICK_ADMITS(store, HERE);
  for (int i = 0; i < 3 * HERE; i++) {
    random = random * 1664525 + 1013904223;
    int who = (int)((random >> 8) % HERE);
    qk_ticket ticket;
    policy.active_ms = 700000 + (random >> 20) * 50;
    CHECK_OK(qk_set_policy(store, HALL, &policy, NULL));
    fixture_advance(random >> 30);
    if (ends_ms[who] == -1)
      continue;
    if (random >> 27 == 0) {
      CHECK_OK(qk_release(store, HALL, person(who), NULL));
      ends_ms[who] = -1;
      left--;
      continue;
    }
    CHECK_OK(qk_activate(store, HALL, person(who), &ticket));
    if (qk_extend(store, HALL, person(who), &ticket) == QK_OK)
      ck_assert_int_ge(ticket.expires_at_ms - fixture_now_ms, policy.active_ms);
    ends_ms[who] = ticket.expires_at_ms - FIXTURE_START;
  }
  for (int i = 0; i < HERE; i++)
    ends_ms[i] = ends_ms[i] ? ends_ms[i] : 900000;
  check_ends(store, ends_ms, left);
  qk_close(store);
}
END_TEST

START_TEST(each_of_a_thousand_idle_people_is_dropped_when_due)
{
  static int64_t ends_ms[HERE];
  uint32_t random = 1234;
  qk_policy policy = crowd_policy(0);
  policy.idle_ms = 30000;
  qk_store *store = open_hall(&policy);
  for (int i = 0; i < HERE; i++) {
    CHECK_OK(qk_enter_class(store, HALL, person(i), (uint32_t)(i % 3), NULL));
    ends_ms[i] = 30000;
  }
  for (int i = 0; i < 4 * HERE; i++) {
    random = random * 1664525 + 1013904223;
    int who = (int)((random >> 8) % HERE);
    fixture_advance((random >> 28) % 4);
    CHECK_OK(qk_poll(store, HALL, person(who), NULL));
    ends_ms[who] = fixture_now_ms - FIXTURE_START + 30000;
  }
  check_ends(store, ends_ms, HERE);
  ck_assert_uint_eq(STATS(store).dropped, HERE);
  qk_close(store);
}
END_TEST

/* ---- Queues -------------------------------------------------------------------------------------- */

START_TEST(a_queue_that_is_born_again_is_another_life)
{
  qk_policy policy = crowd_policy(5);
  policy.rate = 1000;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 500);
  TICK_ADMITS(store, 5);
  uint64_t epoch = POLL(store, "u7").epoch;
  fixture_advance(500);
  CHECK_OK(qk_remove(store, HALL));
  CHECK_CODE(qk_remove(store, HALL), QK_ENOTFOUND);
  CHECK_CODE(qk_poll(store, HALL, "u7", NULL), QK_ENOTFOUND);
  CHECK_CODE(qk_release(store, HALL, "u1", NULL), QK_ENOTFOUND);
  policy.rate = 3;
  SET_POLICY(store, &policy);
  CHECK_STATE(store, "u7", QK_NONE);
  qk_ticket again = ENTER(store, "u7");
  ck_assert_int_eq(again.fresh, 1);
  ck_assert_uint_ne(again.epoch, epoch);
  ck_assert_uint_eq(again.position, 1);
  enter_crowd(store, 8, 20);
  TICK_ADMITS(store, 3); /* the old life's seats and admissions are forgotten */
  ck_assert_uint_eq(STATS(store).entered, 14);
  qk_close(store);
}
END_TEST

START_TEST(a_queue_can_be_born_again_many_times)
{
  qk_policy policy = crowd_policy(5);
  qk_store *store = open_hall(&policy);
  uint64_t last = 0;
  for (int life = 0; life < 50; life++) {
    enter_crowd(store, life, life + 20);
    qk_tick_report report = TICK_ADMITS(store, 5);
    ck_assert_uint_eq(report.waiting, 16);
    uint64_t epoch = POLL(store, person(life)).epoch;
    ck_assert_uint_ne(epoch, last);
    last = epoch;
    CHECK_OK(qk_remove(store, HALL));
    SET_POLICY(store, &policy);
  }
  CHECK_COUNTS(store, 0, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(one_tick_serves_hundreds_of_queues)
{
  enum { QUEUES = 300 };
  qk_store *store = fixture_open(NULL);
  qk_policy policy = crowd_policy(2);
  char queue[16];
  for (int i = 0; i < QUEUES; i++) {
    snprintf(queue, sizeof queue, "q%d", i);
    CHECK_OK(qk_set_policy(store, queue, &policy, NULL));
    for (int j = 0; j <= i % 4; j++)
      CHECK_OK(qk_enter(store, queue, person(j), NULL));
  }
  qk_tick_report report;
  CHECK_OK(qk_tick(store, NULL, &report));
  ck_assert_uint_eq(report.queues, QUEUES);
  ck_assert_uint_eq(report.admitted, QUEUES / 4 * (1 + 2 + 2 + 2));
  ck_assert_uint_eq(report.waiting, QUEUES / 4 * (1 + 2));
  ck_assert_uint_eq(report.more, 0);
  qk_close(store);
}
END_TEST

void add_many_tests(TCase *tests)
{
  tcase_add_test(tests, a_thousand_people_in_one_millisecond_keep_their_order);
  tcase_add_test(tests, one_tick_admits_thousands_in_order);
  tcase_add_test(tests, one_tick_sweeps_thousands);
  tcase_add_test(tests, one_tick_drops_thousands_and_spares_who_polled);
  tcase_add_test(tests, a_budget_finishes_a_crowd_call_by_call);
  tcase_add_test(tests, bypass_empties_a_long_line_in_one_tick);
  tcase_add_test(tests, thousands_in_eight_classes_stand_by_class_and_number);
  tcase_add_test(tests, a_tick_takes_exactly_the_first_of_all_classes);
  tcase_add_test(tests, places_stay_exact_while_thousands_leave);
  tcase_add_test(tests, places_stay_exact_while_a_stretch_of_the_line_leaves);
  tcase_add_test(tests, a_line_that_refills_again_and_again_stays_exact);
  tcase_add_test(tests, thousands_of_lives_pass_through_a_few_seats);
  tcase_add_test(tests, seats_lowered_among_hundreds_inside_fill_again_only_below);
  tcase_add_test(tests, each_of_a_thousand_seats_ends_in_its_own_millisecond);
  tcase_add_test(tests, each_of_a_thousand_idle_people_is_dropped_when_due);
  tcase_add_test(tests, a_queue_that_is_born_again_is_another_life);
  tcase_add_test(tests, a_queue_can_be_born_again_many_times);
  tcase_add_test(tests, one_tick_serves_hundreds_of_queues);
}
