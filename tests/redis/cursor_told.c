/* Told polls in real time: one host answers from its cursor, another one ticks, and the server goes away for
 * a while. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include "cursor.h"

enum { IDLE_MS = 3000, BEFORE_MS = 2200, AWAY_MS = 4000, AFTER_MS = 3200, STOPPED = 10 };

static struct server *server;
static atomic_int is_over;

/* ---- The other host: it ticks, and keeps the front of the line ---------------------------------------- */

static void keep_front(qk_store *other)
{
  static qk_op ops[LINE_NEAR];
  static char names[LINE_NEAR][16];
  for (int i = 0; i < LINE_NEAR; i++) {
    snprintf(names[i], sizeof names[i], "u%d", i);
    ops[i] = (qk_op){.size = sizeof *ops, .verb = QK_POLL, .queue = HALL, .user = names[i]};
  }
  qk_batch(other, ops, LINE_NEAR);
}

static void *tick_until_over(void *other)
{
  for (int64_t kept_ms = 0; !atomic_load(&is_over);) {
    qk_tick(other, HALL, NULL);
    if (servers_now_ms() - kept_ms >= IDLE_MS / 5) {
      kept_ms = servers_now_ms();
      keep_front(other);
    }
    servers_breathe();
  }
  return NULL;
}

/* ---- This host: people far back poll through the window -------------------------------------------------
 */

struct caller {
  qk_op op;
  qk_ticket ticket;
  int64_t next_ms;
  int is_under_way;
};

static struct caller callers[LINE_FAR];
static long polls, from_cursor, failed;

static void submit_due(qk_store *store, int stopped)
{
  int64_t now_ms = servers_now_ms();
  for (int i = stopped; i < LINE_FAR; i++) {
    struct caller *caller = &callers[i];
    qk_op *op = &caller->op;
    if (caller->is_under_way || caller->next_ms > now_ms)
      continue;
    *op = (qk_op){.size = sizeof *op, .verb = QK_POLL, .token = line_tokens[LINE_NEAR + i]};
    op->ticket = &caller->ticket;
    op->data = caller;
    CHECK_OK(qk_submit(store, &op, 1));
    caller->is_under_way = 1;
    caller->next_ms = now_ms + IDLE_MS / 3;
  }
}

static void take_back(qk_store *store)
{
  qk_op *done[64];
  int n = qk_reap(store, done, 64, 10);
  ck_assert_int_ge(n, 0);
  for (int i = 0; i < n; i++) {
    struct caller *caller = done[i]->data;
    int code = done[i]->result;
    caller->is_under_way = 0;
    polls++;
    from_cursor += code == QK_OK && caller->ticket.estimated;
    failed += code == QK_ESTORE || code == QK_EUNKNOWN;
    ck_assert_msg(code == QK_OK || code == QK_ESTORE || code == QK_EUNKNOWN, "number %d: a poll gives %d",
                  (int)(LINE_NEAR + (caller - callers) + 1), code);
  }
}

static void poll_for(qk_store *store, int64_t span_ms, int stopped)
{
  int64_t until_ms = servers_now_ms() + span_ms;
  while (servers_now_ms() < until_ms) {
    submit_due(store, stopped);
    take_back(store);
  }
}

static void go_away(qk_store *store, int by_kill)
{
  if (by_kill)
    server_kill(server);
  else
    server_pause(server);
  poll_for(store, AWAY_MS, 0);
  if (by_kill)
    server_restart(server);
  else
    server_resume(server);
}

/* Those who stopped have been dropped in the end, and nobody else. */
static void check_line(qk_store *store, int stopped)
{
  qk_stats stats;
  CHECK_OK(qk_get_stats(store, HALL, &stats));
  ck_assert_msg(stats.dropped == (uint64_t)stopped && stats.waiting == (uint64_t)(LINE_ALL - stopped),
                "%llu dropped, %llu waiting", (unsigned long long)stats.dropped,
                (unsigned long long)stats.waiting);
}

static void play(int by_kill)
{
  static const char *const settings[] = {"appendonly", "yes", "appendfsync", "always", NULL};
  pthread_t ticker;
  server = server_start(settings);
  qk_store *store = open_host(server, "cursor_ms=100&timeout_ms=700");
  qk_store *other = open_host(server, "cursor_ms=100&timeout_ms=700");
  make_hall(store, 0, IDLE_MS);
  enter_line(store);
  for (int i = 0; i < LINE_FAR; i++)
    callers[i].next_ms = servers_now_ms() + IDLE_MS / 3 * i / LINE_FAR;
  ck_assert_int_eq(pthread_create(&ticker, NULL, tick_until_over, other), 0);
  poll_for(store, BEFORE_MS, 0);
  check_line(store, 0);
  ck_assert_int_gt(from_cursor, 0);
  go_away(store, by_kill);
  ck_assert_int_gt(failed, 0);
  poll_for(store, AFTER_MS, 0);
  check_line(store, 0);
  poll_for(store, IDLE_MS + IDLE_MS / 6 + 500, STOPPED);
  check_line(store, STOPPED);
  atomic_store(&is_over, 1);
  pthread_join(ticker, NULL);
  printf("%ld polls, %ld from the cursor, %ld failed\n", polls, from_cursor, failed);
  qk_close(store);
  qk_close(other);
  server_stop(server);
}

START_TEST(a_server_that_stands_for_a_while_drops_nobody_who_polls)
{
  play(0);
}
END_TEST

START_TEST(a_server_that_is_started_again_drops_nobody_who_polls)
{
  play(1);
}
END_TEST

void add_told_tests(TCase *tests)
{
  tcase_add_test(tests, a_server_that_stands_for_a_while_drops_nobody_who_polls);
  tcase_add_test(tests, a_server_that_is_started_again_drops_nobody_who_polls);
}
