/* Servers that lose what they had, and queues that other hosts remove. */
#include <stdlib.h>
#include <string.h>
#include "cursor.h"

static int is_estimated(qk_store *store, const char *token)
{
  qk_ticket ticket;
  return qk_poll_token(store, token, &ticket) == QK_OK && ticket.estimated;
}

static int is_over(void *store)
{
  return qk_poll_token(store, line_tokens[LINE_ALL - 1], NULL) == QK_EEXPIRED;
}

/* A poll or two bring a view. */
static int is_answered_from_cursor(void *store)
{
  return is_estimated(store, line_tokens[LINE_ALL - 1]);
}

START_TEST(a_server_that_lost_all_is_noticed_in_time)
{
  enum { CURSOR_MS = 300 };
  struct server *server = server_start(NULL);
  qk_store *store = open_host(server, "cursor_ms=300&timeout_ms=400");
  make_hall(store, 0, 0);
  enter_line(store);
  servers_await("the cursor answers", is_answered_from_cursor, store);
  server_kill(server);
  int64_t killed_ms = servers_now_ms(), last_ms = 0;
  while (servers_now_ms() < killed_ms + 8 * CURSOR_MS) {
    int64_t asked_ms = servers_now_ms();
    if (is_estimated(store, line_tokens[LINE_ALL - 1]))
      last_ms = asked_ms;
  }
  ck_assert_msg(last_ms <= killed_ms + 4 * CURSOR_MS, "still told %lld ms later",
                (long long)(last_ms - killed_ms));
  server_restart(server);
  servers_await("the entry is over", is_over, store);
  qk_close(store);
  server_stop(server);
}
END_TEST

/* The server forgets the last 100 of the line, and one more enters. */
START_TEST(numbers_that_were_lost_are_asked_from_the_store)
{
  enum { LOST = 100 };
  qk_ticket ticket;
  qk_cursor cursor;
  char token[QK_TOKEN_SIZE];
  struct server *server = server_start(NULL);
  qk_store *store = open_host(server, "cursor_ms=60000&clock=host");
  make_hall(store, 0, 0);
  enter_line(store);
  for (int i = LINE_ALL - LOST; i < LINE_ALL; i++)
    CHECK_OK(qk_release_token(store, line_tokens[i], NULL));
  server_must(server, "SAVE");
  for (int i = LINE_ALL - LOST; i < LINE_ALL; i++) {
    CHECK_OK(qk_enter(store, HALL, person(i), &ticket));
    CHECK_OK(qk_token(store, &ticket, line_tokens[i]));
  }
  server_restart(server);
  CHECK_OK(qk_enter(store, HALL, "ann", &ticket));
  CHECK_OK(qk_token(store, &ticket, token));
  fixture_advance(60000);
  CHECK_OK(qk_get_cursor(store, HALL, &cursor));
  ck_assert_uint_gt(cursor.lost_to, cursor.lost_from);
  for (int i = LINE_ALL - LOST; i < LINE_ALL; i++)
    CHECK_CODE(qk_poll_token(store, line_tokens[i], NULL), QK_EEXPIRED);
  CHECK_OK(qk_poll_token(store, line_tokens[LINE_ALL - LOST - 1], &ticket));
  ck_assert(ticket.estimated && ticket.position == LINE_ALL - LOST);
  CHECK_OK(qk_poll_token(store, token, &ticket));
  ck_assert_uint_eq(ticket.estimated, 1);
  ck_assert_msg(ticket.position >= LINE_ALL - LOST + 1 && ticket.position <= LINE_ALL + LOST,
                "place %llu behind a gap", (unsigned long long)ticket.position);
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(a_queue_that_another_host_removed_disappears)
{
  struct server *server = server_start(NULL);
  qk_store *store = open_host(server, "cursor_ms=500&clock=host");
  qk_store *other = open_host(server, "cursor_ms=500&clock=host");
  make_hall(store, 0, 0);
  enter_line(store);
  servers_await("the cursor answers", is_answered_from_cursor, store);
  ck_assert(metric(store, "libqueue_waiting", "queue=\"hall\"") == LINE_ALL);
  CHECK_OK(qk_remove(other, HALL));
  fixture_advance(2000);
  for (int i = 0; i < 20; i++)
    CHECK_CODE(qk_poll_token(store, line_tokens[LINE_ALL - 1], NULL), QK_EEXPIRED);
  CHECK_CODE(qk_tick(store, HALL, NULL), QK_ENOTFOUND);
  ck_assert(metric(store, "libqueue_waiting", "queue=\"hall\"") == -1);
  ck_assert(metric(store, "libqueue_tick_seconds_count", "queue=\"hall\"") == -1);
  ck_assert(metric(store, "libqueue_queues", "") == 0);
  qk_close(store);
  qk_close(other);
  server_stop(server);
}
END_TEST

START_TEST(a_queue_that_this_host_removed_disappears_at_once)
{
  struct server *server = server_start(NULL);
  qk_store *store = open_host(server, "cursor_ms=500&clock=host");
  make_hall(store, 0, 0);
  enter_line(store);
  CHECK_OK(qk_tick(store, HALL, NULL));
  ck_assert(metric(store, "libqueue_queues", "") == 1);
  CHECK_OK(qk_remove(store, HALL));
  ck_assert(metric(store, "libqueue_queues", "") == 0);
  CHECK_CODE(qk_poll_token(store, line_tokens[LINE_ALL - 1], NULL), QK_EEXPIRED);
  qk_close(store);
  server_stop(server);
}
END_TEST

void add_life_tests(TCase *tests)
{
  tcase_add_test(tests, a_server_that_lost_all_is_noticed_in_time);
  tcase_add_test(tests, numbers_that_were_lost_are_asked_from_the_store);
  tcase_add_test(tests, a_queue_that_another_host_removed_disappears);
  tcase_add_test(tests, a_queue_that_this_host_removed_disappears_at_once);
}
