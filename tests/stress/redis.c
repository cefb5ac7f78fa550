/* Submit and reap at full load on a real server, undisturbed and in every kind of trouble. */
#include <stddef.h>
#include <stdio.h>
#include "fake.h"
#include "servers.h"
#include "stress.h"

static const char *const durable[] = {"appendonly", "yes", "appendfsync", "always", NULL};

static const char *uri_of(const struct server *server, int window)
{
  static char uri[256];
  snprintf(uri, sizeof uri, "redis+unix://%s?window=%d", server->socket, window);
  return uri;
}

/* A few thousand people, for a store that is disturbed. */
static struct stress_plan plan_for(const char *uri, uint32_t timeout_ms)
{
  return (struct stress_plan){.uri = uri,
                              .timeout_ms = timeout_ms,
                              .people = 4000,
                              .queues = 4,
                              .seats = 300,
                              .batch = 256,
                              .ops = 60000,
                              .submitters = 2,
                              .pollers = 1,
                              .waiters = 1,
                              .lookers = 1};
}

/* ---- Undisturbed ----------------------------------------------------------------------------------- */

START_TEST(a_hundred_thousand_ops_in_flight_come_back_once)
{
  struct server *server = server_start(NULL);
  struct stress_plan plan = plan_for(uri_of(server, 131072), 60000);
  plan.people = 100000;
  plan.queues = 8;
  plan.seats = 2000;
  plan.batch = 512;
  plan.ops = 200000;
  plan.floods = 1;
  struct stress_report report = stress_run(&plan);
  ck_assert_int_eq(report.peak, 100000);
  ck_assert_uint_gt(report.ticks, 0);
  server_stop(server);
}
END_TEST

START_TEST(a_window_that_is_always_full_loses_nothing)
{
  struct server *server = server_start(NULL);
  struct stress_plan plan = plan_for(uri_of(server, 64), 60000);
  plan.people = 2000;
  plan.batch = 64;
  plan.submitters = 3;
  plan.ops = 30000;
  struct stress_report report = stress_run(&plan);
  ck_assert_int_gt(report.full, 0);
  server_stop(server);
}
END_TEST

/* ---- In trouble ------------------------------------------------------------------------------------ */

/* What happens to a server each time that so many ops have come back. */
struct trouble {
  struct server *server;
  struct fake *fake;
  long every, next;
  int length_ms;
  int64_t until_ms;
  int count;
};

static int is_time(struct trouble *trouble, long returned)
{
  if (returned < trouble->next)
    return 0;
  trouble->next = returned + trouble->every;
  trouble->count++;
  return 1;
}

static void cut_connections(void *arg, long returned)
{
  struct trouble *trouble = arg;
  if (is_time(trouble, returned))
    server_must(trouble->server, "CLIENT KILL TYPE normal");
}

START_TEST(connections_that_are_cut_lose_no_answer)
{
  struct trouble trouble = {.server = server_start(NULL), .every = 1000};
  struct stress_plan plan = plan_for(uri_of(trouble.server, 16384), 60000);
  plan.disturb = cut_connections;
  plan.arg = &trouble;
  stress_run(&plan);
  ck_assert_int_ge(trouble.count, 10);
  server_stop(trouble.server);
}
END_TEST

static void kill_server(void *arg, long returned)
{
  struct trouble *trouble = arg;
  if (is_time(trouble, returned))
    server_restart(trouble->server);
}

START_TEST(a_server_that_is_killed_again_and_again_loses_no_answer)
{
  struct trouble trouble = {.server = server_start(durable), .every = 8000};
  struct stress_plan plan = plan_for(uri_of(trouble.server, 16384), 60000);
  plan.disturb = kill_server;
  plan.arg = &trouble;
  stress_run(&plan);
  ck_assert_int_ge(trouble.count, 3);
  server_stop(trouble.server);
}
END_TEST

/* Commands and replies end in the middle, connections are reset, or refused for a while. */
static void tear_apart(void *arg, long returned)
{
  static const enum fake_fault faults[] = {FAKE_CUT, FAKE_RESET, FAKE_LOSE};
  struct trouble *trouble = arg;
  if (returned < 0)
    fake_set(trouble->fake, FAKE_PASS);
  if (!is_time(trouble, returned))
    return;
  if (trouble->count % 8 == 0)
    fake_set_for(trouble->fake, trouble->count % 16 ? FAKE_DEAD : FAKE_HOLE, trouble->length_ms);
  else
    fake_arm(trouble->fake, faults[trouble->count % 3], (size_t)(trouble->count * 977 % 20000), NULL);
}

START_TEST(a_network_that_cuts_everywhere_loses_no_answer)
{
  struct trouble trouble = {.server = server_start(NULL), .every = 1000, .length_ms = 50};
  trouble.fake = fake_start(trouble.server);
  struct stress_plan plan = plan_for(fake_uri(trouble.fake, "?window=16384"), 60000);
  plan.disturb = tear_apart;
  plan.arg = &trouble;
  stress_run(&plan);
  ck_assert_int_ge(trouble.count, 10);
  fake_stop(trouble.fake);
  server_stop(trouble.server);
}
END_TEST

/* The server stands still for length_ms. */
static void stop_and_go(void *arg, long returned)
{
  struct trouble *trouble = arg;
  struct server *server = trouble->server;
  if (server->is_paused && (returned < 0 || servers_now_ms() >= trouble->until_ms)) {
    server_resume(server);
    trouble->next = returned + trouble->every;
  } else if (!server->is_paused && is_time(trouble, returned)) {
    server_pause(server);
    trouble->until_ms = servers_now_ms() + trouble->length_ms;
  }
}

START_TEST(a_slow_server_loses_no_answer)
{
  struct trouble trouble = {.server = server_start(NULL), .every = 3000, .length_ms = 100};
  struct stress_plan plan = plan_for(uri_of(trouble.server, 16384), 60000);
  plan.disturb = stop_and_go;
  plan.arg = &trouble;
  stress_run(&plan);
  ck_assert_int_ge(trouble.count, 10);
  server_stop(trouble.server);
}
END_TEST

/* Twice as long as an op may take: they come back without an answer, and are asked again. */
START_TEST(a_server_that_stands_still_lets_nothing_count_twice)
{
  struct trouble trouble = {.server = server_start(NULL), .every = 8000, .length_ms = 1000};
  struct stress_plan plan = plan_for(uri_of(trouble.server, 16384), 500);
  plan.disturb = stop_and_go;
  plan.arg = &trouble;
  plan.may_fail = 1;
  struct stress_report report = stress_run(&plan);
  ck_assert_int_ge(trouble.count, 3);
  ck_assert_uint_gt(report.refused, 0);
  ck_assert_uint_gt(report.unknown, 0);
  server_stop(trouble.server);
}
END_TEST

/* The last one ends with the test. */
static struct server *of_window;

static qk_store *open_redis(const char *settings)
{
  char uri[256];
  server_stop(of_window);
  of_window = server_start(NULL);
  snprintf(uri, sizeof uri, "redis+unix://%s?%s", of_window->socket, settings);
  return stress_open(uri, 60000);
}

static void add_stress_tests(TCase *tests)
{
  static open_function *const opens[] = {open_redis};
  add_window_tests(tests, opens, 1);
  tcase_add_test(tests, a_hundred_thousand_ops_in_flight_come_back_once);
  tcase_add_test(tests, a_window_that_is_always_full_loses_nothing);
  tcase_add_test(tests, connections_that_are_cut_lose_no_answer);
  tcase_add_test(tests, a_server_that_is_killed_again_and_again_loses_no_answer);
  tcase_add_test(tests, a_network_that_cuts_everywhere_loses_no_answer);
  tcase_add_test(tests, a_slow_server_loses_no_answer);
  tcase_add_test(tests, a_server_that_stands_still_lets_nothing_count_twice);
}

int main(int argc, char **argv)
{
  static void (*const adds[])(TCase *) = {add_stress_tests, add_end_tests, NULL};
  int status = servers_missing();
  return status ? status : stress_main(argc, argv, "stress: redis", adds);
}
