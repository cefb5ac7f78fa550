/* What happens when a backend fails: every slot with every code that it may give, through the public calls.
 */
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <qk.h>
#include "runner.h"
#include "scene.h"
#include "wrap.h"

static const int codes[] = {QK_ENOMEM, QK_ESTORE, QK_ESTATE, QK_EDENIED, QK_EVERSION, QK_EUNKNOWN};

enum {
  CODES = sizeof codes / sizeof codes[0],
  READ_CODES = CODES - 1 /* what reads cannot be unknown */
};

#define FILL 0xa5 /* what is in every out parameter before a call */

static void check_zero(const void *out, size_t size)
{
  const unsigned char *bytes = out;
  for (size_t i = 0; i < size; i++)
    ck_assert_msg(bytes[i] == 0, "byte %zu of what a failed call gives is 0x%02x", i, bytes[i]);
}

/* ---- Verbs --------------------------------------------------------------------------------------- */

/* A verb by name or by token, and its result on the scene. */
static const struct verb {
  verb_function *by_name;
  int (*by_token)(qk_store *store, const char *token, qk_ticket *out);
  const char *user;
} verbs[] = {
    {qk_enter, NULL, "eve"},          {qk_poll, NULL, "cid"},         {qk_activate, NULL, "bob"},
    {qk_extend, NULL, "ann"},         {qk_release, NULL, "dan"},      {NULL, qk_poll_token, "cid"},
    {NULL, qk_activate_token, "bob"}, {NULL, qk_extend_token, "ann"}, {NULL, qk_release_token, "ann"},
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static int call_verb(const struct scene *scene, const struct verb *verb, qk_ticket *out)
{
  if (verb->by_name)
    return verb->by_name(scene->store, HALL, verb->user, out);
  const char *token = strcmp(verb->user, "ann") == 0   ? scene->ann
                      : strcmp(verb->user, "bob") == 0 ? scene->bob
                                                       : scene->cid;
  return verb->by_token(scene->store, token, out);
}

START_TEST(a_verb_whose_slot_fails_reports_the_code_and_changes_nothing)
{
  static char before[SCENE_PICTURE_SIZE], after[SCENE_PICTURE_SIZE];
  struct scene scene;
  scene_open(&scene, "wrap+memory:");
  for (int i = 0; i < VERBS; i++) {
    qk_ticket ticket;
    scene_picture(&scene, before);
    memset(&ticket, FILL, sizeof ticket);
    wrap_fail(WRAP_RUN, 0, WRAP_BEFORE, codes[_i]);
    CHECK_CODE(call_verb(&scene, &verbs[i], &ticket), codes[_i]);
    CHECK_ZERO_TICKET(&ticket, HALL, verbs[i].user);
    CHECK_CODE(call_verb(&scene, &verbs[i], NULL), codes[_i]);
    wrap_reset();
    scene_picture(&scene, after);
    scene_same(before, after, "a verb that failed");
    CHECK_OK(call_verb(&scene, &verbs[i], &ticket));
  }
  scene_close(&scene);
}
END_TEST

START_TEST(a_verb_whose_answer_is_lost_is_unknown_and_may_be_repeated)
{
  struct scene scene;
  qk_ticket ticket;
  scene_open(&scene, "wrap+memory:");
  memset(&ticket, FILL, sizeof ticket);
  wrap_fail(WRAP_RUN, 0, WRAP_AFTER, QK_EUNKNOWN);
  CHECK_CODE(qk_enter(scene.store, HALL, "eve", &ticket), QK_EUNKNOWN);
  CHECK_ZERO_TICKET(&ticket, HALL, "eve");
  wrap_reset();
  CHECK_OK(qk_enter(scene.store, HALL, "eve", &ticket));
  ck_assert_int_eq(ticket.fresh, 0);
  ck_assert_int_eq(ticket.state, QK_WAITING);
  ck_assert_uint_eq(STATS(scene.store).entered, 5);
  scene_close(&scene);
}
END_TEST

static void fill_op(qk_op *op, int32_t verb, const char *user, qk_ticket *ticket)
{
  memset(op, 0, sizeof *op);
  op->size = sizeof *op;
  op->verb = verb;
  op->queue = HALL;
  op->user = user;
  op->ticket = ticket;
  if (ticket)
    memset(ticket, FILL, sizeof *ticket);
}

START_TEST(the_ops_of_a_batch_get_the_code_and_the_batch_is_done)
{
  struct scene scene;
  qk_ticket ticket;
  qk_op ops[3];
  scene_open(&scene, "wrap+memory:");
  fill_op(&ops[0], QK_ENTER, "eve", &ticket);
  fill_op(&ops[1], QK_POLL, "cid", NULL);
  fill_op(&ops[2], QK_TICK, NULL, NULL);
  wrap_fail(WRAP_RUN, 0, WRAP_BEFORE, codes[_i]);
  CHECK_OK(qk_batch(scene.store, ops, 3));
  wrap_reset();
  CHECK_CODE(ops[0].result, codes[_i]);
  CHECK_ZERO_TICKET(&ticket, HALL, "eve");
  CHECK_CODE(ops[1].result, codes[_i]);
  CHECK_OK(ops[2].result);
  CHECK_STATE(scene.store, "eve", QK_NONE);
  scene_close(&scene);
}
END_TEST

/* Reap until count ops are back. */
static void reap(qk_store *store, int count)
{
  qk_op *done[8];
  while (count > 0) {
    int got = qk_reap(store, done, 8, 5000);
    ck_assert_int_gt(got, 0);
    count -= got;
  }
}

static void submit_and_fail(const char *uri, enum wrap_slot slot, int code)
{
  struct scene scene;
  qk_ticket ticket;
  qk_op ops[2];
  qk_op *list[] = {&ops[0], &ops[1]};
  scene_open(&scene, uri);
  fill_op(&ops[0], QK_ENTER, "eve", &ticket);
  fill_op(&ops[1], QK_POLL, "cid", NULL);
  wrap_fail(slot, 0, WRAP_BEFORE, code);
  CHECK_OK(qk_submit(scene.store, list, 2));
  reap(scene.store, 2);
  ck_assert_uint_gt(wrap_struck(), 0);
  wrap_reset();
  CHECK_CODE(ops[0].result, code);
  CHECK_ZERO_TICKET(&ticket, HALL, "eve");
  CHECK_CODE(ops[1].result, code);
  CHECK_STATE(scene.store, "eve", QK_NONE);
  scene_close(&scene);
}

START_TEST(a_submitted_op_comes_back_with_the_code)
{
  submit_and_fail("wrap+memory:", WRAP_RUN, codes[_i]);
  submit_and_fail("late+memory:", WRAP_RUN, codes[_i]);
  submit_and_fail("late+memory:", WRAP_START, codes[_i]);
}
END_TEST

/* ---- The other slots ----------------------------------------------------------------------------- */

static void read_and_fail(const struct scene *scene, enum wrap_when when, int code)
{
  qk_stats stats;
  qk_cursor cursor;
  qk_policy policy;
  qk_ticket line[4];
  memset(&stats, FILL, sizeof stats);
  memset(&cursor, FILL, sizeof cursor);
  memset(&policy, FILL, sizeof policy);
  memset(line, FILL, sizeof line);
  wrap_fail(WRAP_STATS, 0, when, code);
  CHECK_CODE(qk_get_stats(scene->store, HALL, &stats), code);
  check_zero(&stats, sizeof stats);
  wrap_fail(WRAP_CURSOR, 0, when, code);
  CHECK_CODE(qk_get_cursor(scene->store, HALL, &cursor), code);
  check_zero(&cursor, sizeof cursor);
  wrap_fail(WRAP_GET_POLICY, 0, when, code);
  CHECK_CODE(qk_get_policy(scene->store, HALL, &policy), code);
  check_zero(&policy, sizeof policy);
  wrap_fail(WRAP_LIST, 0, when, code);
  CHECK_CODE(qk_list(scene->store, HALL, 0, 0, line, 4), code);
  check_zero(line, sizeof line);
  wrap_reset();
}

START_TEST(a_read_whose_slot_fails_reports_the_code_and_zeroes)
{
  struct scene scene;
  qk_stats stats;
  scene_open(&scene, "wrap+memory:");
  read_and_fail(&scene, WRAP_BEFORE, codes[_i]);
  read_and_fail(&scene, WRAP_AFTER, codes[_i]);
  CHECK_OK(qk_get_stats(scene.store, HALL, &stats));
  ck_assert_uint_eq(stats.waiting, 2);
  scene_close(&scene);
}
END_TEST

static int count_queue(void *arg, const char *queue)
{
  (void)queue;
  ++*(int *)arg;
  return 0;
}

START_TEST(a_walk_over_the_queues_that_fails_reports_the_code)
{
  struct scene scene;
  int seen = 0;
  scene_open(&scene, "wrap+memory:");
  for (int i = 1; i <= 300; i++)
    CHECK_OK(qk_set_mode(scene.store, person(i), QK_MODE_OPEN));
  wrap_fail(WRAP_QUEUES, 1, WRAP_BEFORE, codes[_i]);
  CHECK_CODE(qk_each_queue(scene.store, count_queue, &seen), codes[_i]);
  ck_assert_int_eq(seen, 0);
  wrap_fail(WRAP_QUEUES, 2, WRAP_BEFORE, codes[_i]);
  CHECK_CODE(qk_each_queue(scene.store, count_queue, &seen), codes[_i]);
  ck_assert_int_lt(seen, 302);
  seen = 0;
  CHECK_OK(qk_each_queue(scene.store, count_queue, &seen));
  ck_assert_int_eq(seen, 302);
  scene_close(&scene);
}
END_TEST

START_TEST(a_policy_whose_slot_fails_reports_the_code_and_changes_nothing)
{
  static char before[SCENE_PICTURE_SIZE], after[SCENE_PICTURE_SIZE];
  static const char json[] = "{\"hall\": {\"rate\": 7}}";
  struct scene scene;
  qk_policy policy = calm_policy();
  qk_error err;
  scene_open(&scene, "wrap+memory:");
  scene_picture(&scene, before);
  wrap_fail(WRAP_SET_POLICY, 0, WRAP_BEFORE, codes[_i]);
  CHECK_CODE(qk_set_policy(scene.store, HALL, &policy, &err), codes[_i]);
  ck_assert_int_eq(err.code, codes[_i]);
  ck_assert(err.text[0] != '\0');
  CHECK_CODE(qk_set_mode(scene.store, HALL, QK_MODE_HOLD), codes[_i]);
  CHECK_CODE(qk_load(scene.store, json, sizeof json - 1, &err), codes[_i]);
  ck_assert_int_eq(err.code, codes[_i]);
  wrap_fail(WRAP_REMOVE, 0, WRAP_BEFORE, codes[_i]);
  CHECK_CODE(qk_remove(scene.store, HALL), codes[_i]);
  wrap_reset();
  scene_picture(&scene, after);
  scene_same(before, after, "a policy call that failed");
  CHECK_OK(qk_remove(scene.store, HALL));
  scene_close(&scene);
}
END_TEST

START_TEST(an_open_whose_backend_fails_reports_the_code)
{
  qk_store *store = (qk_store *)&codes;
  qk_options options;
  qk_error err;
  scene_options(&options);
  for (enum wrap_when when = WRAP_BEFORE; when <= WRAP_AFTER; when++) {
    wrap_fail(WRAP_OPEN, 1, when, codes[_i]);
    CHECK_CODE(qk_open(&store, "wrap+memory:", &options, &err), codes[_i]);
    ck_assert_ptr_null(store);
    ck_assert_int_eq(err.code, codes[_i]);
    ck_assert(err.text[0] != '\0');
  }
  CHECK_OK(qk_open(&store, "wrap+memory:", &options, &err));
  qk_close(store);
}
END_TEST

/* With 0, 1, 2, ... descriptors left, until it works. */
START_TEST(an_open_without_descriptors_fails_and_leaks_none)
{
  struct rlimit all, few;
  qk_options options;
  qk_error err;
  qk_store *store = NULL;
  int first = dup(0), spare = 0, code = QK_ESTORE;
  close(first);
  scene_options(&options);
  ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
  for (; spare < 16 && code != QK_OK; spare++) {
    few = all;
    few.rlim_cur = (rlim_t)(first + spare);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    code = qk_open(&store, "late+memory:", &options, &err);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
    ck_assert(code == QK_OK || (code == QK_ESTORE && !store && err.code == code && err.text[0] != '\0'));
    qk_close(store);
    int next = dup(0);
    close(next);
    ck_assert_msg(next == first, "with %d descriptors left one leaks", spare);
  }
  ck_assert(code == QK_OK && spare > 1);
}
END_TEST

/* ---- Ticks --------------------------------------------------------------------------------------- */

START_TEST(a_tick_whose_slot_fails_reports_the_code_and_zeroes)
{
  struct scene scene;
  qk_tick_report report;
  scene_open(&scene, "wrap+memory:");
  memset(&report, FILL, sizeof report);
  wrap_fail(WRAP_TICK_SLICE, 1, WRAP_BEFORE, codes[_i]);
  CHECK_CODE(qk_tick(scene.store, HALL, &report), codes[_i]);
  check_zero(&report, sizeof report);
  CHECK_OK(qk_tick(scene.store, HALL, &report));
  scene_close(&scene);
}
END_TEST

/* In each of five queues one person waits. */
static void open_five(struct scene *scene, const char *uri)
{
  qk_policy policy = calm_policy();
  scene_open(scene, uri);
  CHECK_OK(qk_remove(scene->store, HALL));
  CHECK_OK(qk_remove(scene->store, YARD));
  for (int i = 1; i <= 5; i++) {
    CHECK_OK(qk_set_policy(scene->store, person(i), &policy, NULL));
    CHECK_OK(qk_enter(scene->store, person(i), "ann", NULL));
  }
}

static int count_ready(qk_store *store)
{
  int ready = 0;
  for (int i = 1; i <= 5; i++)
    ready += (int)stats_at(__LINE__, store, person(i)).ready;
  return ready;
}

START_TEST(a_tick_of_every_queue_goes_on_after_one_that_fails)
{
  for (unsigned long nth = 1; nth <= 5; nth++) {
    struct scene scene;
    qk_tick_report report;
    open_five(&scene, "wrap+memory:");
    wrap_fail(WRAP_TICK_SLICE, nth, WRAP_BEFORE, codes[_i]);
    CHECK_CODE(qk_tick(scene.store, NULL, &report), codes[_i]);
    ck_assert_uint_eq(report.admitted, 4);
    ck_assert_int_eq(count_ready(scene.store), 4);
    CHECK_OK(qk_tick(scene.store, NULL, &report));
    ck_assert_uint_eq(report.admitted, 1);
    ck_assert_int_eq(count_ready(scene.store), 5);
    scene_close(&scene);
  }
}
END_TEST

START_TEST(a_tick_of_every_queue_whose_list_fails_reports_the_code)
{
  for (unsigned long nth = 1; nth <= 5; nth++) {
    struct scene scene;
    qk_tick_report report;
    open_five(&scene, "wrap+memory:");
    wrap_reset();
    wrap_fail(WRAP_QUEUES, nth, WRAP_BEFORE, codes[_i]);
    int code = qk_tick(scene.store, NULL, &report);
    if (wrap_struck() > 0) {
      ck_assert_int_eq(code, codes[_i]);
      ck_assert_int_eq(count_ready(scene.store), (int)report.admitted);
      CHECK_OK(qk_tick(scene.store, NULL, &report));
    }
    ck_assert_int_eq(count_ready(scene.store), 5);
    scene_close(&scene);
  }
}
END_TEST

START_TEST(of_several_failing_queues_the_first_code_is_returned)
{
  struct scene scene;
  qk_tick_report report;
  open_five(&scene, "wrap+memory:");
  wrap_reset();
  wrap_fail(WRAP_TICK_SLICE, 2, WRAP_BEFORE, QK_ESTATE);
  wrap_fail(WRAP_TICK_SLICE, 3, WRAP_BEFORE, QK_EDENIED);
  wrap_fail(WRAP_TICK_SLICE, 5, WRAP_BEFORE, QK_ENOMEM);
  CHECK_CODE(qk_tick(scene.store, NULL, &report), QK_ESTATE);
  ck_assert_uint_eq(wrap_calls(WRAP_TICK_SLICE), 5);
  ck_assert_uint_eq(report.admitted, 2);
  CHECK_OK(qk_tick(scene.store, NULL, &report));
  ck_assert_uint_eq(report.admitted, 3);
  scene_close(&scene);
}
END_TEST

/* ---- What calls no slot -------------------------------------------------------------------------- */

START_TEST(verify_token_and_metrics_ask_nobody)
{
  struct scene scene;
  qk_ticket ticket;
  char token[QK_TOKEN_SIZE];
  scene_open(&scene, "late+memory:");
  wrap_reset();
  CHECK_OK(qk_verify(scene.store, scene.bob, &ticket));
  CHECK_OK(qk_token(scene.store, &ticket, token));
  char *text = qk_metrics(scene.store);
  ck_assert_ptr_nonnull(text);
  qk_free(text);
  ck_assert_int_ge(qk_fd(scene.store), 0);
  ck_assert_uint_eq(wrap_all_calls(), 0);
  scene_close(&scene);
}
END_TEST

START_TEST(a_refused_argument_reaches_no_slot)
{
  struct scene scene;
  scene_open(&scene, "wrap+memory:");
  wrap_reset();
  CHECK_CODE(qk_enter(scene.store, HALL, "", NULL), QK_EINVAL);
  CHECK_CODE(qk_enter_class(scene.store, HALL, "eve", 8, NULL), QK_EINVAL);
  CHECK_CODE(qk_poll(scene.store, "\xff", "eve", NULL), QK_EINVAL);
  CHECK_CODE(qk_poll_token(scene.store, "forged", NULL), QK_ETOKEN);
  CHECK_CODE(qk_set_mode(scene.store, HALL, 5), QK_EINVAL);
  CHECK_CODE(qk_load(scene.store, "{\"hall\": {\"rat\": 7}}", 20, NULL), QK_EINVAL);
  ck_assert_uint_eq(wrap_all_calls(), 0);
  scene_close(&scene);
}
END_TEST

START_TEST(submit_does_no_io)
{
  struct scene scene;
  qk_op op;
  qk_op *list[] = {&op};
  scene_open(&scene, "late+memory:");
  fill_op(&op, QK_ENTER, "eve", NULL);
  wrap_reset();
  CHECK_OK(qk_submit(scene.store, list, 1));
  ck_assert_uint_eq(wrap_calls(WRAP_RUN) + wrap_calls(WRAP_PROCESS), 0);
  reap(scene.store, 1);
  ck_assert_uint_eq(wrap_calls(WRAP_RUN), 1);
  scene_close(&scene);
}
END_TEST

/* ---- Ops that are late, ops that are left -------------------------------------------------------- */

START_TEST(an_op_that_nobody_reaps_in_time_comes_back_undone)
{
  struct scene scene;
  struct timespec pause = {.tv_nsec = 80000000};
  qk_options options;
  qk_ticket ticket;
  qk_op op;
  qk_op *list[] = {&op};
  scene_options(&options);
  options.timeout_ms = 40;
  scene_open_with(&scene, "late+memory:", &options);
  fill_op(&op, QK_ENTER, "eve", &ticket);
  CHECK_OK(qk_submit(scene.store, list, 1));
  nanosleep(&pause, NULL);
  reap(scene.store, 1);
  CHECK_CODE(op.result, QK_ESTORE);
  CHECK_ZERO_TICKET(&ticket, HALL, "eve");
  CHECK_STATE(scene.store, "eve", QK_NONE);
  scene_close(&scene);
}
END_TEST

START_TEST(ops_left_at_close_are_handed_back)
{
  struct scene scene;
  qk_ticket tickets[2];
  qk_op ops[2];
  qk_op *list[] = {&ops[0], &ops[1]};
  scene_open(&scene, "late+memory:");
  fill_op(&ops[0], QK_ENTER, "eve", &tickets[0]);
  fill_op(&ops[1], QK_POLL, "cid", &tickets[1]);
  ops[0].result = ops[1].result = 77;
  CHECK_OK(qk_submit(scene.store, list, 2));
  scene_close(&scene);
  for (int i = 0; i < 2; i++) {
    CHECK_CODE(ops[i].result, QK_ESTORE);
    CHECK_ZERO_TICKET(&tickets[i], HALL, ops[i].user);
  }
}
END_TEST

START_TEST(ops_in_flight_at_close_are_unknown)
{
  struct scene scene;
  qk_ticket tickets[2];
  qk_op ops[2];
  qk_op *list[] = {&ops[0], &ops[1]}, *done[2];
  scene_open(&scene, "late+memory:");
  fill_op(&ops[0], QK_ENTER, "eve", &tickets[0]);
  fill_op(&ops[1], QK_POLL, "cid", &tickets[1]);
  late_hold();
  CHECK_OK(qk_submit(scene.store, list, 2));
  CHECK_CODE(qk_reap(scene.store, done, 2, 0), 0);
  scene_close(&scene);
  for (int i = 0; i < 2; i++) {
    CHECK_CODE(ops[i].result, QK_EUNKNOWN);
    CHECK_ZERO_TICKET(&tickets[i], HALL, ops[i].user);
  }
}
END_TEST

static Suite *slots_suite(void)
{
  Suite *suite = suite_create("a backend fails");
  TCase *tests = tcase_create("slots");
  tcase_add_checked_fixture(tests, wrap_reset, NULL);
  tcase_add_loop_test(tests, a_verb_whose_slot_fails_reports_the_code_and_changes_nothing, 0, CODES);
  tcase_add_test(tests, a_verb_whose_answer_is_lost_is_unknown_and_may_be_repeated);
  tcase_add_loop_test(tests, the_ops_of_a_batch_get_the_code_and_the_batch_is_done, 0, CODES);
  tcase_add_loop_test(tests, a_submitted_op_comes_back_with_the_code, 0, CODES);
  tcase_add_loop_test(tests, a_read_whose_slot_fails_reports_the_code_and_zeroes, 0, READ_CODES);
  tcase_add_loop_test(tests, a_walk_over_the_queues_that_fails_reports_the_code, 0, READ_CODES);
  tcase_add_loop_test(tests, a_policy_whose_slot_fails_reports_the_code_and_changes_nothing, 0, CODES);
  tcase_add_loop_test(tests, an_open_whose_backend_fails_reports_the_code, 0, CODES);
  tcase_add_test(tests, an_open_without_descriptors_fails_and_leaks_none);
  tcase_add_loop_test(tests, a_tick_whose_slot_fails_reports_the_code_and_zeroes, 0, CODES);
  tcase_add_loop_test(tests, a_tick_of_every_queue_goes_on_after_one_that_fails, 0, CODES);
  tcase_add_loop_test(tests, a_tick_of_every_queue_whose_list_fails_reports_the_code, 0, READ_CODES);
  tcase_add_test(tests, of_several_failing_queues_the_first_code_is_returned);
  tcase_add_test(tests, verify_token_and_metrics_ask_nobody);
  tcase_add_test(tests, a_refused_argument_reaches_no_slot);
  tcase_add_test(tests, submit_does_no_io);
  tcase_add_test(tests, an_op_that_nobody_reaps_in_time_comes_back_undone);
  tcase_add_test(tests, ops_left_at_close_are_handed_back);
  tcase_add_test(tests, ops_in_flight_at_close_are_unknown);
  suite_add_tcase(suite, tests);
  return suite;
}

int main(void)
{
  if (wrap_register("memory") != QK_OK || late_register("memory") != QK_OK)
    return 1;
  return runner_main(slots_suite());
}
