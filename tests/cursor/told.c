/* Told polls on an asynchronous store in memory: with idle_ms set nobody who polls is dropped, whatever host
 * and store are up to, and who stops is dropped in time. */
#include <stdio.h>
#include <string.h>
#include <check.h>
#include "lib/batch.h"
#include "lib/store.h"
#include "runner.h"
#include "told.h"
#include "wrap.h"

enum {
  FAR = 480,
  ALL = NEAR + FAR,
  STEP_MS = 100,
  LATE_MS = IDLE_MS / 6 /* that is how much later than idle_ms somebody may be dropped */
};

/* ---- People ---------------------------------------------------------------------------------------- */

struct person {
  char token[QK_TOKEN_SIZE];
  int64_t every_ms, then_ms;                        /* between polls, by turns; then_ms 0: always every_ms */
  int64_t next_ms, stops_ms, polled_ms, dropped_ms; /* dropped_ms 0: not */
  unsigned polls, answered, failed, over;           /* answered: from the cursor */
};

static struct person people[ALL + 1]; /* by number */
static qk_store *store;

static void take_event(void *arg, const qk_event *event)
{
  (void)arg;
  if (event->type == QK_EVENT_DROPPED && event->number <= ALL)
    people[event->number].dropped_ms = fixture_now_ms;
}

static qk_store *open_late(const qk_options *options)
{
  qk_store *late;
  return qk_open(&late, "late+memory:", options, NULL) == QK_OK ? late : NULL;
}

const struct fixture told_fixture = {.name = "late+memory", .open = open_late};

qk_policy told_policy(uint32_t idle_ms)
{
  qk_policy policy = calm_policy();
  policy.max_active = 0;
  policy.ready_ms = 300000;
  policy.idle_ms = idle_ms;
  policy.clock_step_ms = 60000;
  return policy;
}

static void enter_all(void)
{
  for (int i = 1; i <= ALL; i++) {
    qk_ticket ticket;
    CHECK_OK(qk_enter(store, HALL, person(i), &ticket));
    ck_assert_uint_eq(ticket.number, (unsigned)i);
    CHECK_OK(qk_token(store, &ticket, people[i].token));
    people[i].polled_ms = fixture_now_ms;
    people[i].stops_ms = INT64_MAX;
  }
}

static void open_line(void)
{
  qk_options options;
  qk_policy policy = told_policy(IDLE_MS);
  memset(people, 0, sizeof people);
  wrap_reset();
  fixture = &told_fixture;
  fixture_options(&options);
  options.on_event = take_event;
  store = fixture_open(&options);
  SET_POLICY(store, &policy);
  enter_all();
}

static void close_line(void)
{
  qk_close(store);
}

size_t told_notes(qk_store *of)
{
  qk_name name;
  qki_store_name(of, &name, HALL, strlen(HALL));
  struct qki_known *known = qki_known_find(&of->knowns, &name);
  ck_assert_ptr_nonnull(known);
  return atomic_load(&known->told.notes);
}

/* ---- Hosts and time -------------------------------------------------------------------------------- */

static void tick_here(void)
{
  int code = qk_tick(store, HALL, NULL);
  ck_assert(code == QK_OK || code == QK_ESTORE);
}

/* As another host does: this one tells nothing by it. */
static void tick_elsewhere(void)
{
  qk_name name;
  qk_slice slice = {.now_ms = fixture_now_ms,
                    .max = 100000,
                    .may_end = UINT64_MAX,
                    .may_drop = UINT64_MAX,
                    .may_admit = UINT64_MAX};
  qki_store_name(store, &name, HALL, strlen(HALL));
  qk_work work = {.verb = QK_WORK_SLICE, .queue = name, .now_ms = fixture_now_ms, .detail = &slice};
  qki_run_step(store, &work, qki_store_deadline(store));
  qki_store_leave(store, QK_OK, NULL);
}

static void poll_near(void)
{
  static qk_op ops[NEAR];
  static char names[NEAR][16];
  for (int i = 0; i < NEAR; i++) {
    snprintf(names[i], sizeof names[i], "%s", person(i + 1));
    ops[i] = (qk_op){.size = sizeof *ops, .verb = QK_POLL, .queue = HALL, .user = names[i]};
  }
  CHECK_OK(qk_batch(store, ops, NEAR));
}

static void poll_one(struct person *who)
{
  qk_ticket ticket;
  int code = qk_poll_token(store, who->token, &ticket);
  who->polls++;
  who->polled_ms = fixture_now_ms;
  who->failed += code == QK_ESTORE;
  who->over += code == QK_EEXPIRED;
  who->answered += code == QK_OK && ticket.estimated;
  ck_assert_msg(code == QK_OK || code == QK_ESTORE || code == QK_EEXPIRED, "a poll gives %d", code);
  ck_assert(code != QK_OK || ticket.state == QK_WAITING);
}

static void poll_due(void)
{
  for (int i = NEAR + 1; i <= ALL; i++) {
    struct person *who = &people[i];
    if (who->next_ms > fixture_now_ms || fixture_now_ms > who->stops_ms || who->dropped_ms)
      continue;
    poll_one(who);
    int64_t every_ms = who->every_ms;
    who->next_ms = fixture_now_ms + every_ms;
    who->every_ms = who->then_ms ? who->then_ms : every_ms;
    who->then_ms = who->then_ms ? every_ms : 0;
  }
}

/* Let time pass in steps: who is due polls at each burst, the line is ticked at each step. */
static void run(int64_t span_ms, int64_t burst_ms, void (*tick)(void))
{
  int64_t until_ms = fixture_now_ms + span_ms;
  for (int64_t at = 0; fixture_now_ms < until_ms; at += STEP_MS) {
    fixture_advance(STEP_MS);
    if (at % (IDLE_MS / 3) == 0)
      poll_near();
    if (at % burst_ms == 0)
      poll_due();
    if (tick)
      tick();
  }
}

/* Everybody far back polls so often, from different moments on. */
static void all_poll_every(int64_t every_ms)
{
  for (int i = NEAR + 1; i <= ALL; i++) {
    people[i].every_ms = every_ms;
    people[i].next_ms = fixture_now_ms + every_ms * (i % 37) / 37;
  }
}

static void some_stop(int64_t from_ms)
{
  for (int i = NEAR + 1; i <= ALL; i += 9)
    people[i].stops_ms = from_ms + (int64_t)i * 7 % 5000;
}

/* Who stopped was dropped, at the right time but for what polls and ticks are late; nobody else was. */
static void check_drops(int64_t slack_ms)
{
  unsigned answered = 0, polls = 0;
  for (int i = NEAR + 1; i <= ALL; i++) {
    const struct person *who = &people[i];
    int64_t after_ms = who->dropped_ms - who->polled_ms;
    answered += who->answered;
    polls += who->polls;
    ck_assert_msg(who->stops_ms != INT64_MAX || !who->dropped_ms, "%d polls, and is dropped %lld ms later", i,
                  (long long)after_ms);
    if (who->stops_ms == INT64_MAX)
      continue;
    ck_assert_msg(who->dropped_ms, "%d stopped, and is not dropped", i);
    ck_assert_msg(after_ms >= IDLE_MS && after_ms <= IDLE_MS + LATE_MS + slack_ms,
                  "%d is dropped %lld ms after the last poll", i, (long long)after_ms);
  }
  printf("%u of %u polls answered from the cursor\n", answered, polls);
}

/* ---- Nobody who polls is dropped --------------------------------------------------------------------- */

START_TEST(who_polls_every_third_of_idle_ms_is_never_dropped)
{
  all_poll_every(IDLE_MS / 3);
  some_stop(fixture_now_ms + INT64_C(3) * IDLE_MS);
  run(INT64_C(7) * IDLE_MS, STEP_MS, tick_here);
  check_drops(2 * STEP_MS);
  ck_assert_uint_gt(people[ALL].answered, people[ALL].polls * 3 / 4);
}
END_TEST

START_TEST(who_polls_at_the_last_moment_is_never_dropped)
{
  all_poll_every(IDLE_MS * 9 / 10);
  some_stop(fixture_now_ms + INT64_C(3) * IDLE_MS);
  run(INT64_C(7) * IDLE_MS, STEP_MS, tick_here);
  check_drops(2 * STEP_MS);
}
END_TEST

START_TEST(odd_rhythms_are_no_harm)
{
  for (int i = NEAR + 1; i <= ALL; i++)
    people[i].every_ms = 300 + INT64_C(5300) * (i - NEAR) / FAR;
  run(INT64_C(8) * IDLE_MS, STEP_MS, tick_here);
  check_drops(0);
}
END_TEST

/* It neither ticks nor reaps: polls alone tell. */
START_TEST(a_host_that_only_polls_tells_in_time)
{
  all_poll_every(IDLE_MS / 3);
  some_stop(fixture_now_ms + INT64_C(3) * IDLE_MS);
  run(INT64_C(7) * IDLE_MS, STEP_MS, tick_elsewhere);
  check_drops(2 * STEP_MS);
  ck_assert_uint_gt(people[ALL].answered, people[ALL].polls / 2);
}
END_TEST

START_TEST(a_slow_host_loses_nobody)
{
  for (int i = NEAR + 1; i <= ALL; i++)
    people[i].every_ms = IDLE_MS / 4 * (1 + i % 3);
  run(INT64_C(9) * IDLE_MS, IDLE_MS / 4, tick_elsewhere);
  check_drops(0);
}
END_TEST

static void go_away(void)
{
  wrap_fail(WRAP_RUN, 0, WRAP_BEFORE, QK_ESTORE);
  wrap_fail(WRAP_GET_POLICY, 0, WRAP_BEFORE, QK_ESTORE);
  wrap_fail(WRAP_TICK_SLICE, 0, WRAP_BEFORE, QK_ESTORE);
}

/* The first thing that it does afterwards is a tick. */
static void store_is_away_for(int64_t span_ms, void (*tick)(void))
{
  run(INT64_C(3) * IDLE_MS, STEP_MS, tick);
  go_away();
  run(span_ms, STEP_MS, tick);
  ck_assert_uint_gt(wrap_struck(), 0);
  wrap_reset();
  tick_elsewhere();
  run(INT64_C(3) * IDLE_MS, STEP_MS, tick);
}

START_TEST(a_store_that_was_away_drops_nobody_who_polls)
{
  static const int64_t spans_ms[] = {300, IDLE_MS / 4, IDLE_MS, 10 * IDLE_MS};
  all_poll_every(IDLE_MS / (2 + _i % 2));
  store_is_away_for(spans_ms[_i / 2], _i % 2 ? tick_here : tick_elsewhere);
  check_drops(0);
  ck_assert_uint_gt(people[ALL].answered, 0);
}
END_TEST

/* Those who poll at the last moment, by turns to the store and to the cursor: what failed must be told again.
 */
START_TEST(what_failed_is_told_as_soon_as_the_store_is_back)
{
  all_poll_every(IDLE_MS * 4 / 5);
  for (int i = NEAR + 1; i <= ALL; i += 2)
    people[i].then_ms = IDLE_MS * 45 / 100;
  run(INT64_C(2) * IDLE_MS, STEP_MS, tick_here);
  for (int i = 0; i < 10; i++) {
    run(IDLE_MS * (13 + i) / 20, STEP_MS, tick_here);
    go_away();
    run(IDLE_MS / 5, STEP_MS, tick_here);
    wrap_reset();
    tick_elsewhere();
  }
  run(INT64_C(2) * IDLE_MS, STEP_MS, tick_here);
  check_drops(0);
}
END_TEST

START_TEST(a_store_that_answers_now_and_then_drops_nobody_who_polls)
{
  all_poll_every(IDLE_MS / 3);
  for (int i = 0; i < 20; i++) {
    run(IDLE_MS / 4, STEP_MS, tick_here);
    wrap_fail(WRAP_RUN, 1 + (unsigned long)i % 5, i % 2 ? WRAP_AFTER : WRAP_BEFORE,
              i % 2 ? QK_EUNKNOWN : QK_ESTORE);
    wrap_fail(WRAP_START, 3 + (unsigned long)i % 7, WRAP_BEFORE, QK_ESTORE);
    run(IDLE_MS / 4, STEP_MS, tick_elsewhere);
    wrap_reset();
  }
  check_drops(0);
}
END_TEST

/* ---- What is told ------------------------------------------------------------------------------------ */

START_TEST(tells_go_together)
{
  unsigned polls = 0;
  all_poll_every(IDLE_MS / 3);
  run(INT64_C(2) * IDLE_MS, STEP_MS, tick_here);
  for (int i = NEAR + 1; i <= ALL; i++)
    polls -= people[i].polls;
  unsigned long starts = wrap_calls(WRAP_START);
  for (int i = 0; i < 36; i++) {
    for (int k = 0; k < 5; k++) {
      fixture_advance(STEP_MS);
      poll_due();
    }
    if (i % 4 == 0)
      poll_near();
    tick_here();
  }
  starts = wrap_calls(WRAP_START) - starts;
  for (int i = NEAR + 1; i <= ALL; i++)
    polls += people[i].polls;
  printf("%u polls, %lu calls on the store\n", polls, starts);
  ck_assert_uint_gt(polls, 8 * FAR);
  ck_assert_uint_lt(starts * 12, polls);
}
END_TEST

/* Poll twice: the second time from the cursor. */
static void poll_from_cursor(struct person *who)
{
  tick_here();
  poll_one(who);
  poll_one(who);
  ck_assert_uint_eq(who->answered, 1);
}

START_TEST(who_left_elsewhere_is_noticed_by_the_next_tell)
{
  struct person *who = &people[ALL];
  poll_from_cursor(who);
  CHECK_OK(qk_release(store, HALL, person(ALL), NULL));
  poll_one(who);
  ck_assert_uint_eq(who->over, 0);
  fixture_advance(LATE_MS);
  tick_here();
  ck_assert_uint_eq(told_notes(store), 0);
  poll_one(who);
  ck_assert_uint_eq(who->over, 1);
}
END_TEST

START_TEST(who_entered_anew_is_noticed_by_the_next_tell)
{
  struct person *who = &people[ALL];
  poll_from_cursor(who);
  CHECK_OK(qk_release(store, HALL, person(ALL), NULL));
  CHECK_OK(qk_enter(store, HALL, person(ALL), NULL));
  fixture_advance(LATE_MS);
  tick_here();
  poll_one(who);
  ck_assert_uint_eq(who->over, 1);
}
END_TEST

START_TEST(who_was_dropped_is_told_so)
{
  struct person *who = &people[ALL];
  poll_from_cursor(who);
  fixture_advance(LATE_MS);
  tick_here();
  for (int i = 0; i < 4; i++) {
    fixture_advance(IDLE_MS / 4);
    poll_near();
    tick_elsewhere();
  }
  ck_assert_int_gt(who->dropped_ms, 0);
  poll_one(who);
  ck_assert_uint_eq(who->over, 1);
}
END_TEST

START_TEST(one_poll_is_noted_once)
{
  struct person *who = &people[ALL];
  poll_from_cursor(who);
  for (int i = 0; i < 10; i++)
    poll_one(who);
  ck_assert_uint_eq(told_notes(store), 1);
  ck_assert_uint_eq(who->answered, 11);
}
END_TEST

START_TEST(without_idle_ms_nothing_is_told)
{
  qk_policy policy = told_policy(0);
  SET_POLICY(store, &policy);
  tick_here();
  poll_one(&people[ALL]);
  ck_assert_uint_eq(people[ALL].answered, 1);
  ck_assert_uint_eq(told_notes(store), 0);
}
END_TEST

START_TEST(a_new_life_forgets_the_notes_of_the_old_one)
{
  qk_policy policy = told_policy(IDLE_MS);
  poll_from_cursor(&people[ALL]);
  ck_assert_uint_eq(told_notes(store), 1);
  CHECK_OK(qk_remove(store, HALL));
  SET_POLICY(store, &policy);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  fixture_advance(LATE_MS);
  tick_here();
  ck_assert_uint_eq(told_notes(store), 0);
  poll_one(&people[ALL]);
  ck_assert_uint_eq(people[ALL].over, 1);
}
END_TEST

/* A backend may give works back while it takes them. */
START_TEST(a_store_that_refuses_at_once_is_no_endless_loop)
{
  all_poll_every(IDLE_MS / 3);
  run(IDLE_MS, STEP_MS, tick_here);
  ck_assert_uint_gt(told_notes(store), 0);
  fixture_advance(LATE_MS);
  wrap_fail(WRAP_START, 0, WRAP_BEFORE, QK_ESTORE);
  poll_due();
  tick_here();
  wrap_reset();
  run(INT64_C(2) * IDLE_MS, STEP_MS, tick_here);
  check_drops(0);
}
END_TEST

static TCase *virtual_case(void)
{
  TCase *tests = tcase_create("told polls");
  tcase_set_timeout(tests, 60);
  tcase_add_checked_fixture(tests, open_line, close_line);
  tcase_add_test(tests, who_polls_every_third_of_idle_ms_is_never_dropped);
  tcase_add_test(tests, who_polls_at_the_last_moment_is_never_dropped);
  tcase_add_test(tests, odd_rhythms_are_no_harm);
  tcase_add_test(tests, a_host_that_only_polls_tells_in_time);
  tcase_add_test(tests, a_slow_host_loses_nobody);
  tcase_add_loop_test(tests, a_store_that_was_away_drops_nobody_who_polls, 0, 8);
  tcase_add_test(tests, what_failed_is_told_as_soon_as_the_store_is_back);
  tcase_add_test(tests, a_store_that_answers_now_and_then_drops_nobody_who_polls);
  tcase_add_test(tests, tells_go_together);
  tcase_add_test(tests, who_left_elsewhere_is_noticed_by_the_next_tell);
  tcase_add_test(tests, who_entered_anew_is_noticed_by_the_next_tell);
  tcase_add_test(tests, who_was_dropped_is_told_so);
  tcase_add_test(tests, one_poll_is_noted_once);
  tcase_add_test(tests, without_idle_ms_nothing_is_told);
  tcase_add_test(tests, a_new_life_forgets_the_notes_of_the_old_one);
  tcase_add_test(tests, a_store_that_refuses_at_once_is_no_endless_loop);
  return tests;
}

int main(void)
{
  if (late_register("memory") != QK_OK)
    return 1;
  Suite *suite = suite_create("told");
  suite_add_tcase(suite, virtual_case());
  suite_add_tcase(suite, alarm_case());
  return runner_main(suite);
}
