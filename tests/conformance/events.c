/* api.md, "Threads, fork, callbacks": on_event. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "conformance.h"
#include "helpers.h"

static qk_store *open_traced(struct trace *trace, const qk_policy *policy)
{
  qk_options options;
  trace_options(&options, trace);
  qk_store *store = fixture_open(&options);
  SET_POLICY(store, policy);
  return store;
}

/* What has happened since the last look. */
static void trace_is(int line, struct trace *trace, const char *want)
{
  ck_assert_msg(strcmp(trace->text, want) == 0, "line %d: \"%s\", not \"%s\"", line, trace->text, want);
  trace->text[0] = '\0';
}

#define CHECK_TRACE(trace, want) trace_is(__LINE__, trace, want)

/* ---- Which ones, in which order ------------------------------------------------------------------ */

START_TEST(a_whole_life_tells_each_step)
{
  struct trace trace;
  qk_policy policy = calm_policy();
  qk_store *store = open_traced(&trace, &policy);
  ENTER(store, "ann");
  CHECK_TRACE(&trace, "entered ann");
  TICK(store);
  CHECK_TRACE(&trace, "admitted ann");
  ACTIVATE(store, "ann");
  CHECK_TRACE(&trace, "activated ann");
  EXTEND(store, "ann");
  CHECK_TRACE(&trace, "extended ann");
  RELEASE(store, "ann");
  CHECK_TRACE(&trace, "completed ann");
  qk_close(store);
}
END_TEST

START_TEST(every_other_end_has_its_name)
{
  struct trace trace;
  qk_policy policy = calm_policy();
  policy.max_active = 3;
  policy.idle_ms = 30000;
  qk_store *store = open_traced(&trace, &policy);
  enter_crowd(store, 1, 5);
  TICK(store);
  ACTIVATE(store, "u3");
  trace.text[0] = '\0';
  RELEASE(store, "u1");
  CHECK_TRACE(&trace, "left u1");
  RELEASE(store, "u4");
  CHECK_TRACE(&trace, "left u4");
  SET_MODE(store, QK_MODE_HOLD);
  fixture_advance(29999);
  POLL(store, "u5");
  fixture_advance(1);
  TICK(store);
  CHECK_TRACE(&trace, "lapsed u2");
  fixture_advance(29999);
  TICK(store);
  CHECK_TRACE(&trace, "dropped u5");
  fixture_advance(1);
  TICK(store);
  CHECK_TRACE(&trace, "expired u3");
  qk_close(store);
}
END_TEST

START_TEST(a_tick_tells_of_each_admitted_person_in_order)
{
  struct trace trace;
  qk_policy policy = calm_policy();
  policy.max_active = 3;
  qk_store *store = open_traced(&trace, &policy);
  ENTER_CLASS(store, "ann", 1);
  ENTER_CLASS(store, "bob", 1);
  ENTER_CLASS(store, "vip", 0);
  ENTER_CLASS(store, "cid", 1);
  CHECK_TRACE(&trace, "entered ann, entered bob, entered vip, entered cid");
  TICK(store);
  CHECK_TRACE(&trace, "admitted vip, admitted ann, admitted bob");
  qk_close(store);
}
END_TEST

START_TEST(an_eager_enter_tells_two_things)
{
  struct trace trace;
  qk_policy policy = calm_policy();
  policy.eager = 1;
  policy.max_active = 1;
  qk_store *store = open_traced(&trace, &policy);
  ENTER(store, "ann");
  CHECK_TRACE(&trace, "entered ann, admitted ann");
  ENTER(store, "bob");
  CHECK_TRACE(&trace, "entered bob");
  RELEASE(store, "ann");
  CHECK_TRACE(&trace, "left ann, admitted bob");
  ACTIVATE(store, "bob");
  ENTER(store, "cid");
  trace.text[0] = '\0';
  RELEASE(store, "bob");
  CHECK_TRACE(&trace, "completed bob, admitted cid");
  qk_close(store);
}
END_TEST

START_TEST(an_enter_after_a_lapse_tells_the_old_end_first)
{
  struct trace trace;
  qk_policy policy = calm_policy();
  qk_store *store = open_traced(&trace, &policy);
  ADMIT(store, "ann");
  ADMIT_ACTIVE(store, "bob");
  trace.text[0] = '\0';
  fixture_advance(60000);
  ENTER(store, "ann");
  CHECK_TRACE(&trace, "lapsed ann, entered ann");
  ENTER(store, "bob");
  CHECK_TRACE(&trace, "expired bob, entered bob");
  qk_close(store);
}
END_TEST

START_TEST(bypass_tells_of_its_admissions)
{
  struct trace trace;
  qk_policy policy = calm_policy();
  policy.max_active = 0;
  qk_store *store = open_traced(&trace, &policy);
  enter_crowd(store, 1, 3);
  SET_MODE(store, QK_MODE_BYPASS);
  trace.text[0] = '\0';
  ENTER(store, "u2");
  CHECK_TRACE(&trace, "admitted u2");
  ENTER(store, "new");
  CHECK_TRACE(&trace, "entered new, admitted new");
  TICK(store);
  CHECK_TRACE(&trace, "admitted u1, admitted u3");
  qk_close(store);
}
END_TEST

START_TEST(what_changes_nothing_tells_nothing)
{
  struct trace trace;
  qk_policy policy = calm_policy();
  policy.max_extends = 0;
  policy.max_active = 2;
  qk_store *store = open_traced(&trace, &policy);
  ADMIT_ACTIVE(store, "act");
  ADMIT(store, "rea");
  ENTER(store, "wai");
  trace.text[0] = '\0';
  ENTER(store, "act");
  ENTER(store, "rea");
  ENTER(store, "wai");
  POLL(store, "wai");
  ACTIVATE(store, "act");
  REFUSED(qk_extend, store, "act", QK_ELIMIT);
  REFUSED(qk_extend, store, "rea", QK_ENOTACTIVE);
  REFUSED(qk_activate, store, "wai", QK_ENOTREADY);
  REFUSED(qk_release, store, "nobody", QK_ENOTFOUND);
  SET_POLICY(store, &policy);
  SET_MODE(store, QK_MODE_CLOSED);
  REFUSED(qk_enter, store, "new", QK_ECLOSED);
  TICK(store);
  fixture_advance(60000);
  REFUSED(qk_poll, store, "act", QK_ENOTFOUND);
  REFUSED(qk_release, store, "rea", QK_ENOTFOUND);
  CHECK_TRACE(&trace, "");
  qk_close(store);
}
END_TEST

/* ---- What is in one ------------------------------------------------------------------------------ */

struct kept_event {
  qk_event event;
  char queue[65], user[129];
};

struct kept {
  struct kept_event last;
  int count;
};

static void keep_event(void *arg, const qk_event *event)
{
  struct kept *kept = arg;
  kept->count++;
  kept->last.event = *event;
  snprintf(kept->last.queue, sizeof kept->last.queue, "%s", event->queue);
  snprintf(kept->last.user, sizeof kept->last.user, "%s", event->user);
}

static void kept_is(int line, const struct kept *kept, int32_t type, const qk_ticket *ticket)
{
  const qk_event *event = &kept->last.event;
  ck_assert_msg(event->type == type, "line %d: %s", line, event_name(event->type));
  ck_assert_str_eq(kept->last.queue, ticket->queue);
  ck_assert_str_eq(kept->last.user, ticket->user);
  ck_assert_uint_eq(event->cls, ticket->cls);
  ck_assert_uint_eq(event->number, ticket->number);
  ck_assert_uint_eq(event->epoch, ticket->epoch);
  ck_assert_msg(event->at_ms == fixture_now_ms, "line %d: at %lld", line, (long long)event->at_ms);
  for (size_t i = 0; i < 4; i++)
    ck_assert_uint_eq(event->reserved[i], 0);
}

START_TEST(an_event_says_who_where_and_when)
{
  struct kept kept = {.count = 0};
  qk_options options;
  fixture_options(&options);
  options.on_event = keep_event;
  options.event_arg = &kept;
  qk_store *store = fixture_open(&options);
  qk_policy policy = calm_policy();
  policy.clock_step_ms = 1000; /* at_ms is the store's clock all the same */
  SET_POLICY(store, &policy);
  fixture_advance(5000);
  qk_ticket ticket = ENTER_CLASS(store, "ann", 3);
  kept_is(__LINE__, &kept, QK_EVENT_ENTERED, &ticket);
  fixture_advance(5000);
  TICK(store);
  kept_is(__LINE__, &kept, QK_EVENT_ADMITTED, &ticket);
  fixture_advance(5000);
  ACTIVATE(store, "ann");
  kept_is(__LINE__, &kept, QK_EVENT_ACTIVATED, &ticket);
  fixture_advance(5000);
  EXTEND(store, "ann");
  kept_is(__LINE__, &kept, QK_EVENT_EXTENDED, &ticket);
  fixture_advance(-3000);
  RELEASE(store, "ann");
  kept_is(__LINE__, &kept, QK_EVENT_COMPLETED, &ticket);
  ck_assert_int_eq(kept.count, 5);
  qk_close(store);
}
END_TEST

START_TEST(an_end_found_by_a_tick_is_told_with_the_time_of_the_tick)
{
  struct kept kept = {.count = 0};
  qk_options options;
  fixture_options(&options);
  options.on_event = keep_event;
  options.event_arg = &kept;
  qk_store *store = fixture_open(&options);
  qk_policy policy = calm_policy();
  SET_POLICY(store, &policy);
  qk_ticket ready = ADMIT(store, "ann");
  fixture_advance(45000);
  TICK(store);
  kept_is(__LINE__, &kept, QK_EVENT_LAPSED, &ready);
  qk_ticket active = ADMIT_ACTIVE(store, "bob");
  fixture_advance(75000);
  TICK(store);
  kept_is(__LINE__, &kept, QK_EVENT_EXPIRED, &active);
  qk_close(store);
}
END_TEST

/* ---- Calls from inside --------------------------------------------------------------------------- */

/* A host that claims each offer at once, and lets whoever was done come again, twice. */
struct host {
  qk_store *store;
  int again;
  struct trace trace;
};

static void act_on_event(void *arg, const qk_event *event)
{
  struct host *host = arg;
  char user[129];
  snprintf(user, sizeof user, "%s", event->user);
  size_t used = strlen(host->trace.text);
  snprintf(host->trace.text + used, sizeof host->trace.text - used, "%s%s %s", used ? ", " : "",
           event_name(event->type), user);
  if (event->type == QK_EVENT_ADMITTED)
    CHECK_OK(qk_activate(host->store, HALL, user, NULL));
  if (event->type == QK_EVENT_COMPLETED && host->again-- > 0) {
    CHECK_CODE(qk_poll(host->store, HALL, user, NULL), QK_ENOTFOUND);
    CHECK_OK(qk_enter(host->store, HALL, user, NULL));
    CHECK_OK(qk_tick(host->store, HALL, NULL));
  }
}

START_TEST(calls_on_the_store_are_allowed_inside)
{
  struct host host = {.again = 2};
  qk_options options;
  fixture_options(&options);
  options.on_event = act_on_event;
  options.event_arg = &host;
  host.store = fixture_open(&options);
  qk_policy policy = calm_policy();
  SET_POLICY(host.store, &policy);
  ENTER(host.store, "ann");
  CHECK_OK(qk_tick(host.store, HALL, NULL));
  for (int i = 0; i < 3; i++)
    CHECK_OK(qk_release(host.store, HALL, "ann", NULL));
  CHECK_TRACE(&host.trace, "entered ann, admitted ann, activated ann, completed ann, "
                           "entered ann, admitted ann, activated ann, completed ann, "
                           "entered ann, admitted ann, activated ann, completed ann");
  CHECK_COUNTS(host.store, 0, 0, 0);
  qk_close(host.store);
}
END_TEST

static void look_at_everything(void *arg, const qk_event *event)
{
  qk_store *store = *(qk_store **)arg;
  char queue[65];
  qk_stats stats;
  qk_cursor cursor;
  qk_ticket page[4];
  snprintf(queue, sizeof queue, "%s", event->queue);
  CHECK_OK(qk_get_stats(store, queue, &stats));
  CHECK_OK(qk_get_cursor(store, queue, &cursor));
  ck_assert_int_ge(qk_list(store, queue, 0, 0, page, 4), 0);
  ck_assert_uint_eq(stats.entered, stats.waiting + stats.ready + stats.active + stats.left + stats.dropped +
                                       stats.lapsed + stats.expired + stats.completed);
}

START_TEST(the_totals_balance_inside_a_callback)
{
  qk_store *store;
  qk_options options;
  fixture_options(&options);
  options.on_event = look_at_everything;
  options.event_arg = &store;
  store = fixture_open(&options);
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  policy.eager = 1;
  policy.idle_ms = 40000;
  SET_POLICY(store, &policy);
  enter_crowd(store, 1, 8);
  ACTIVATE(store, "u1");
  EXTEND(store, "u1");
  RELEASE(store, "u1");
  fixture_advance(30000);
  TICK(store);
  fixture_advance(30000);
  TICK(store);
  ck_assert_uint_eq(STATS(store).dropped, 3);
  qk_close(store);
}
END_TEST

/* ---- All of them --------------------------------------------------------------------------------- */

struct tally {
  uint64_t of[QK_EVENT_COMPLETED + 1];
  int32_t last[32]; /* of person(i) */
};

/* Each person's events follow the picture of section 3. */
static void tally_event(void *arg, const qk_event *event)
{
  static const unsigned char after[QK_EVENT_COMPLETED + 1][QK_EVENT_COMPLETED + 1] = {
      [QK_EVENT_ENTERED] = {[0] = 1,
                            [QK_EVENT_LEFT] = 1,
                            [QK_EVENT_DROPPED] = 1,
                            [QK_EVENT_LAPSED] = 1,
                            [QK_EVENT_EXPIRED] = 1,
                            [QK_EVENT_COMPLETED] = 1},
      [QK_EVENT_ADMITTED] = {[QK_EVENT_ENTERED] = 1},
      [QK_EVENT_ACTIVATED] = {[QK_EVENT_ADMITTED] = 1},
      [QK_EVENT_EXTENDED] = {[QK_EVENT_ACTIVATED] = 1, [QK_EVENT_EXTENDED] = 1},
      [QK_EVENT_LEFT] = {[QK_EVENT_ENTERED] = 1, [QK_EVENT_ADMITTED] = 1},
      [QK_EVENT_DROPPED] = {[QK_EVENT_ENTERED] = 1},
      [QK_EVENT_LAPSED] = {[QK_EVENT_ADMITTED] = 1},
      [QK_EVENT_EXPIRED] = {[QK_EVENT_ACTIVATED] = 1, [QK_EVENT_EXTENDED] = 1},
      [QK_EVENT_COMPLETED] = {[QK_EVENT_ACTIVATED] = 1, [QK_EVENT_EXTENDED] = 1},
  };
  struct tally *tally = arg;
  int32_t *last = &tally->last[atoi(event->user + 1)];
  ck_assert_msg(after[event->type][*last], "%s: %s follows %s", event->user, event_name(event->type),
                *last ? event_name(*last) : "nothing");
  *last = event->type;
  tally->of[event->type]++;
}

static void check_tally(const struct tally *tally, qk_stats stats)
{
  ck_assert_uint_eq(tally->of[QK_EVENT_ENTERED], stats.entered);
  ck_assert_uint_eq(tally->of[QK_EVENT_ADMITTED], stats.admitted);
  ck_assert_uint_eq(tally->of[QK_EVENT_ACTIVATED], stats.activated);
  ck_assert_uint_eq(tally->of[QK_EVENT_LEFT], stats.left);
  ck_assert_uint_eq(tally->of[QK_EVENT_DROPPED], stats.dropped);
  ck_assert_uint_eq(tally->of[QK_EVENT_LAPSED], stats.lapsed);
  ck_assert_uint_eq(tally->of[QK_EVENT_EXPIRED], stats.expired);
  ck_assert_uint_eq(tally->of[QK_EVENT_COMPLETED], stats.completed);
}

START_TEST(the_events_of_a_random_trace_add_up_to_the_totals)
{
  static verb_function *const verbs[] = {qk_enter, qk_enter, qk_poll, qk_activate, qk_extend, qk_release};
  struct tally tally = {{0}, {0}};
  qk_options options;
  fixture_options(&options);
  options.on_event = tally_event;
  options.event_arg = &tally;
  qk_store *store = fixture_open(&options);
  qk_policy policy = calm_policy();
  policy.max_active = 5;
  policy.idle_ms = 12000;
  policy.eager = 1;
  SET_POLICY(store, &policy);
  uint32_t random = 2024;
  for (int i = 0; i < 4000; i++) {
    random = random * 1664525 + 1013904223;
    fixture_advance((random >> 24) % 8 == 0 ? 4000 : (random >> 20) % 300);
    uint32_t verb = (random >> 16) % 7;
    if (verb == 6)
      CHECK_OK(qk_tick(store, HALL, NULL));
    else
      (void)verbs[verb](store, HALL, person((int)((random >> 8) % 32)), NULL);
  }
  check_tally(&tally, STATS(store));
  ck_assert(tally.of[QK_EVENT_DROPPED] && tally.of[QK_EVENT_EXPIRED] && tally.of[QK_EVENT_EXTENDED]);
  qk_close(store);
}
END_TEST

void add_event_tests(TCase *tests)
{
  tcase_add_test(tests, a_whole_life_tells_each_step);
  tcase_add_test(tests, every_other_end_has_its_name);
  tcase_add_test(tests, a_tick_tells_of_each_admitted_person_in_order);
  tcase_add_test(tests, an_eager_enter_tells_two_things);
  tcase_add_test(tests, an_enter_after_a_lapse_tells_the_old_end_first);
  tcase_add_test(tests, bypass_tells_of_its_admissions);
  tcase_add_test(tests, what_changes_nothing_tells_nothing);
  tcase_add_test(tests, an_event_says_who_where_and_when);
  tcase_add_test(tests, an_end_found_by_a_tick_is_told_with_the_time_of_the_tick);
  tcase_add_test(tests, calls_on_the_store_are_allowed_inside);
  tcase_add_test(tests, the_totals_balance_inside_a_callback);
  tcase_add_test(tests, the_events_of_a_random_trace_add_up_to_the_totals);
}
