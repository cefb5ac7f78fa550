/* What happens when memory runs out: every public call with its first, second, third, ... allocation failing
 * until it succeeds. Each failure is QK_ENOMEM, changes nothing and leaks nothing, and the same call works
 * right after. */
#include <stdio.h>
#include <string.h>
#include <qk.h>
#include "alloc.h"
#include "runner.h"
#include "wrap.h"
#include "examples/backend/naive.h"

const struct alloc_kind alloc_kinds[ALLOC_KINDS] = {{"memory:", 0}, {"memory:", 1},      {"naive:", 0},
                                                    {"naive:", 1},  {"late+memory:", 0}, {"late+memory:", 1}};

/* The call under test. It runs with failing memory, so it asserts nothing: an out parameter besides the
 * ticket that was not zeroed on a failure is DIRTY instead of the code. */
typedef int call_function(struct scene *scene, qk_ticket *out);
#define DIRTY (-1000)

static int with_out(int code, const void *out, size_t size)
{
  const unsigned char *bytes = out;
  for (size_t i = 0; code < 0 && i < size; i++)
    if (bytes[i])
      return DIRTY;
  return code;
}

/* Does the call allocate at all? If it must, a loop without a failure tests nothing. */
enum allocates { MAY, MUST };

void check_no_leak(struct heap_use before)
{
  struct heap_use after = heap_use();
  ck_assert_msg(after.blocks == before.blocks, "%ld blocks leaked", after.blocks - before.blocks);
  ck_assert_msg(after.mapped == before.mapped, "%ld mapped bytes leaked", after.mapped - before.mapped);
}

#define FILL 0xa5 /* what is in a ticket before the call */

/* The ticket of a failed call is zero but for its names; a call that has no ticket did not touch it. */
static void check_zeroed(const qk_ticket *ticket)
{
  qk_ticket filled, rest = *ticket, zero;
  memset(&filled, FILL, sizeof filled);
  memset(&zero, 0, sizeof zero);
  memset(rest.queue, 0, sizeof rest.queue);
  memset(rest.user, 0, sizeof rest.user);
  ck_assert_msg(memcmp(ticket, &filled, sizeof filled) == 0 || memcmp(&rest, &zero, sizeof zero) == 0,
                "a failed call left something in its ticket");
}

/* One round: returns 1 if the call got through, 0 if it was made to fail and failed well. */
static int try_call(const struct alloc_kind *kind, void (*prepare)(struct scene *), call_function *call,
                    unsigned long nth)
{
  static char before[SCENE_PICTURE_SIZE], after[SCENE_PICTURE_SIZE];
  struct scene scene;
  qk_ticket ticket;
  struct heap_use use = heap_use();
  scene_open(&scene, kind->uri);
  if (prepare)
    prepare(&scene);
  scene_picture(&scene, before);
  memset(&ticket, FILL, sizeof ticket);
  heap_fail(nth, kind->onwards);
  int code = call(&scene, &ticket);
  unsigned long refused = heap_calm();
  if (refused > 0) {
    ck_assert_msg(code == QK_ENOMEM, "allocation %lu failed, yet the call gives %d", nth, code);
    check_zeroed(&ticket);
    scene_picture(&scene, after);
    scene_same(before, after, "a failed call");
    code = call(&scene, &ticket);
  }
  ck_assert_msg(code >= 0, "with memory the call gives %d", code);
  scene_close(&scene);
  check_no_leak(use);
  return refused == 0;
}

static void fail_each_after(void (*prepare)(struct scene *), int kind, call_function *call,
                            enum allocates allocates)
{
  unsigned long nth = 1;
  while (nth < ALLOC_LIMIT && !try_call(&alloc_kinds[kind], prepare, call, nth))
    nth++;
  ck_assert_msg(nth < ALLOC_LIMIT, "no end after %lu allocations", nth);
  ck_assert_msg(allocates == MAY || nth > 1, "this call never allocates: the test tests nothing");
}

static void fail_each(int kind, call_function *call, enum allocates allocates)
{
  fail_each_after(NULL, kind, call, allocates);
}

/* ---- Verbs --------------------------------------------------------------------------------------- */

static int enter_new_queue(struct scene *scene, qk_ticket *out)
{
  return qk_enter(scene->store, "attic", "eve", out);
}

START_TEST(an_enter_that_makes_a_queue_fails_whole)
{
  fail_each(_i, enter_new_queue, MUST);
}
END_TEST

static int enter(struct scene *scene, qk_ticket *out)
{
  return qk_enter_class(scene->store, HALL, "eve", 5, out);
}

/* An id too long for a small record. */
static int enter_long(struct scene *scene, qk_ticket *out)
{
  static const char user[] =
      "0123456789012345678901234567890123456789012345678901234567890123456789@example.org";
  return qk_enter(scene->store, HALL, user, out);
}

START_TEST(an_enter_fails_whole)
{
  fail_each(_i, enter, MAY);
  fail_each(_i, enter_long, MAY);
}
END_TEST

static int poll_person(struct scene *scene, qk_ticket *out)
{
  return qk_poll(scene->store, HALL, "cid", out);
}

static int poll_token(struct scene *scene, qk_ticket *out)
{
  return qk_poll_token(scene->store, scene->cid, out);
}

START_TEST(a_poll_fails_whole)
{
  fail_each(_i, poll_person, MAY);
  fail_each(_i, poll_token, MAY);
}
END_TEST

static int activate(struct scene *scene, qk_ticket *out)
{
  return qk_activate(scene->store, HALL, "bob", out);
}

static int activate_token(struct scene *scene, qk_ticket *out)
{
  return qk_activate_token(scene->store, scene->bob, out);
}

START_TEST(an_activate_fails_whole)
{
  fail_each(_i, activate, MAY);
  fail_each(_i, activate_token, MAY);
}
END_TEST

static int extend(struct scene *scene, qk_ticket *out)
{
  return qk_extend(scene->store, HALL, "ann", out);
}

static int extend_token(struct scene *scene, qk_ticket *out)
{
  return qk_extend_token(scene->store, scene->ann, out);
}

START_TEST(an_extend_fails_whole)
{
  fail_each(_i, extend, MAY);
  fail_each(_i, extend_token, MAY);
}
END_TEST

static int release(struct scene *scene, qk_ticket *out)
{
  return qk_release(scene->store, HALL, "ann", out);
}

static int release_token(struct scene *scene, qk_ticket *out)
{
  return qk_release_token(scene->store, scene->cid, out);
}

static void make_eager(struct scene *scene)
{
  qk_policy policy;
  CHECK_OK(qk_get_policy(scene->store, HALL, &policy));
  policy.eager = 1;
  CHECK_OK(qk_set_policy(scene->store, HALL, &policy, NULL));
}

START_TEST(a_release_fails_whole)
{
  fail_each(_i, release, MAY);
  fail_each(_i, release_token, MAY);
  fail_each_after(make_eager, _i, release, MAY);
}
END_TEST

static void let_ann_expire(struct scene *scene)
{
  CHECK_OK(qk_release(scene->store, HALL, "cid", NULL));
  fixture_advance(60000);
}

static int enter_expired(struct scene *scene, qk_ticket *out)
{
  return qk_enter(scene->store, HALL, "ann", out);
}

START_TEST(an_enter_over_a_dead_seat_fails_whole)
{
  fail_each_after(let_ann_expire, _i, enter_expired, MAY);
}
END_TEST

/* ---- Ticks --------------------------------------------------------------------------------------- */

static void add_seats(struct scene *scene)
{
  qk_policy policy;
  CHECK_OK(qk_get_policy(scene->store, HALL, &policy));
  policy.max_active = 10;
  CHECK_OK(qk_set_policy(scene->store, HALL, &policy, NULL));
}

static int tick(struct scene *scene, qk_ticket *out)
{
  qk_tick_report report;
  (void)out;
  memset(&report, 0xff, sizeof report);
  return with_out(qk_tick(scene->store, HALL, &report), &report, sizeof report);
}

START_TEST(a_tick_of_few_people_fails_whole)
{
  fail_each(_i, tick, MAY);
  fail_each_after(add_seats, _i, tick, MAY);
}
END_TEST

static int tick_all(struct scene *scene, qk_ticket *out)
{
  (void)out;
  return qk_tick(scene->store, NULL, NULL);
}

START_TEST(a_tick_of_every_queue_that_moves_nobody_fails_whole)
{
  fail_each(_i, tick_all, MAY);
}
END_TEST

/* ---- Policies ------------------------------------------------------------------------------------ */

static int set_policy(struct scene *scene, qk_ticket *out)
{
  qk_policy policy;
  (void)out;
  qk_policy_init(&policy);
  policy.rate_window_ms = 5000;
  return qk_set_policy(scene->store, HALL, &policy, NULL);
}

static int set_first_policy(struct scene *scene, qk_ticket *out)
{
  qk_policy policy;
  qk_error err;
  (void)out;
  qk_policy_init(&policy);
  int code = qk_set_policy(scene->store, "attic", &policy, &err);
  return code == err.code ? code : DIRTY;
}

static int set_mode(struct scene *scene, qk_ticket *out)
{
  (void)out;
  return qk_set_mode(scene->store, HALL, QK_MODE_HOLD);
}

static int set_first_mode(struct scene *scene, qk_ticket *out)
{
  (void)out;
  return qk_set_mode(scene->store, "attic", QK_MODE_HOLD);
}

START_TEST(a_new_policy_fails_whole)
{
  fail_each(_i, set_policy, MAY);
  fail_each(_i, set_mode, MAY);
  fail_each(_i, set_first_policy, MUST);
  fail_each(_i, set_first_mode, MUST);
}
END_TEST

static int load_text(struct scene *scene, const char *text)
{
  qk_error err;
  int code = qk_load(scene->store, text, strlen(text), &err);
  return code == err.code ? code : DIRTY;
}

static int load_known(struct scene *scene, qk_ticket *out)
{
  (void)out;
  return load_text(scene, "{\"" HALL "\": {\"rate\": 7}, \"" YARD "\": {\"max_active\": 3}}");
}

static int load_new(struct scene *scene, qk_ticket *out)
{
  (void)out;
  return load_text(scene, "{\"attic\": {\"rate\": 7, \"mode\": \"HOLD\"}}");
}

START_TEST(a_load_fails_whole)
{
  fail_each(_i, load_known, MUST);
  fail_each(_i, load_new, MUST);
}
END_TEST

static int get_policy(struct scene *scene, qk_ticket *out)
{
  qk_policy policy;
  (void)out;
  memset(&policy, 0xff, sizeof policy);
  return with_out(qk_get_policy(scene->store, HALL, &policy), &policy, sizeof policy);
}

START_TEST(a_policy_read_fails_whole)
{
  fail_each(_i, get_policy, MAY);
}
END_TEST

static int remove_queue(struct scene *scene, qk_ticket *out)
{
  (void)out;
  return qk_remove(scene->store, HALL);
}

START_TEST(a_remove_fails_whole)
{
  fail_each(_i, remove_queue, MAY);
}
END_TEST

/* ---- Views --------------------------------------------------------------------------------------- */

static int get_stats(struct scene *scene, qk_ticket *out)
{
  qk_stats stats;
  (void)out;
  memset(&stats, 0xff, sizeof stats);
  return with_out(qk_get_stats(scene->store, HALL, &stats), &stats, sizeof stats);
}

static int get_cursor(struct scene *scene, qk_ticket *out)
{
  qk_cursor cursor;
  (void)out;
  memset(&cursor, 0xff, sizeof cursor);
  return with_out(qk_get_cursor(scene->store, HALL, &cursor), &cursor, sizeof cursor);
}

static int list_line(struct scene *scene, qk_ticket *out)
{
  qk_ticket line[4];
  (void)out;
  return qk_list(scene->store, HALL, 0, 0, line, 4);
}

static int ignore_queue(void *arg, const char *queue)
{
  (void)arg;
  (void)queue;
  return 0;
}

static int each_queue(struct scene *scene, qk_ticket *out)
{
  (void)out;
  return qk_each_queue(scene->store, ignore_queue, NULL);
}

START_TEST(a_view_fails_whole)
{
  fail_each(_i, get_stats, MAY);
  fail_each(_i, get_cursor, MAY);
  fail_each(_i, list_line, MAY);
  fail_each(_i, each_queue, MAY);
}
END_TEST

static int verify(struct scene *scene, qk_ticket *out)
{
  qk_ticket ticket;
  char token[QK_TOKEN_SIZE];
  (void)out;
  int code = qk_verify(scene->store, scene->bob, &ticket);
  return code == QK_OK ? qk_token(scene->store, &ticket, token) : with_out(code, &ticket, sizeof ticket);
}

START_TEST(a_token_fails_whole)
{
  fail_each(_i, verify, MAY);
}
END_TEST

/* NULL is how a text says QK_ENOMEM. */
static int with_text(char *text)
{
  int code = text ? QK_OK : QK_ENOMEM;
  qk_free(text);
  return code;
}

static int ticket_json(struct scene *scene, qk_ticket *out)
{
  static const qk_ticket ticket = {.state = QK_WAITING, .queue = HALL, .user = "ann", .position = 1};
  (void)scene;
  (void)out;
  return with_text(qk_ticket_json(&ticket));
}

static int stats_json(struct scene *scene, qk_ticket *out)
{
  static const qk_stats stats = {.waiting = 3, .outflow_per_s = 1.5};
  (void)scene;
  (void)out;
  return with_text(qk_stats_json(&stats));
}

static int policy_json(struct scene *scene, qk_ticket *out)
{
  qk_policy policy;
  (void)scene;
  (void)out;
  qk_policy_init(&policy);
  return with_text(qk_policy_json(&policy));
}

static int cursor_json(struct scene *scene, qk_ticket *out)
{
  static const qk_cursor cursor = {.epoch = 5, .outflow_per_s = -1};
  (void)scene;
  (void)out;
  return with_text(qk_cursor_json(&cursor));
}

static int metrics(struct scene *scene, qk_ticket *out)
{
  (void)out;
  return with_text(qk_metrics(scene->store));
}

START_TEST(a_text_without_memory_is_null)
{
  fail_each(_i, ticket_json, MUST);
  fail_each(_i, stats_json, MUST);
  fail_each(_i, policy_json, MUST);
  fail_each(_i, cursor_json, MUST);
  fail_each(_i, metrics, MAY);
}
END_TEST

/* ---- The suite ----------------------------------------------------------------------------------- */

static Suite *alloc_suite(void)
{
  Suite *suite = suite_create("memory runs out");
  TCase *tests = tcase_create("allocations");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, an_enter_that_makes_a_queue_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, an_enter_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_poll_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, an_activate_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, an_extend_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_release_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, an_enter_over_a_dead_seat_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_tick_of_few_people_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_tick_of_every_queue_that_moves_nobody_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_new_policy_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_load_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_policy_read_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_remove_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_view_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_token_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_text_without_memory_is_null, 0, ALLOC_KINDS);
  add_alloc_many_tests(tests);
  suite_add_tcase(suite, tests);
  return suite;
}

int main(void)
{
  heap_take_jansson();
  if (naive_register() != QK_OK || late_register("memory") != QK_OK)
    return 1;
  return runner_main(alloc_suite());
}
