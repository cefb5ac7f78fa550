/* One thread, where everything can be said exactly: what a full window takes, and what the fd says. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "stress.h"

enum { WINDOW = 64, OPS = 2 * WINDOW, PATIENCE_MS = 60000 };

static open_function *const *stores;

struct bench {
  qk_store *store;
  qk_op op[OPS], before[OPS];
  qk_op *ops[OPS];
  qk_ticket ticket[OPS];
  char user[OPS][16];
  int returns[OPS]; /* how often each has come back */
};

static void set_up(struct bench *bench, int store, const char *settings)
{
  memset(bench, 0, sizeof *bench);
  bench->store = stores[store](settings);
  stress_make_queue(bench->store, "q", 10);
  for (int i = 0; i < OPS; i++) {
    qk_op *op = bench->ops[i] = &bench->op[i];
    snprintf(bench->user[i], sizeof bench->user[i], "u%d", i);
    *op = (qk_op){.size = sizeof *op, .verb = QK_ENTER, .result = 1, .queue = "q", .user = bench->user[i]};
    op->ticket = &bench->ticket[i];
    bench->before[i] = *op;
  }
}

static int submit(struct bench *bench, int first, int count)
{
  return qk_submit(bench->store, bench->ops + first, (size_t)count);
}

/* Nothing has been written to these. */
static void check_untouched(const struct bench *bench, int first, int count)
{
  static const qk_ticket blank;
  for (int i = first; i < first + count; i++) {
    ck_assert_int_eq(memcmp(&bench->op[i], &bench->before[i], sizeof bench->op[i]), 0);
    ck_assert_int_eq(memcmp(&bench->ticket[i], &blank, sizeof blank), 0);
  }
}

/* Reap exactly count, waiting for each. */
static void reap(struct bench *bench, int count)
{
  while (count > 0) {
    qk_op *done[OPS];
    int got = qk_reap(bench->store, done, (size_t)count, PATIENCE_MS);
    ck_assert_int_gt(got, 0);
    ck_assert_int_le(got, count);
    for (int i = 0; i < got; i++) {
      ck_assert_int_eq(done[i]->result, QK_OK);
      bench->returns[done[i] - bench->op]++;
    }
    count -= got;
  }
}

static void check_returns(const struct bench *bench, int count)
{
  for (int i = 0; i < OPS; i++)
    ck_assert_int_eq(bench->returns[i], i < count);
}

START_TEST(a_full_window_takes_nothing_and_has_room_for_what_was_reaped)
{
  struct bench bench;
  set_up(&bench, _i, "window=64");
  ck_assert_int_eq(submit(&bench, 0, WINDOW + 1), QK_EINVAL);
  ck_assert_int_eq(submit(&bench, 0, WINDOW - 1), QK_OK);
  ck_assert_int_eq(submit(&bench, WINDOW - 1, 2), QK_EAGAIN);
  check_untouched(&bench, WINDOW - 1, 2);
  ck_assert_int_eq(submit(&bench, WINDOW - 1, 1), QK_OK);
  int taken = WINDOW;
  for (int room = 1; taken + room < OPS; taken += room++) {
    ck_assert_int_eq(submit(&bench, taken, 1), QK_EAGAIN);
    reap(&bench, room);
    ck_assert_int_eq(submit(&bench, taken, room + 1), QK_EAGAIN);
    check_untouched(&bench, taken, room + 1);
    ck_assert_int_eq(submit(&bench, taken, room), QK_OK);
  }
  reap(&bench, WINDOW);
  check_returns(&bench, taken);
  qk_close(bench.store);
}
END_TEST

/* poll() with nothing else to wake it: a wake-up that is lost shows as a hang. */
START_TEST(the_fd_tells_of_every_op)
{
  struct bench bench;
  set_up(&bench, _i, "window=128");
  struct pollfd waiting = {.fd = qk_fd(bench.store), .events = POLLIN};
  for (int round = 0; round < 200 * stress_rounds(); round++) {
    int count = 1 + round % OPS;
    for (int i = 0; i < count; i++)
      bench.op[i].verb = round == 0 ? QK_ENTER : QK_POLL;
    ck_assert_int_eq(submit(&bench, 0, count), QK_OK);
    for (int left = count, got; left > 0; left -= got) {
      qk_op *done[7];
      ck_assert_msg(poll(&waiting, 1, PATIENCE_MS) == 1, "the fd keeps still with %d of %d ops in flight",
                    left, count);
      got = qk_reap(bench.store, done, 7, 0);
      ck_assert_int_ge(got, 0);
    }
  }
  qk_close(bench.store);
}
END_TEST

START_TEST(closing_hands_back_every_op)
{
  struct bench bench;
  set_up(&bench, _i, "window=128");
  ck_assert_int_eq(submit(&bench, 0, OPS / 2), QK_OK);
  reap(&bench, 10);
  ck_assert_int_eq(submit(&bench, OPS / 2, OPS / 2), QK_OK);
  qk_close(bench.store);
  int done = 0;
  for (int i = 0; i < OPS; i++) {
    int32_t result = bench.op[i].result;
    ck_assert_msg(result == QK_OK || result == QK_ESTORE || result == QK_EUNKNOWN, "op %d: %d", i, result);
    ck_assert(result == QK_OK || bench.ticket[i].number == 0);
    done += result == QK_OK;
  }
  ck_assert_int_ge(done, 10);
}
END_TEST

void add_window_tests(TCase *tests, open_function *const *opens, int count)
{
  stores = opens;
  tcase_add_loop_test(tests, a_full_window_takes_nothing_and_has_room_for_what_was_reaped, 0, count);
  tcase_add_loop_test(tests, the_fd_tells_of_every_op, 0, count);
  tcase_add_loop_test(tests, closing_hands_back_every_op, 0, count);
}
