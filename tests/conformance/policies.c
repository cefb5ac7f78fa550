/* Policies: ranges, who creates a queue, and that the mode belongs to the operator. qk_load is in load.c. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "conformance.h"
#include "policies.h"

#define WIDEST ((UINT64_C(1) << 53) - 1)
#define FIELD(field) #field, offsetof(qk_policy, field), sizeof(((qk_policy *)0)->field)

const struct range ranges[RANGES] = {
    {FIELD(mode), 3, {QK_MODE_OPEN, QK_MODE_HOLD, QK_MODE_BYPASS}, 2, {5, UINT32_MAX}},
    {FIELD(max_active), 3, {0, 1, WIDEST}, 2, {WIDEST + 1, UINT64_MAX}},
    {FIELD(max_waiting), 3, {0, 1, WIDEST}, 2, {WIDEST + 1, UINT64_MAX}},
    {FIELD(rate), 3, {0, 1, WIDEST}, 2, {WIDEST + 1, UINT64_MAX}},
    {FIELD(rate_window_ms), 2, {1, 86400000}, 3, {0, 86400001, UINT32_MAX}},
    {FIELD(ready_ms), 2, {1, UINT32_MAX}, 1, {0}},
    {FIELD(active_ms), 2, {1, UINT32_MAX}, 1, {0}},
    {FIELD(max_extends), 2, {0, UINT32_MAX}, 0, {0}},
    {FIELD(idle_ms), 3, {0, 3000, UINT32_MAX}, 2, {1, 2999}},
    {FIELD(eager), 2, {0, 1}, 2, {2, UINT32_MAX}},
    {FIELD(clock_step_ms), 3, {0, 1, UINT32_MAX}, 0, {0}},
    {FIELD(lanes), 1, {1}, 2, {0, 2}},
};

/* ---- Helpers ------------------------------------------------------------------------------------- */

static void set_field(qk_policy *policy, const struct range *range, uint64_t value)
{
  uint32_t narrow = (uint32_t)value;
  char *at = (char *)policy + range->offset;
  if (range->width == sizeof value)
    memcpy(at, &value, sizeof value);
  else
    memcpy(at, &narrow, sizeof narrow);
}

qk_policy odd_policy(void)
{
  qk_policy policy = calm_policy();
  policy.mode = QK_MODE_HOLD;
  policy.max_active = 123456789012345;
  policy.max_waiting = 234567890123456;
  policy.rate = 345678901234567;
  policy.rate_window_ms = 45678;
  policy.ready_ms = 56789;
  policy.active_ms = 67890;
  policy.max_extends = 78901;
  policy.idle_ms = 89012;
  policy.eager = 1;
  policy.clock_step_ms = 90123;
  return policy;
}

qk_policy policy_of(qk_store *store, const char *queue)
{
  qk_policy policy;
  memset(&policy, 0xaa, sizeof policy);
  CHECK_OK(qk_get_policy(store, queue, &policy));
  return policy;
}

void same_policy_at(int line, qk_store *store, const char *queue, const qk_policy *want)
{
  qk_policy got = policy_of(store, queue);
  ck_assert_msg(
      memcmp(&got, want, sizeof got) == 0,
      "line %d: %s has another policy: mode %u/%u, max_active %llu/%llu, rate %llu/%llu, ready %u/%u", line,
      queue, got.mode, want->mode, (unsigned long long)got.max_active, (unsigned long long)want->max_active,
      (unsigned long long)got.rate, (unsigned long long)want->rate, got.ready_ms, want->ready_ms);
}

qk_store *open_with_default(const qk_policy *policy, uint32_t create)
{
  qk_options options;
  fixture_options(&options);
  options.policy = policy;
  options.create = create;
  return fixture_open(&options);
}

/* ---- Values -------------------------------------------------------------------------------------- */

START_TEST(a_policy_comes_back_as_it_was_set)
{
  qk_policy odd = odd_policy();
  qk_store *store = open_hall(&odd);
  qk_error error = {1, "rubbish"};
  CHECK_SAME_POLICY(store, HALL, &odd);
  odd.rate++;
  odd.idle_ms = 0;
  CHECK_OK(qk_set_policy(store, HALL, &odd, &error));
  ck_assert_int_eq(error.code, QK_OK);
  ck_assert_str_eq(error.text, "");
  CHECK_SAME_POLICY(store, HALL, &odd);
  qk_close(store);
}
END_TEST

/* The ends of each range, and that nothing overflows there. */
START_TEST(the_ends_of_a_range_are_good)
{
  const struct range *range = &ranges[_i];
  qk_store *store = open_hall(NULL);
  for (int i = 0; i < range->good_count; i++) {
    qk_policy policy = calm_policy();
    set_field(&policy, range, range->good[i]);
    CHECK_OK(qk_set_policy(store, "room", &policy, NULL));
    CHECK_SAME_POLICY(store, "room", &policy);
    SET_POLICY(store, &policy);
    if (policy.mode == QK_MODE_OPEN) {
      verb_at(__LINE__, qk_enter, store, "room", "ann", QK_OK);
      tick_at(__LINE__, store, "room");
      fixture_advance(1);
      tick_at(__LINE__, store, "room");
    }
    CHECK_OK(qk_remove(store, "room"));
  }
  qk_close(store);
}
END_TEST

START_TEST(beyond_a_range_is_einval_and_named)
{
  const struct range *range = &ranges[_i];
  qk_policy odd = odd_policy();
  qk_store *store = open_hall(&odd);
  for (int i = 0; i < range->bad_count; i++) {
    qk_policy policy = calm_policy();
    qk_error error = {0, ""};
    set_field(&policy, range, range->bad[i]);
    CHECK_CODE(qk_set_policy(store, HALL, &policy, &error), QK_EINVAL);
    ck_assert_int_eq(error.code, QK_EINVAL);
    ck_assert_msg(strstr(error.text, range->name) != NULL, "\"%s\" does not name %s", error.text,
                  range->name);
    CHECK_CODE(qk_set_policy(store, HALL, &policy, NULL), QK_EINVAL);
    CHECK_CODE(qk_set_policy(store, "room", &policy, NULL), QK_EINVAL);
  }
  CHECK_SAME_POLICY(store, HALL, &odd);
  ck_assert_int_eq(count_queues(store), 1);
  qk_close(store);
}
END_TEST

START_TEST(a_policy_that_nobody_initialised_is_einval)
{
  qk_policy odd = odd_policy(), bad;
  qk_store *store = open_hall(&odd);
  static const int off[] = {-(int)sizeof(qk_policy), -8, -1, 1, 8};
  for (size_t i = 0; i < sizeof off / sizeof off[0]; i++) {
    bad = odd;
    bad.size = (uint32_t)((int)bad.size + off[i]);
    CHECK_CODE(qk_set_policy(store, HALL, &bad, NULL), QK_EINVAL);
  }
  for (int i = 0; i < 8; i++) {
    bad = odd;
    bad.rate = 1;
    bad.reserved[i] = 1;
    CHECK_CODE(qk_set_policy(store, HALL, &bad, NULL), QK_EINVAL);
    CHECK_CODE(qk_set_policy(store, "room", &bad, NULL), QK_EINVAL);
  }
  memset(&bad, 0, sizeof bad);
  CHECK_CODE(qk_set_policy(store, HALL, &bad, NULL), QK_EINVAL);
  CHECK_SAME_POLICY(store, HALL, &odd);
  ck_assert_int_eq(count_queues(store), 1);
  qk_close(store);
}
END_TEST

/* ---- The mode ------------------------------------------------------------------------------------ */

START_TEST(set_policy_sets_the_mode_of_a_new_queue_only)
{
  qk_policy odd = odd_policy();
  qk_store *store = open_hall(&odd);
  for (uint32_t mode = QK_MODE_OPEN; mode <= QK_MODE_BYPASS; mode++) {
    odd.mode = mode;
    odd.rate = mode;
    SET_POLICY(store, &odd);
    odd.mode = QK_MODE_HOLD;
    CHECK_SAME_POLICY(store, HALL, &odd);
  }
  CHECK_OK(qk_remove(store, HALL));
  odd.mode = QK_MODE_DRAIN;
  SET_POLICY(store, &odd);
  CHECK_SAME_POLICY(store, HALL, &odd);
  qk_close(store);
}
END_TEST

START_TEST(set_mode_sets_the_mode_alone)
{
  qk_policy odd = odd_policy();
  qk_store *store = open_hall(&odd);
  for (uint32_t mode = QK_MODE_OPEN; mode <= QK_MODE_BYPASS; mode++) {
    SET_MODE(store, mode);
    odd.mode = mode;
    CHECK_SAME_POLICY(store, HALL, &odd);
    SET_MODE(store, mode);
    CHECK_SAME_POLICY(store, HALL, &odd);
  }
  qk_close(store);
}
END_TEST

START_TEST(an_unknown_mode_is_einval)
{
  qk_policy odd = odd_policy();
  qk_store *store = open_hall(&odd);
  CHECK_CODE(qk_set_mode(store, HALL, QK_MODE_BYPASS + 1), QK_EINVAL);
  CHECK_CODE(qk_set_mode(store, HALL, UINT32_MAX), QK_EINVAL);
  CHECK_CODE(qk_set_mode(store, "room", QK_MODE_BYPASS + 1), QK_EINVAL);
  CHECK_SAME_POLICY(store, HALL, &odd);
  ck_assert_int_eq(count_queues(store), 1);
  qk_close(store);
}
END_TEST

START_TEST(no_deploy_undoes_a_hold)
{
  static const char deploy[] = "{\"hall\": {\"mode\": \"OPEN\", \"max_active\": 100}}";
  qk_policy policy = calm_policy();
  qk_store *store = open_hall(&policy);
  SET_MODE(store, QK_MODE_HOLD);
  ENTER(store, "ann");
  SET_POLICY(store, &policy);
  TICK_ADMITS(store, 0);
  CHECK_OK(qk_load(store, deploy, sizeof deploy - 1, NULL));
  ck_assert_uint_eq(policy_of(store, HALL).max_active, 100);
  TICK_ADMITS(store, 0);
  SET_MODE(store, QK_MODE_OPEN);
  TICK_ADMITS(store, 1);
  qk_close(store);
}
END_TEST

/* ---- Who creates a queue ------------------------------------------------------------------------- */

START_TEST(only_enter_set_policy_and_set_mode_create)
{
  qk_store *store = fixture_open(NULL);
  for (int i = 0; i < QUEUE_CALLS; i++) {
    int code = queue_calls[i].call(store, HALL);
    ck_assert_msg(code == (queue_calls[i].creates ? QK_OK : QK_ENOTFOUND), "%s gives %d", queue_calls[i].name,
                  code);
    ck_assert_msg(count_queues(store) == queue_calls[i].creates, "%s", queue_calls[i].name);
    if (queue_calls[i].creates)
      CHECK_OK(qk_remove(store, HALL));
  }
  for (int i = 0; i < PERSON_CALLS; i++) {
    verb_at(__LINE__, person_calls[i].call, store, HALL, "ann",
            person_calls[i].creates ? QK_OK : QK_ENOTFOUND);
    ck_assert_msg(count_queues(store) == person_calls[i].creates, "%s", person_calls[i].name);
    if (person_calls[i].creates)
      CHECK_OK(qk_remove(store, HALL));
  }
  CHECK_OK(qk_tick(store, NULL, NULL));
  ck_assert_int_eq(count_queues(store), 0);
  qk_close(store);
}
END_TEST

START_TEST(without_create_an_enter_makes_no_queue)
{
  qk_policy policy = calm_policy();
  qk_ticket ticket;
  qk_store *store = open_with_default(&policy, 0);
  qk_op op = make_op(QK_ENTER, HALL, "ann", &ticket);
  for (int i = 0; i < PERSON_CALLS; i++)
    verb_at(__LINE__, person_calls[i].call, store, HALL, "ann", QK_ENOTFOUND);
  CHECK_OK(qk_batch(store, &op, 1));
  ck_assert_int_eq(op.result, QK_ENOTFOUND);
  CHECK_ZERO_TICKET(&ticket, HALL, "ann");
  ck_assert_int_eq(count_queues(store), 0);
  SET_POLICY(store, &policy);
  ENTER(store, "ann");
  CHECK_OK(qk_set_mode(store, "room", QK_MODE_OPEN));
  verb_at(__LINE__, qk_enter, store, "room", "ann", QK_OK);
  CHECK_OK(qk_remove(store, HALL));
  REFUSED(qk_enter, store, "ann", QK_ENOTFOUND);
  qk_close(store);
}
END_TEST

START_TEST(a_new_queue_has_its_makers_default_policy)
{
  qk_policy odd = odd_policy();
  qk_store *store = open_with_default(&odd, 1);
  verb_at(__LINE__, qk_enter, store, "by enter", "ann", QK_OK);
  verb_at(__LINE__, qk_enter, store, "by enter", "bob", QK_OK);
  CHECK_SAME_POLICY(store, "by enter", &odd);
  CHECK_OK(qk_set_mode(store, "by set_mode", QK_MODE_DRAIN));
  odd.mode = QK_MODE_DRAIN;
  CHECK_SAME_POLICY(store, "by set_mode", &odd);
  qk_close(store);
  qk_policy standard;
  qk_policy_init(&standard);
  store = open_with_default(NULL, 1);
  verb_at(__LINE__, qk_enter, store, "by enter", "ann", QK_OK);
  CHECK_SAME_POLICY(store, "by enter", &standard);
  qk_close(store);
}
END_TEST

START_TEST(a_second_host_leaves_the_policy_of_the_first)
{
  qk_policy odd = odd_policy(), calm = calm_policy();
  qk_options options;
  qk_store *store = open_with_default(&odd, 1);
  fixture_options(&options);
  options.policy = &calm;
  qk_store *second = fixture->second(store, &options);
  ENTER(store, "ann");
  verb_at(__LINE__, qk_enter, second, HALL, "bob", QK_OK);
  CHECK_SAME_POLICY(second, HALL, &odd);
  verb_at(__LINE__, qk_enter, second, "room", "bob", QK_OK);
  CHECK_SAME_POLICY(store, "room", &calm);
  CHECK_OK(qk_set_policy(second, HALL, &calm, NULL));
  calm.mode = odd.mode;
  CHECK_SAME_POLICY(store, HALL, &calm);
  qk_close(second);
  qk_close(store);
}
END_TEST

START_TEST(a_refused_enter_creates_no_queue)
{
  static const uint32_t modes[] = {QK_MODE_DRAIN, QK_MODE_CLOSED};
  for (int i = 0; i < 2; i++) {
    qk_policy policy = calm_policy();
    qk_ticket ticket;
    policy.mode = modes[i];
    qk_store *store = open_with_default(&policy, 1);
    memset(&ticket, 0xaa, sizeof ticket);
    CHECK_CODE(qk_enter(store, HALL, "ann", &ticket), QK_ECLOSED);
    ck_assert_uint_gt(ticket.poll_after_ms, 0);
    ticket.poll_after_ms = 0;
    CHECK_ZERO_TICKET(&ticket, HALL, "ann");
    ck_assert_int_eq(count_queues(store), 0);
    SET_MODE(store, QK_MODE_HOLD);
    ENTER(store, "ann");
    qk_close(store);
  }
}
END_TEST

START_TEST(remove_forgets_policy_mode_and_totals)
{
  qk_policy odd = odd_policy(), calm = calm_policy();
  qk_store *store = open_with_default(&calm, 1);
  SET_POLICY(store, &odd);
  uint64_t epoch = ENTER(store, "ann").epoch;
  CHECK_OK(qk_remove(store, HALL));
  CHECK_CODE(qk_remove(store, HALL), QK_ENOTFOUND);
  qk_ticket ticket = ENTER(store, "ann");
  ck_assert(ticket.fresh == 1 && ticket.epoch != epoch);
  CHECK_SAME_POLICY(store, HALL, &calm);
  qk_stats stats = STATS(store);
  ck_assert(stats.entered == 1 && stats.left == 0 && stats.last_number == ticket.number);
  qk_close(store);
}
END_TEST

void add_policy_tests(TCase *tests)
{
  tcase_add_test(tests, a_policy_comes_back_as_it_was_set);
  tcase_add_loop_test(tests, the_ends_of_a_range_are_good, 0, RANGES);
  tcase_add_loop_test(tests, beyond_a_range_is_einval_and_named, 0, RANGES);
  tcase_add_test(tests, a_policy_that_nobody_initialised_is_einval);
  tcase_add_test(tests, set_policy_sets_the_mode_of_a_new_queue_only);
  tcase_add_test(tests, set_mode_sets_the_mode_alone);
  tcase_add_test(tests, an_unknown_mode_is_einval);
  tcase_add_test(tests, no_deploy_undoes_a_hold);
  tcase_add_test(tests, only_enter_set_policy_and_set_mode_create);
  tcase_add_test(tests, without_create_an_enter_makes_no_queue);
  tcase_add_test(tests, a_new_queue_has_its_makers_default_policy);
  if (fixture->second)
    tcase_add_test(tests, a_second_host_leaves_the_policy_of_the_first);
  tcase_add_test(tests, a_refused_enter_creates_no_queue);
  tcase_add_test(tests, remove_forgets_policy_mode_and_totals);
  add_load_tests(tests);
}
