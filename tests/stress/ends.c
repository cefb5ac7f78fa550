/* How ops end where a server does not answer, and where the store is closed: in time, all of them, and with
 * the truth about what has happened. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "servers.h"
#include "stress.h"

enum {
  OPS = 6000,
  TIMEOUT_MS = 600,
  SLACK_MS = 2000, /* a machine may be busy */
  PATIENCE_MS = 60000,
  QUEUES = 3
};

static const char *const queues[QUEUES] = {"q0", "q1", "q2"};

struct bench {
  struct server *server;
  qk_store *store, *direct; /* direct: sees the truth */
  qk_op op[OPS];
  qk_op *ops[OPS];
  qk_ticket ticket[OPS];
  char user[OPS][16];
  int64_t sent_ms[OPS];
  int returns[OPS];
};

static struct bench bench;

static void set_up(void)
{
  char uri[256];
  memset(&bench, 0, sizeof bench);
  bench.server = server_start(NULL);
  snprintf(uri, sizeof uri, "redis+unix://%s", bench.server->socket);
  bench.store = stress_open(uri, TIMEOUT_MS);
  bench.direct = stress_open(uri, PATIENCE_MS);
  for (int i = 0; i < QUEUES; i++)
    stress_make_queue(bench.direct, queues[i], 100);
  for (int i = 0; i < OPS; i++) {
    qk_op *op = bench.ops[i] = &bench.op[i];
    snprintf(bench.user[i], sizeof bench.user[i], "u%d", i);
    *op = (qk_op){.size = sizeof *op, .verb = i % 5 == 4 ? QK_POLL : QK_ENTER, .result = 1};
    op->queue = queues[i % QUEUES];
    op->user = bench.user[i];
    op->ticket = &bench.ticket[i];
  }
}

static void tear_down(void)
{
  qk_close(bench.direct);
  server_stop(bench.server);
}

static void submit(int first, int count)
{
  for (int i = first; i < first + count; i++)
    bench.sent_ms[i] = servers_now_ms();
  ck_assert_int_eq(qk_submit(bench.store, bench.ops + first, (size_t)count), QK_OK);
}

/* Reap what there is. Returns how many. */
static int reap(void)
{
  qk_op *done[256];
  int got = qk_reap(bench.store, done, 256, 0);
  ck_assert_int_ge(got, 0);
  for (int i = 0; i < got; i++) {
    long index = done[i] - bench.op;
    int64_t took_ms = servers_now_ms() - bench.sent_ms[index];
    bench.returns[index]++;
    ck_assert_msg(took_ms <= TIMEOUT_MS + SLACK_MS, "op %ld comes back after %lld ms", index,
                  (long long)took_ms);
  }
  return got;
}

/* The fd alone says when: it covers deadlines too. */
static void reap_by_fd(int count)
{
  struct pollfd waiting = {.fd = qk_fd(bench.store), .events = POLLIN};
  while (count > 0) {
    ck_assert_msg(poll(&waiting, 1, PATIENCE_MS) == 1, "the fd keeps still with %d ops in flight", count);
    count -= reap();
  }
}

/* Is the person in the queue, as others see it? */
static int is_there(int i)
{
  qk_ticket ticket;
  int code = qk_poll(bench.direct, bench.op[i].queue, bench.user[i], &ticket);
  ck_assert_msg(code == QK_OK || code == QK_ENOTFOUND, "a poll gives %d", code);
  return code == QK_OK;
}

/* After the deadline nothing happens any more: each result of an enter can be held against the truth. */
static void check_truth(int count, int counts[3])
{
  for (int i = 0; i < count; i++) {
    int32_t result = bench.op[i].result;
    if (bench.op[i].verb == QK_POLL) {
      ck_assert_msg(result == QK_ENOTFOUND || result == QK_ESTORE || result == QK_EUNKNOWN, "poll %d: %d", i,
                    result);
      continue;
    }
    ck_assert_msg(result == QK_OK || result == QK_ESTORE || result == QK_EUNKNOWN, "enter %d: %d", i, result);
    if (result != QK_EUNKNOWN)
      ck_assert_msg(is_there(i) == (result == QK_OK), "enter %d gives %d", i, result);
    counts[result == QK_OK ? 0 : result == QK_ESTORE ? 1 : 2]++;
  }
}

static int deadline_is_over(void *arg)
{
  return servers_now_ms() > *(const int64_t *)arg + TIMEOUT_MS + SLACK_MS;
}

START_TEST(a_server_that_stands_still_gets_every_op_back_in_time)
{
  int counts[3] = {0};
  set_up();
  submit(0, 1000);
  reap_by_fd(1000);
  server_pause(bench.server);
  for (int i = 1; i < 6; i++) {
    submit(1000 * i, 1000);
    reap();
  }
  int back = 0;
  for (int i = 0; i < OPS; i++)
    back += bench.returns[i];
  reap_by_fd(OPS - back);
  for (int i = 0; i < OPS; i++)
    ck_assert_int_eq(bench.returns[i], 1);
  server_resume(bench.server);
  check_truth(OPS, counts);
  ck_assert_int_gt(counts[0], 0);
  ck_assert_int_gt(counts[1], 0);
  ck_assert_int_gt(counts[2], 0);
  qk_close(bench.store);
  tear_down();
}
END_TEST

/* Some ops are done and not reaped, some wait for the server, some were never sent. */
START_TEST(closing_tells_what_was_never_sent)
{
  int counts[3] = {0};
  set_up();
  submit(0, 1000);
  while (reap() == 0)
    servers_breathe();
  server_pause(bench.server);
  submit(1000, 4000);
  reap();
  submit(5000, 1000);
  int64_t closed_ms = servers_now_ms();
  qk_close(bench.store);
  server_resume(bench.server);
  ck_assert(servers_wait(deadline_is_over, &closed_ms, PATIENCE_MS));
  check_truth(OPS, counts);
  ck_assert_int_gt(counts[0], 0);
  ck_assert_int_ge(counts[1], 800);
  ck_assert_int_gt(counts[2], 0);
  tear_down();
}
END_TEST

void add_end_tests(TCase *tests)
{
  tcase_add_test(tests, a_server_that_stands_still_gets_every_op_back_in_time);
  tcase_add_test(tests, closing_tells_what_was_never_sent);
}
