/* Several threads on one store, and what qk_close does with ops that nobody reaped. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "submit.h"

enum { THREADS = 4, ROUND = 100, ROUNDS = 160, ALL = ROUND * ROUNDS };

static pthread_t start_thread(void *(*run)(void *), void *arg)
{
  pthread_t thread;
  ck_assert_int_eq(pthread_create(&thread, NULL, run, arg), 0);
  return thread;
}

/* ---- Reaping together ---------------------------------------------------------------------------- */

static atomic_int reaped;          /* ops handed out */
static atomic_int handed[OPS_MAX]; /* how often each op was */

static void *reap_until_all_are_here(void *store)
{
  while (reaped < ALL) {
    qk_op *done[7];
    int now = qk_reap(store, done, 7, 20);
    ck_assert_int_ge(now, 0);
    for (int i = 0; i < now; i++)
      handed[done[i] - op]++;
    reaped += now;
  }
  return NULL;
}

START_TEST(several_reapers_share_the_ops)
{
  pthread_t reapers[THREADS];
  qk_store *store = open_patient();
  make_ops(QK_ENTER, 0, ALL);
  for (int i = 0; i < THREADS; i++)
    reapers[i] = start_thread(reap_until_all_are_here, store);
  for (int i = 0; i < ALL; i += ROUND)
    CHECK_OK(qk_submit(store, ops + i, ROUND));
  for (int i = 0; i < THREADS; i++)
    pthread_join(reapers[i], NULL);
  CHECK_IDLE(store);
  for (int i = 0; i < ALL; i++) {
    ck_assert_msg(handed[i] == 1, "op %d is handed out %d times", i, (int)handed[i]);
    ck_assert_uint_eq(tickets[i].position, (uint64_t)i + 1);
  }
  check_results(0, ALL, QK_OK);
  qk_close(store);
}
END_TEST

static void *reap_one(void *store)
{
  qk_op *done[1];
  for (int got = 0; got == 0;)
    got = qk_reap(store, done, 1, -1);
  return done[0];
}

START_TEST(a_submit_wakes_who_waits_in_reap)
{
  qk_store *store = open_hall(NULL);
  make_ops(QK_ENTER, 0, 50);
  for (int i = 0; i < 50; i++) {
    void *got;
    pthread_t reaper = start_thread(reap_one, store);
    CHECK_OK(qk_submit(store, ops + i, 1));
    pthread_join(reaper, &got);
    ck_assert_ptr_eq(got, ops[i]);
  }
  qk_close(store);
}
END_TEST

/* ---- Submitting together ------------------------------------------------------------------------- */

struct submitter {
  qk_store *store;
  int first;
  char queue[32];
};

static void *submit_in_order(void *arg)
{
  struct submitter *own = arg;
  for (int i = 0; i < ALL / THREADS; i += 10)
    if (qk_submit(own->store, ops + own->first + i, 10) != QK_OK)
      return own;
  return NULL;
}

START_TEST(each_submitter_keeps_its_order)
{
  pthread_t threads[THREADS];
  struct submitter submitters[THREADS];
  qk_store *store = open_patient();
  make_ops(QK_ENTER, 0, ALL);
  for (int i = 0; i < THREADS; i++) {
    qk_policy policy = calm_policy();
    submitters[i] = (struct submitter){.store = store, .first = i * (ALL / THREADS)};
    snprintf(submitters[i].queue, sizeof submitters[i].queue, "room %d", i);
    CHECK_OK(qk_set_policy(store, submitters[i].queue, &policy, NULL));
    for (int j = 0; j < ALL / THREADS; j++)
      op[submitters[i].first + j].queue = submitters[i].queue;
  }
  for (int i = 0; i < THREADS; i++)
    threads[i] = start_thread(submit_in_order, &submitters[i]);
  for (int i = 0; i < THREADS; i++) {
    void *failed;
    pthread_join(threads[i], &failed);
    ck_assert_ptr_null(failed);
  }
  REAP_ALL(store, ALL);
  for (int i = 0; i < ALL; i++)
    ck_assert_uint_eq(tickets[i].position, (uint64_t)(i % (ALL / THREADS)) + 1);
  qk_close(store);
}
END_TEST

/* ---- Blocking calls beside ----------------------------------------------------------------------- */

START_TEST(a_blocking_call_takes_no_op_of_others)
{
  qk_op other[2] = {make_op(QK_ENTER, HALL, "ann", NULL), make_op(QK_ENTER, HALL, "bob", NULL)};
  qk_store *store = open_hall(NULL);
  make_ops(QK_ENTER, 0, 20);
  CHECK_OK(qk_submit(store, ops, 20));
  CHECK_OK(qk_batch(store, other, 2));
  ck_assert(other[0].result == QK_OK && other[1].result == QK_OK);
  POLL(store, "ann");
  TICK(store);
  RELEASE(store, "bob");
  ck_assert_int_eq(count_queues(store), 1);
  REAP_ALL(store, 20);
  check_results(0, 20, QK_OK);
  CHECK_IDLE(store);
  qk_close(store);
}
END_TEST

static atomic_int calls_are_over;

/* Blocking polls and batches, whose answers must be their own. Returns NULL if they were. */
static void *call_all_the_time(void *store)
{
  while (!calls_are_over) {
    qk_ticket t[3];
    qk_op two[2] = {make_op(QK_POLL, HALL, "ann", &t[0]), make_op(QK_POLL, HALL, "bob", &t[1])};
    if (qk_batch(store, two, 2) != QK_OK || two[0].result != QK_OK || two[1].result != QK_OK)
      return store;
    if (qk_poll(store, HALL, "bob", &t[2]) != QK_OK)
      return store;
    if (t[0].position != 1 || t[1].position != 2 || t[2].position != 2)
      return store;
  }
  return NULL;
}

START_TEST(blocking_calls_and_reaps_run_side_by_side)
{
  pthread_t threads[THREADS];
  qk_store *store = open_hall(NULL);
  ENTER(store, "ann");
  ENTER(store, "bob");
  calls_are_over = 0;
  for (int i = 0; i < THREADS; i++)
    threads[i] = start_thread(call_all_the_time, store);
  for (int round = 0; round < 40; round++) {
    make_ops(QK_ENTER, 0, ROUND);
    CHECK_OK(qk_submit(store, ops, ROUND));
    REAP_ALL(store, ROUND);
    check_results(0, ROUND, QK_OK);
  }
  calls_are_over = 1;
  for (int i = 0; i < THREADS; i++) {
    void *failed;
    pthread_join(threads[i], &failed);
    ck_assert_ptr_null(failed);
  }
  CHECK_COUNTS(store, 2 + ROUND, 0, 0);
  qk_close(store);
}
END_TEST

/* ---- Whose memory it is -------------------------------------------------------------------------- */

struct heap_op {
  qk_op op;
  qk_ticket ticket;
  char queue[8], user[16];
};

/* A checker of memory sees whoever looks at an op after it was handed back. */
START_TEST(a_reaped_op_may_be_freed_at_once)
{
  enum { OPS = 300 };
  qk_store *store = open_hall(NULL);
  for (int i = 0; i < OPS; i++) {
    struct heap_op *own = malloc(sizeof *own);
    qk_op *pointer;
    ck_assert_ptr_nonnull(own);
    snprintf(own->queue, sizeof own->queue, "%s", HALL);
    snprintf(own->user, sizeof own->user, "u%d", i);
    own->op = make_op(QK_ENTER, own->queue, own->user, &own->ticket);
    own->op.data = own;
    pointer = &own->op;
    CHECK_OK(qk_submit(store, &pointer, 1));
  }
  for (int left = OPS; left > 0; left--) {
    qk_op *done[1];
    ck_assert_int_eq(qk_reap(store, done, 1, PATIENCE_MS), 1);
    struct heap_op *own = done[0]->data;
    ck_assert_int_eq(own->op.result, QK_OK);
    ck_assert_str_eq(own->ticket.user, own->user);
    memset(own, 0xaa, sizeof *own);
    free(own);
  }
  CHECK_COUNTS(store, OPS, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(close_settles_what_was_not_reaped)
{
  enum { PEOPLE = 299, TICK = PEOPLE };
  qk_op *done[10];
  qk_tick_report report;
  qk_store *store = open_hall(NULL);
  make_ops(QK_ENTER, 0, PEOPLE + 1);
  memset(tickets, 0xaa, PEOPLE * sizeof tickets[0]);
  memset(&report, 0xaa, sizeof report);
  op[TICK] = make_op(QK_TICK, HALL, NULL, NULL);
  op[TICK].report = &report;
  CHECK_OK(qk_submit(store, ops, PEOPLE + 1));
  ck_assert_int_gt(qk_reap(store, done, 10, PATIENCE_MS), 0);
  qk_close(store);
  for (int i = 0; i < PEOPLE; i++) {
    if (op[i].result == QK_OK) {
      CHECK_TICKET_SHAPE(&tickets[i]);
      continue;
    }
    ck_assert_msg(op[i].result == QK_ESTORE || op[i].result == QK_EUNKNOWN, "op %d is left with %d", i,
                  op[i].result);
    CHECK_ZERO_TICKET(&tickets[i], HALL, names[i]);
  }
  ck_assert(op[TICK].result == QK_OK || op[TICK].result == QK_ESTORE || op[TICK].result == QK_EUNKNOWN);
  if (op[TICK].result != QK_OK)
    CHECK_ZERO(&report, sizeof report);
}
END_TEST

START_TEST(close_with_nothing_under_way_is_quiet)
{
  qk_store *store = open_hall(NULL);
  qk_close(store);
  store = open_hall(NULL);
  make_ops(QK_ENTER, 0, 10);
  CHECK_OK(qk_submit(store, ops, 10));
  REAP_ALL(store, 10);
  qk_wakeup(store);
  qk_close(store);
  check_results(0, 10, QK_OK);
}
END_TEST

void add_thread_tests(TCase *tests)
{
  tcase_add_test(tests, several_reapers_share_the_ops);
  tcase_add_test(tests, a_submit_wakes_who_waits_in_reap);
  tcase_add_test(tests, each_submitter_keeps_its_order);
  tcase_add_test(tests, a_blocking_call_takes_no_op_of_others);
  tcase_add_test(tests, blocking_calls_and_reaps_run_side_by_side);
  tcase_add_test(tests, a_reaped_op_may_be_freed_at_once);
  tcase_add_test(tests, close_settles_what_was_not_reaped);
  tcase_add_test(tests, close_with_nothing_under_way_is_quiet);
}
