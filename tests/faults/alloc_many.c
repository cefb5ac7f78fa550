/* Memory runs out in qk_open, in calls that carry many ops, and while a queue grows. */
#include <string.h>
#include <qk.h>
#include "alloc.h"

/* ---- Open ---------------------------------------------------------------------------------------- */

static int try_open(const struct alloc_kind *kind, unsigned long nth)
{
  static int seen;
  qk_store *store = (qk_store *)&seen;
  struct heap_use use = heap_use();
  qk_options options;
  qk_error err;
  scene_options(&options);
  heap_fail(nth, kind->onwards);
  int code = qk_open(&store, kind->uri, &options, &err);
  unsigned long refused = heap_calm();
  ck_assert_int_eq(err.code, code);
  ck_assert_int_eq(code, refused > 0 ? QK_ENOMEM : QK_OK);
  ck_assert_msg(refused == 0 || store == NULL, "a store was opened, and QK_ENOMEM returned");
  ck_assert_msg(refused == 0 || err.text[0] != '\0', "no text says why");
  if (code == QK_OK)
    qk_close(store);
  check_no_leak(use);
  return refused == 0;
}

START_TEST(an_open_fails_whole)
{
  unsigned long nth = 1;
  while (nth < ALLOC_LIMIT && !try_open(&alloc_kinds[_i], nth))
    nth++;
  ck_assert(nth > 1 && nth < ALLOC_LIMIT);
}
END_TEST

/* ---- Many ops in one call ------------------------------------------------------------------------ */

enum { OPS = 3 };

struct bunch {
  qk_op op[OPS];
  qk_ticket ticket[OPS];
};

static void fill_bunch(struct bunch *bunch)
{
  memset(bunch, 0, sizeof *bunch);
  for (int i = 0; i < OPS; i++) {
    bunch->op[i].size = sizeof bunch->op[i];
    bunch->op[i].verb = QK_ENTER;
    bunch->op[i].ticket = &bunch->ticket[i];
    bunch->op[i].queue = i == 1 ? "attic" : HALL;
  }
  bunch->op[0].user = "eve";
  bunch->op[1].user = "fay";
  bunch->op[2].user = "gus";
}

/* Whoever was told QK_OK is in line, whoever was told QK_ENOMEM is not, and nobody was told anything else. */
static void check_bunch(const struct scene *scene, const struct bunch *bunch)
{
  for (int i = 0; i < OPS; i++) {
    const qk_op *op = &bunch->op[i];
    int there = qk_poll(scene->store, op->queue, op->user, NULL);
    ck_assert_msg(op->result == QK_OK || op->result == QK_ENOMEM, "op %d gives %d", i, op->result);
    ck_assert_int_eq(there, op->result == QK_OK ? QK_OK : QK_ENOTFOUND);
    if (op->result != QK_OK)
      CHECK_ZERO_TICKET(&bunch->ticket[i], op->queue, op->user);
  }
}

static int try_batch(const struct alloc_kind *kind, unsigned long nth)
{
  static char before[SCENE_PICTURE_SIZE], after[SCENE_PICTURE_SIZE];
  struct heap_use use = heap_use();
  struct scene scene;
  struct bunch bunch;
  scene_open(&scene, kind->uri);
  scene_picture(&scene, before);
  fill_bunch(&bunch);
  heap_fail(nth, kind->onwards);
  int code = qk_batch(scene.store, bunch.op, OPS);
  unsigned long refused = heap_calm();
  if (code == QK_OK) {
    check_bunch(&scene, &bunch);
  } else {
    ck_assert_int_eq(code, QK_ENOMEM);
    scene_picture(&scene, after);
    scene_same(before, after, "a failed batch");
  }
  scene_close(&scene);
  check_no_leak(use);
  return refused == 0;
}

START_TEST(an_op_of_a_batch_fails_alone)
{
  unsigned long nth = 1;
  while (nth < ALLOC_LIMIT && !try_batch(&alloc_kinds[_i], nth))
    nth++;
  ck_assert(nth > 1 && nth < ALLOC_LIMIT);
}
END_TEST

static int reap_all(qk_store *store, int wanted)
{
  qk_op *done[OPS];
  int count = 0, got = 1;
  while (count < wanted && got > 0) {
    got = qk_reap(store, done, OPS, 1000);
    count += got > 0 ? got : 0;
  }
  return count;
}

static int try_submit(const struct alloc_kind *kind, unsigned long nth)
{
  struct heap_use use = heap_use();
  struct scene scene;
  struct bunch bunch;
  scene_open(&scene, kind->uri);
  fill_bunch(&bunch);
  qk_op *ops[OPS] = {&bunch.op[0], &bunch.op[1], &bunch.op[2]};
  heap_fail(nth, kind->onwards);
  int code = qk_submit(scene.store, ops, OPS);
  int count = code == QK_OK ? reap_all(scene.store, OPS) : 0;
  unsigned long refused = heap_calm();
  ck_assert_msg(code == QK_OK || code == QK_ENOMEM, "submit gives %d", code);
  if (code == QK_OK) {
    count += reap_all(scene.store, OPS - count);
    ck_assert_int_eq(count, OPS);
    check_bunch(&scene, &bunch);
  }
  scene_close(&scene);
  check_no_leak(use);
  return refused == 0;
}

START_TEST(a_submitted_op_fails_alone_and_comes_back)
{
  unsigned long nth = 1;
  while (nth < ALLOC_LIMIT && !try_submit(&alloc_kinds[_i], nth))
    nth++;
  ck_assert(nth > 1 && nth < ALLOC_LIMIT);
}
END_TEST

/* ---- Growth -------------------------------------------------------------------------------------- */

enum { CROWD = 700 }; /* several blocks and pages of a store that keeps people in such */

/* Fail call's first, second, ... allocation in one and the same store until it gets through; after each
 * failure the queue is as it was. Returns how often it failed. */
static unsigned long until_it_works(qk_store *store, int (*call)(qk_store *, int), int number)
{
  qk_stats before, after;
  unsigned long refused = 1, failures = 0;
  CHECK_OK(qk_get_stats(store, HALL, &before));
  for (unsigned long nth = 1; refused > 0; nth++) {
    ck_assert(nth < ALLOC_LIMIT);
    heap_fail(nth, 0);
    int code = call(store, number);
    refused = heap_calm();
    ck_assert_int_eq(code, refused > 0 ? QK_ENOMEM : QK_OK);
    if (refused == 0)
      break;
    failures++;
    CHECK_OK(qk_get_stats(store, HALL, &after));
    ck_assert_mem_eq(&before, &after, sizeof before);
  }
  return failures;
}

static int enter_person(qk_store *store, int number)
{
  return qk_enter(store, HALL, person(number), NULL);
}

static int tick_hall(qk_store *store, int number)
{
  (void)number;
  return qk_tick(store, HALL, NULL);
}

static void check_order(qk_store *store, int first)
{
  static qk_ticket line[CROWD];
  int count = qk_list(store, HALL, 0, 0, line, CROWD);
  ck_assert_int_eq(count, CROWD - first + 1);
  for (int i = 0; i < count; i++)
    ck_assert_str_eq(line[i].user, person(first + i));
}

/* Nobody in it, and no seat. */
static void open_empty_hall(struct scene *scene, const struct alloc_kind *kind)
{
  qk_policy policy = calm_policy();
  policy.max_active = 0;
  scene_open(scene, kind->uri);
  CHECK_OK(qk_remove(scene->store, HALL));
  SET_POLICY(scene->store, &policy);
}

START_TEST(a_growing_line_loses_nobody)
{
  struct heap_use use = heap_use();
  unsigned long failures = 0;
  struct scene scene;
  open_empty_hall(&scene, &alloc_kinds[_i]);
  for (int i = 1; i <= CROWD; i++)
    failures += until_it_works(scene.store, enter_person, i);
  ck_assert(failures > 0);
  check_order(scene.store, 1);
  scene_close(&scene);
  check_no_leak(use);
}
END_TEST

/* One more seat per tick, so that each tick is one admission. */
START_TEST(growing_seats_lose_nobody)
{
  struct heap_use use = heap_use();
  qk_policy policy = calm_policy();
  struct scene scene;
  open_empty_hall(&scene, &alloc_kinds[_i]);
  enter_crowd(scene.store, 1, CROWD);
  for (int i = 1; i < CROWD; i++) {
    policy.max_active = (uint64_t)i;
    SET_POLICY(scene.store, &policy);
    until_it_works(scene.store, tick_hall, 0);
    CHECK_STATE(scene.store, person(i), QK_READY);
  }
  check_order(scene.store, CROWD);
  scene_close(&scene);
  check_no_leak(use);
}
END_TEST

/* ---- Events -------------------------------------------------------------------------------------- */

static void count_event(void *arg, const qk_event *event)
{
  (void)event;
  ++*(int *)arg;
}

START_TEST(an_event_without_memory_is_dropped_and_the_call_goes_on)
{
  struct heap_use use = heap_use();
  unsigned long refused = 1;
  int events = 0, done = 0, dropped = 0;
  qk_options options;
  struct scene scene;
  scene_options(&options);
  options.on_event = count_event;
  options.event_arg = &events;
  scene_open_with(&scene, alloc_kinds[_i].uri, &options);
  events = 0;
  for (unsigned long nth = 1; refused > 0; nth++) {
    ck_assert(nth < ALLOC_LIMIT);
    heap_fail(nth, alloc_kinds[_i].onwards);
    int code = enter_person(scene.store, (int)nth);
    refused = heap_calm();
    ck_assert_msg(code == QK_OK || (refused > 0 && code == QK_ENOMEM), "an enter gives %d", code);
    done += code == QK_OK;
    dropped += code == QK_OK && refused > 0;
  }
  ck_assert_int_gt(dropped, 0);
  ck_assert_int_eq(events, done - dropped);
  scene_close(&scene);
  check_no_leak(use);
}
END_TEST

void add_alloc_many_tests(TCase *tests)
{
  tcase_add_loop_test(tests, an_open_fails_whole, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, an_op_of_a_batch_fails_alone, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_submitted_op_fails_alone_and_comes_back, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, a_growing_line_loses_nobody, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, growing_seats_lose_nobody, 0, ALLOC_KINDS);
  tcase_add_loop_test(tests, an_event_without_memory_is_dropped_and_the_call_goes_on, 0, ALLOC_KINDS);
}
