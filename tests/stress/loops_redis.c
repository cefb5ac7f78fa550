/* The hosts of examples/loops on a server that stands still, dies and comes back. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <qk.h>
#include "clients.h"
#include "servers.h"

static const char *const durable[] = {"appendonly", "yes", "appendfsync", "always", NULL};

static const char *uri_of(const struct server *server, const char *settings)
{
  static char uri[256];
  snprintf(uri, sizeof uri, "redis+unix://%s?%s", server->socket, settings);
  return uri;
}

/* The same again and again, as people do, until the store answers with this code. */
struct wish {
  struct client *client;
  const char *line;
  int code;
};

static int comes_true(void *arg)
{
  const struct wish *wish = arg;
  return client_ask(wish->client, "%s", wish->line).code == wish->code;
}

START_TEST(a_server_that_dies_is_found_again)
{
  struct loop_host host;
  struct server *server = server_start(durable);
  host_start(&host, _i, "1", uri_of(server, "timeout_ms=1000"));
  struct client one = client_connect(&host), two = client_connect(&host);
  struct answer ann = client_ask(&one, "enter hall ann");
  CHECK_ANSWER(ann, 0, "READY");
  CHECK_ANSWER(client_ask(&two, "enter hall bob"), 0, "WAITING");
  for (int round = 0; round < 2; round++) {
    struct wish gone = {&one, "poll hall ann", -12}, back = {&one, "poll hall ann", 0};
    server_kill(server);
    wait_until("the store is missed", comes_true, &gone);
    server_restart(server);
    wait_until("the store is back", comes_true, &back);
    struct answer again = client_ask(&two, "poll hall bob");
    CHECK_ANSWER(again, 0, "WAITING");
    ck_assert_uint_eq(again.number, ann.number + 1);
  }
  client_close(&one);
  client_close(&two);
  ck_assert_int_eq(host_end(&host, SIGTERM), 0);
  server_stop(server);
}
END_TEST

static int is_ready(void *arg)
{
  struct client *client = arg;
  return !strcmp(client_ask(client, "poll hall bob").state, "READY");
}

/* Nobody leaves: only a tick can admit. */
START_TEST(the_timer_ticks)
{
  struct loop_host host;
  qk_store *store;
  qk_policy policy;
  struct server *server = server_start(NULL);
  host_start(&host, _i, "1", uri_of(server, ""));
  struct client client = client_connect(&host);
  CHECK_ANSWER(client_ask(&client, "enter hall ann"), 0, "READY");
  CHECK_ANSWER(client_ask(&client, "enter hall bob"), 0, "WAITING");
  ck_assert_int_eq(qk_open(&store, uri_of(server, ""), NULL, NULL), QK_OK);
  ck_assert_int_eq(qk_get_policy(store, "hall", &policy), QK_OK);
  policy.max_active = 2;
  ck_assert_int_eq(qk_set_policy(store, "hall", &policy, NULL), QK_OK);
  wait_until("a tick admits bob", is_ready, &client);
  qk_close(store);
  client_close(&client);
  ck_assert_int_eq(host_end(&host, SIGTERM), 0);
  server_stop(server);
}
END_TEST

static void ask_often(const struct client *client, int times)
{
  for (int i = 0; i < times; i++)
    client_send(client, "enter hall cid\n");
}

/* The window is full of ops of people who went away meanwhile. */
START_TEST(who_goes_away_with_ops_in_flight_does_no_harm)
{
  struct loop_host host;
  struct server *server = server_start(NULL);
  host_start(&host, _i, "1", uri_of(server, "window=8&timeout_ms=60000"));
  struct client stays = client_connect(&host);
  CHECK_ANSWER(client_ask(&stays, "enter hall ann"), 0, "READY");
  host_count_descriptors(&host);
  server_pause(server);
  for (int i = 0; i < 10; i++) {
    struct client goes = client_connect(&host);
    ask_often(&goes, i % 2 ? 3 : 40);
    client_close(&goes);
  }
  client_send(&stays, "poll hall ann\n");
  host_await_rest(&host);
  server_resume(server);
  struct answer answer;
  ck_assert(client_read(&stays, &answer));
  CHECK_ANSWER(answer, 0, "READY");
  CHECK_ANSWER(client_ask(&stays, "poll hall cid"), 0, "WAITING");
  host_await_descriptors(&host);
  client_close(&stays);
  ck_assert_int_eq(host_end(&host, SIGTERM), 0);
  server_stop(server);
}
END_TEST

/* Each of them is answered, and only then the host ends. */
START_TEST(the_end_waits_for_what_is_in_flight)
{
  struct loop_host host;
  struct answer answer;
  struct server *server = server_start(NULL);
  host_start(&host, _i, "1", uri_of(server, "timeout_ms=1000"));
  struct client client = client_connect(&host);
  CHECK_ANSWER(client_ask(&client, "enter hall ann"), 0, "READY");
  server_pause(server);
  ask_often(&client, 5);
  host_await_rest(&host);
  ck_assert_int_eq(host_end(&host, SIGTERM), 0);
  for (int i = 0; i < 5; i++) {
    ck_assert(client_read(&client, &answer));
    ck_assert_msg(answer.code == -12 || answer.code == -13, "an enter gives %d", answer.code);
  }
  ck_assert_int_eq(client_read(&client, &answer), 0);
  ck_assert_int_eq(host_has_socket(&host), 0);
  client_close(&client);
  server_stop(server);
}
END_TEST

START_TEST(a_second_signal_ends_it_at_once)
{
  struct loop_host host;
  struct server *server = server_start(NULL);
  host_start(&host, _i, "1", uri_of(server, "timeout_ms=86400000"));
  struct client client = client_connect(&host);
  CHECK_ANSWER(client_ask(&client, "enter hall ann"), 0, "READY");
  server_pause(server);
  ask_often(&client, 5);
  host_await_rest(&host);
  ck_assert_int_eq(kill(host.pid, SIGTERM), 0);
  host_await_rest(&host);
  ck_assert_int_eq(host_end(&host, SIGINT), 1);
  ck_assert_int_eq(host_has_socket(&host), 0);
  client_close(&client);
  server_stop(server);
}
END_TEST

static void add_tests(TCase *tests)
{
  tcase_add_loop_test(tests, a_server_that_dies_is_found_again, 0, loop_count);
  tcase_add_loop_test(tests, the_timer_ticks, 0, loop_count);
  tcase_add_loop_test(tests, who_goes_away_with_ops_in_flight_does_no_harm, 0, loop_count);
  tcase_add_loop_test(tests, the_end_waits_for_what_is_in_flight, 0, loop_count);
  tcase_add_loop_test(tests, a_second_signal_ends_it_at_once, 0, loop_count);
}

int main(void)
{
  static void (*const adds[])(TCase *) = {add_tests, NULL};
  int status = servers_missing();
  return status ? status : clients_main("loops: redis", adds);
}
