/* Which polls a Redis server is asked for, and how often views are. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cursor.h"

enum { MILLION = 1000000 };

static struct server *server;
static qk_store *store;

/* A host whose view is here, and stays: its clock stands. */
static void open_standing(uint64_t max_active)
{
  qk_cursor cursor;
  server = server_start(NULL);
  store = open_host(server, "cursor_ms=60000&clock=host");
  make_hall(store, max_active, 0);
  enter_line(store);
  CHECK_OK(qk_get_cursor(store, HALL, &cursor));
}

static void close_standing(void)
{
  qk_close(store);
  server_stop(server);
}

/* One poll by token, and whether the cursor answered it. */
static qk_ticket poll_of(qk_store *host, const char *token, int estimated)
{
  qk_ticket ticket;
  memset(&ticket, 0x5a, sizeof ticket);
  CHECK_OK(qk_poll_token(host, token, &ticket));
  CHECK_TICKET_SHAPE(&ticket);
  ck_assert_msg((int)ticket.estimated == estimated, "number %llu: estimated is %u",
                (unsigned long long)ticket.number, ticket.estimated);
  return ticket;
}

static const char *last_token(void)
{
  return line_tokens[LINE_ALL - 1];
}

START_TEST(a_million_polls_from_far_back_send_no_command)
{
  open_standing(0);
  qk_ticket ticket = {0};
  uint64_t estimated = 0;
  long long before = commands_done(server);
  for (int i = 0; i < MILLION; i++) {
    int code = qk_poll_token(store, line_tokens[LINE_NEAR + i % LINE_FAR], &ticket);
    estimated += code == QK_OK && ticket.estimated;
  }
  ck_assert_int_eq(commands_done(server) - before, 0);
  ck_assert_uint_eq(estimated, MILLION);
  ck_assert(metric(store, "libqueue_token_polls_total", "source=\"cursor\"") == MILLION);
  close_standing();
}
END_TEST

START_TEST(the_answer_is_that_of_the_store)
{
  open_standing(0);
  for (int i = LINE_NEAR; i < LINE_ALL; i++) {
    char name[16];
    qk_ticket told = poll_of(store, line_tokens[i], 1), exact;
    snprintf(name, sizeof name, "u%d", i);
    CHECK_OK(qk_poll(store, HALL, name, &exact));
    told.estimated = 0;
    CHECK_SAME_TICKET(&told, &exact);
  }
  CHECK_OK(qk_poll_token(store, last_token(), NULL));
  close_standing();
}
END_TEST

START_TEST(near_the_front_the_store_is_asked)
{
  open_standing(0);
  poll_of(store, line_tokens[0], 0);
  poll_of(store, line_tokens[999], 0);
  poll_of(store, line_tokens[1000], 1);
  close_standing();
}
END_TEST

START_TEST(seats_are_asked_from_the_store)
{
  qk_ticket ticket;
  char token[QK_TOKEN_SIZE];
  open_standing(2);
  CHECK_OK(qk_tick(store, HALL, NULL));
  CHECK_OK(qk_poll(store, HALL, "u0", &ticket));
  ck_assert_int_eq(ticket.state, QK_READY);
  CHECK_OK(qk_token(store, &ticket, token));
  poll_of(store, token, 0);
  CHECK_OK(qk_activate(store, HALL, "u0", &ticket));
  CHECK_OK(qk_token(store, &ticket, token));
  ck_assert_int_eq(poll_of(store, token, 0).state, QK_ACTIVE);
  close_standing();
}
END_TEST

START_TEST(who_entered_after_the_view_is_asked_from_the_store)
{
  qk_ticket ticket;
  char token[QK_TOKEN_SIZE];
  open_standing(0);
  CHECK_OK(qk_enter(store, HALL, "ann", &ticket));
  CHECK_OK(qk_token(store, &ticket, token));
  poll_of(store, token, 0);
  close_standing();
}
END_TEST

START_TEST(a_token_of_an_earlier_life_is_over)
{
  char(*old)[QK_TOKEN_SIZE];
  qk_cursor cursor;
  open_standing(0);
  old = line_tokens;
  line_tokens = NULL;
  CHECK_OK(qk_remove(store, HALL));
  make_hall(store, 0, 0);
  enter_line(store);
  fixture_advance(60000);
  CHECK_OK(qk_get_cursor(store, HALL, &cursor));
  poll_of(store, last_token(), 1);
  CHECK_CODE(qk_poll_token(store, old[LINE_ALL - 1], NULL), QK_EEXPIRED);
  free(old);
  close_standing();
}
END_TEST

START_TEST(cursor_ms_0_always_asks)
{
  server = server_start(NULL);
  store = open_host(server, "cursor_ms=0&clock=host");
  make_hall(store, 0, 0);
  enter_line(store);
  CHECK_OK(qk_tick(store, HALL, NULL));
  long long before = commands_done(server);
  for (int i = 0; i < 50; i++)
    poll_of(store, last_token(), 0);
  ck_assert_int_ge(commands_done(server) - before, 50);
  close_standing();
}
END_TEST

START_TEST(the_cursor_is_kept_for_cursor_ms)
{
  qk_cursor first, second;
  open_standing(0);
  CHECK_OK(qk_get_cursor(store, HALL, &first));
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  long long before = commands_done(server);
  fixture_advance(59999);
  CHECK_OK(qk_get_cursor(store, HALL, &second));
  ck_assert_int_eq(commands_done(server) - before, 0);
  ck_assert_mem_eq(&first, &second, sizeof first);
  fixture_advance(1);
  CHECK_OK(qk_get_cursor(store, HALL, &second));
  ck_assert_uint_eq(second.last, first.last + 1);
  ck_assert_int_gt(commands_done(server) - before, 0);
  close_standing();
}
END_TEST

/* ---- Ops ------------------------------------------------------------------------------------------- */

START_TEST(ops_are_answered_from_the_cursor_too)
{
  enum { OPS = 200 };
  static qk_ticket tickets[OPS];
  static qk_op ops[OPS], *refs[OPS], *done[OPS];
  open_standing(0);
  for (int i = 0; i < OPS; i++) {
    ops[i] = (qk_op){.size = sizeof *ops, .verb = QK_POLL, .token = line_tokens[LINE_NEAR + i]};
    ops[i].ticket = &tickets[i];
    refs[i] = &ops[i];
  }
  long long before = commands_done(server);
  CHECK_OK(qk_batch(store, ops, OPS));
  for (int i = 0; i < OPS; i++)
    ck_assert(ops[i].result == QK_OK && tickets[i].estimated &&
              tickets[i].number == (uint64_t)(LINE_NEAR + i + 1));
  memset(tickets, 0, sizeof tickets);
  CHECK_OK(qk_submit(store, refs, OPS));
  int n = 0;
  while (n < OPS) {
    int got = qk_reap(store, done + n, (size_t)(OPS - n), 10000);
    ck_assert_int_gt(got, 0);
    n += got;
  }
  for (int i = 0; i < OPS; i++)
    ck_assert(done[i] == &ops[i] && ops[i].result == QK_OK && tickets[i].estimated);
  ck_assert_int_eq(commands_done(server) - before, 0);
  close_standing();
}
END_TEST

START_TEST(a_batch_may_ask_both)
{
  qk_ticket tickets[4];
  open_standing(0);
  qk_op ops[] = {{.size = sizeof *ops, .verb = QK_POLL, .token = last_token()},
                 {.size = sizeof *ops, .verb = QK_ENTER, .queue = HALL, .user = "ann"},
                 {.size = sizeof *ops, .verb = QK_POLL, .token = line_tokens[0]},
                 {.size = sizeof *ops, .verb = QK_POLL, .token = line_tokens[LINE_NEAR]}};
  for (int i = 0; i < 4; i++)
    ops[i].ticket = &tickets[i];
  CHECK_OK(qk_batch(store, ops, 4));
  for (int i = 0; i < 4; i++)
    ck_assert(ops[i].result == QK_OK && tickets[i].estimated == (i == 0 || i == 3));
  ck_assert(tickets[1].fresh == 1 && tickets[2].position == 1 && tickets[3].number == LINE_NEAR + 1);
  close_standing();
}
END_TEST

START_TEST(a_child_of_fork_may_not_poll)
{
  int status;
  open_standing(0);
  poll_of(store, last_token(), 1);
  pid_t child = fork();
  if (child == 0)
    _exit(qk_poll_token(store, last_token(), NULL) == QK_EFORK && !qk_metrics(store) ? 0 : 1);
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  poll_of(store, last_token(), 1);
  close_standing();
}
END_TEST

/* ---- Refreshing -------------------------------------------------------------------------------------- */

enum { THREADS = 4, SPAN_MS = 1000, CURSOR_MS = 50 };

static atomic_int is_over, wrong;

static void *poll_all_the_time(void *arg)
{
  qk_ticket ticket;
  for (unsigned i = (unsigned)(uintptr_t)arg; !atomic_load(&is_over); i++)
    if (qk_poll_token(store, line_tokens[LINE_NEAR + i % LINE_FAR], &ticket) != QK_OK)
      atomic_fetch_add(&wrong, 1);
  return NULL;
}

static int span_is_over(void *until_ms)
{
  return servers_now_ms() >= *(int64_t *)until_ms;
}

static double count_views(void)
{
  return metric(store, "libqueue_script_seconds_count", "script=\"view\"");
}

START_TEST(views_are_asked_for_once_in_cursor_ms)
{
  pthread_t threads[THREADS];
  server = server_start(NULL);
  store = open_host(server, "cursor_ms=50");
  make_hall(store, 0, 0);
  enter_line(store);
  double views = count_views();
  int64_t from_ms = servers_now_ms(), until_ms = from_ms + SPAN_MS;
  for (uintptr_t i = 0; i < THREADS; i++)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, poll_all_the_time, (void *)i), 0);
  servers_await("a second passes", span_is_over, &until_ms);
  atomic_store(&is_over, 1);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  double spans = (double)(servers_now_ms() - from_ms) / CURSOR_MS;
  views = count_views() - views;
  ck_assert_msg(views <= spans + 1, "%.0f views in %.0f spans of cursor_ms", views, spans);
  ck_assert_msg(views >= 2, "%.0f views in %.0f spans of cursor_ms", views, spans);
  ck_assert_int_eq(wrong, 0);
  ck_assert(metric(store, "libqueue_token_polls_total", "source=\"cursor\"") > 0);
  close_standing();
}
END_TEST

void add_answer_tests(TCase *tests)
{
  tcase_add_test(tests, a_million_polls_from_far_back_send_no_command);
  tcase_add_test(tests, the_answer_is_that_of_the_store);
  tcase_add_test(tests, near_the_front_the_store_is_asked);
  tcase_add_test(tests, seats_are_asked_from_the_store);
  tcase_add_test(tests, who_entered_after_the_view_is_asked_from_the_store);
  tcase_add_test(tests, a_token_of_an_earlier_life_is_over);
  tcase_add_test(tests, cursor_ms_0_always_asks);
  tcase_add_test(tests, the_cursor_is_kept_for_cursor_ms);
  tcase_add_test(tests, ops_are_answered_from_the_cursor_too);
  tcase_add_test(tests, a_batch_may_ask_both);
  tcase_add_test(tests, a_child_of_fork_may_not_poll);
  tcase_add_test(tests, views_are_asked_for_once_in_cursor_ms);
}
