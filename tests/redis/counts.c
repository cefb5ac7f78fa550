/* What qk_metrics() says of the way to a server: connections, scripts, repeats, bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "calls.h"
#include "faults.h"

/* The value of the first sample of a family whose labels hold label; -1 if there is none. */
static double count_of(qk_store *store, const char *family, const char *label)
{
  char *text = qk_metrics(store);
  size_t len = strlen(family);
  double value = -1;
  ck_assert_ptr_nonnull(text);
  for (char *rest = text, *line; value < 0 && (line = strtok_r(rest, "\n", &rest)) != NULL;)
    if (!strncmp(line, family, len) && line[len] == '{' && strstr(line, label))
      value = strtod(strchr(line, '}') + 1, NULL);
  qk_free(text);
  ck_assert_msg(value >= 0, "there is no %s with %s", family, label);
  return value;
}

#define COUNT_OF(store, name) count_of(store, "libqueue_" name, "")

static qk_store *open_counted(const struct server *server)
{
  qk_policy policy = calm_policy();
  qk_store *store = open_plain(server_uri(server, ""), 2000);
  SET_POLICY(store, &policy);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  return store;
}

START_TEST(a_connection_is_counted_and_one_that_was_cut_again)
{
  struct server *server = server_start(NULL);
  qk_store *store = open_counted(server);
  ck_assert(COUNT_OF(store, "connects_total") == 1);
  ck_assert(COUNT_OF(store, "reconnects_total") == 0);
  server_must(server, "CLIENT KILL TYPE normal SKIPME yes");
  CHECK_OK(qk_enter(store, HALL, "bob", NULL));
  ck_assert(COUNT_OF(store, "connects_total") == 2);
  ck_assert(COUNT_OF(store, "reconnects_total") == 1);
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(a_script_that_the_server_forgot_is_counted)
{
  struct server *server = server_start(NULL);
  qk_store *store = open_counted(server);
  double before = COUNT_OF(store, "script_reloads_total");
  CHECK_OK(qk_enter(store, HALL, "bob", NULL));
  ck_assert(COUNT_OF(store, "script_reloads_total") == before);
  server_must(server, "SCRIPT FLUSH");
  CHECK_OK(qk_enter(store, HALL, "cid", NULL));
  ck_assert(COUNT_OF(store, "script_reloads_total") == before + 1);
  ck_assert(COUNT_OF(store, "redirects_total") == 0);
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(a_call_that_was_sent_again_is_counted)
{
  struct server *server = server_start(NULL);
  qk_store *store = open_counted(server);
  ck_assert(COUNT_OF(store, "repeats_total") == 0);
  server_must(server, "CLIENT PAUSE 1000");
  CHECK_OK(qk_enter(store, HALL, "bob", NULL));
  ck_assert(COUNT_OF(store, "repeats_total") >= 1);
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(calls_are_counted_by_script_with_their_people)
{
  static const char *const users[] = {"bob", "cid", "dan", "eve"};
  struct server *server = server_start(NULL);
  qk_store *store = open_counted(server);
  double calls = count_of(store, "libqueue_script_seconds_count", "\"verbs\"");
  double people = count_of(store, "libqueue_script_people_sum", "\"verbs\"");
  double sent = COUNT_OF(store, "sent_bytes_total"), received = COUNT_OF(store, "received_bytes_total");
  qk_op ops[4];
  for (size_t i = 0; i < 4; i++)
    ops[i] = make_op(QK_ENTER, HALL, users[i], NULL);
  CHECK_OK(qk_batch(store, ops, 4));
  ck_assert(count_of(store, "libqueue_script_seconds_count", "\"verbs\"") == calls + 1);
  ck_assert(count_of(store, "libqueue_script_people_sum", "\"verbs\"") == people + 4);
  ck_assert(COUNT_OF(store, "sent_bytes_total") > sent + 100);
  ck_assert(COUNT_OF(store, "received_bytes_total") > received + 20);
  CHECK_OK(qk_tick(store, HALL, NULL));
  ck_assert(count_of(store, "libqueue_script_seconds_count", "\"tick\"") >= 1);
  ck_assert(count_of(store, "libqueue_script_people_sum", "\"tick\"") == 5);
  qk_close(store);
  server_stop(server);
}
END_TEST

void add_count_tests(TCase *tests)
{
  tcase_add_test(tests, a_connection_is_counted_and_one_that_was_cut_again);
  tcase_add_test(tests, a_script_that_the_server_forgot_is_counted);
  tcase_add_test(tests, a_call_that_was_sent_again_is_counted);
  tcase_add_test(tests, calls_are_counted_by_script_with_their_people);
}
