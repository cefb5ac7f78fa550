/* A server that is killed, stopped, flushed of its scripts, rid of its connections, or loses what it took. */
#include <stdlib.h>
#include <string.h>
#include "faults.h"
#include "load.h"

static const char *const durable[] = {"appendonly", "yes", "appendfsync", "always", NULL};
#define SKIP_OF_NUMBERS (UINT64_C(1) << 32) /* after lost writes; design.md 7 */

static struct load_plan plan_for(const struct server *server)
{
  return (struct load_plan){
      .uri = server_uri(server, ""), .queue = HALL, .hosts = 2, .threads = 3, .people = 4000, .seats = 40};
}

/* ---- Under load ------------------------------------------------------------------------------------ */

START_TEST(a_server_killed_again_and_again_loses_nobody)
{
  struct server *server = server_start(durable);
  struct load_plan plan = plan_for(server);
  plan.may_fail = 1;
  struct load *load = load_start(&plan);
  for (int round = 0; round < 8; round++) {
    load_go_on(load, 400);
    server_kill(server);
    server_restart(server);
  }
  load_go_on(load, 400);
  load_finish(load);
  server_stop(server);
}
END_TEST

START_TEST(a_flush_of_the_scripts_is_not_noticed)
{
  struct server *server = server_start(NULL);
  struct load_plan plan = plan_for(server);
  struct load *load = load_start(&plan);
  for (int round = 0; round < 200; round++) {
    server_must(server, "SCRIPT FLUSH");
    load_go_on(load, 20);
  }
  load_finish(load);
  server_stop(server);
}
END_TEST

START_TEST(connections_cut_again_and_again_lose_no_answer)
{
  struct server *server = server_start(NULL);
  struct load_plan plan = plan_for(server);
  struct load *load = load_start(&plan);
  for (int round = 0; round < 50; round++) {
    server_must(server, "CLIENT KILL TYPE normal");
    load_go_on(load, 50);
  }
  load_finish(load);
  server_stop(server);
}
END_TEST

/* ---- Numbers after a loss -------------------------------------------------------------------------- */

START_TEST(a_restart_skips_2_to_the_32_numbers)
{
  qk_cursor cursor;
  struct server *server = server_start(durable);
  qk_store *store = open_hall_at(server, NULL);
  ENTER(store, "ann");
  ENTER(store, "bob");
  server_restart(server);
  qk_ticket ticket = ENTER(store, "cid");
  ck_assert_uint_eq(ticket.number, 3 + SKIP_OF_NUMBERS);
  ck_assert_uint_eq(ticket.position, 3);
  CHECK_OK(qk_get_cursor(store, HALL, &cursor));
  ck_assert_uint_eq(cursor.lost_from, 3);
  ck_assert_uint_eq(cursor.lost_to, 2 + SKIP_OF_NUMBERS);
  ck_assert_uint_eq(ENTER(store, "dan").number, 4 + SKIP_OF_NUMBERS);
  CHECK_POSITION(store, "ann", 1);
  CHECK_POSITION(store, "bob", 2);
  TICK_ADMITS(store, 4);
  qk_close(store);
  server_stop(server);
}
END_TEST

/* Keep what is there now; all that comes later is lost at the next restart. */
static void keep_until_here(struct server *server)
{
  server_must(server, "SAVE");
}

START_TEST(a_number_whose_write_was_lost_is_never_given_again)
{
  char token[QK_TOKEN_SIZE];
  struct server *server = server_start(NULL);
  qk_store *store = open_hall_at(server, NULL);
  qk_store *second = open_with_clock(server_uri(server, ""), 5000);
  ENTER(store, "ann");
  keep_until_here(server);
  qk_ticket lost = ENTER(store, "bob");
  CHECK_OK(qk_token(store, &lost, token));
  server_restart(server);
  qk_ticket cid = verb_at(__LINE__, qk_enter, second, HALL, "cid", QK_OK);
  ck_assert_uint_gt(cid.number, lost.number);
  CHECK_CODE(qk_poll_token(store, token, NULL), QK_EEXPIRED);
  qk_ticket bob = ENTER(store, "bob");
  ck_assert_uint_gt(bob.number, cid.number);
  CHECK_POSITION(store, "ann", 1);
  qk_close(second);
  qk_close(store);
  server_stop(server);
}
END_TEST

/* Every key of a server as it was once. */
struct snapshot {
  redisReply *keys;
  redisReply *dumps[16];
};

static void take_snapshot(const struct server *server, struct snapshot *out)
{
  out->keys = server_command(server, "KEYS *");
  ck_assert(out->keys && out->keys->elements > 0 && out->keys->elements <= 16);
  for (size_t i = 0; i < out->keys->elements; i++) {
    out->dumps[i] = server_command(server, "DUMP %s", out->keys->element[i]->str);
    ck_assert(out->dumps[i] && out->dumps[i]->type == REDIS_REPLY_STRING);
  }
}

static void set_back(const struct server *server, struct snapshot *snapshot)
{
  for (size_t i = 0; i < snapshot->keys->elements; i++) {
    redisReply *dump = snapshot->dumps[i];
    server_must(server, "RESTORE %s 0 %b REPLACE", snapshot->keys->element[i]->str, dump->str,
                (size_t)dump->len);
    freeReplyObject(dump);
  }
  freeReplyObject(snapshot->keys);
}

START_TEST(a_host_that_saw_more_than_the_store_has_skips_too)
{
  struct snapshot snapshot;
  qk_cursor cursor;
  struct server *server = server_start(NULL);
  qk_store *store = open_hall_at(server, NULL);
  ENTER(store, "ann");
  take_snapshot(server, &snapshot);
  ENTER(store, "bob");
  set_back(server, &snapshot); /* and no restart */
  ck_assert_uint_eq(ENTER(store, "cid").number, 3 + SKIP_OF_NUMBERS);
  CHECK_OK(qk_get_cursor(store, HALL, &cursor));
  ck_assert_uint_eq(cursor.lost_from, 2);
  ck_assert_uint_eq(cursor.lost_to, 2 + SKIP_OF_NUMBERS);
  CHECK_LINE(store, "ann cid");
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(seats_that_a_crash_forgot_count_as_taken)
{
  qk_policy policy = calm_policy();
  policy.max_active = 3;
  struct server *server = server_start(NULL);
  qk_store *store = open_hall_at(server, &policy);
  for (int i = 1; i <= 6; i++)
    ENTER(store, person(i));
  keep_until_here(server);
  TICK_ADMITS(store, 3);
  server_restart(server);
  ENTER(store, "zoe");
  TICK_ADMITS(store, 0);
  fixture_advance(policy.ready_ms + policy.active_ms - 1);
  TICK_ADMITS(store, 0);
  fixture_advance(1);
  TICK_ADMITS(store, 3);
  qk_close(store);
  server_stop(server);
}
END_TEST

/* ---- A server that does not answer ----------------------------------------------------------------- */

START_TEST(what_timed_out_does_not_happen_later)
{
  struct server *server = server_start(NULL);
  qk_store *store = open_plain(server_uri(server, ""), 300);
  qk_stats stats;
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  server_pause(server);
  int64_t start_ms = servers_now_ms();
  CHECK_CODE(qk_enter(store, HALL, "bob", NULL), QK_EUNKNOWN);
  CHECK_CODE(qk_release(store, HALL, "ann", NULL), QK_ESTORE);
  ck_assert_int_lt(servers_now_ms() - start_ms, 1500);
  server_resume(server);
  qk_store *fresh = open_plain(server_uri(server, ""), 5000);
  CHECK_CODE(qk_poll(fresh, HALL, "bob", NULL), QK_ENOTFOUND);
  CHECK_OK(qk_get_stats(fresh, HALL, &stats));
  ck_assert_uint_eq(stats.entered, 1);
  CHECK_OK(qk_enter(store, HALL, "cid", NULL));
  qk_close(fresh);
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(a_store_without_server_says_so_in_time_and_comes_back)
{
  struct server *server = server_start(durable);
  qk_store *store = open_plain(server_uri(server, ""), 300);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  server_kill(server);
  for (int i = 0; i < 3; i++) {
    int64_t start_ms = servers_now_ms();
    int code = qk_enter(store, HALL, "bob", NULL);
    ck_assert_msg(code == QK_ESTORE || (i == 0 && code == QK_EUNKNOWN), "enter gives %d", code);
    CHECK_CODE(qk_poll(store, HALL, "ann", NULL), QK_ESTORE);
    ck_assert_int_lt(servers_now_ms() - start_ms, 1500);
  }
  server_restart(server);
  int code = qk_enter(store, HALL, "bob", NULL);
  for (int i = 0; i < 20 && code != QK_OK; i++)
    code = qk_enter(store, HALL, "bob", NULL);
  CHECK_OK(code);
  CHECK_OK(qk_poll(store, HALL, "ann", NULL));
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(too_many_clients_is_a_store_that_refuses)
{
  qk_store *other;
  qk_error error;
  qk_options options;
  struct server *server = server_start(NULL);
  qk_store *store = open_plain(server_uri(server, ""), 1000);
  qk_options_init(&options);
  options.timeout_ms = 500;
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  server_must(server, "CONFIG SET maxclients 1");
  CHECK_CODE(qk_open(&other, server_uri(server, ""), &options, &error), QK_ESTORE);
  ck_assert_str_ne(error.text, "");
  CHECK_OK(qk_poll(store, HALL, "ann", NULL));
  qk_close(store);
  server_must(server, "CONFIG SET maxclients 100");
  CHECK_OK(qk_open(&other, server_uri(server, ""), &options, &error));
  qk_close(other);
  server_stop(server);
}
END_TEST

void add_crash_tests(TCase *tests)
{
  tcase_add_test(tests, a_server_killed_again_and_again_loses_nobody);
  tcase_add_test(tests, a_flush_of_the_scripts_is_not_noticed);
  tcase_add_test(tests, connections_cut_again_and_again_lose_no_answer);
  tcase_add_test(tests, a_restart_skips_2_to_the_32_numbers);
  tcase_add_test(tests, a_number_whose_write_was_lost_is_never_given_again);
  tcase_add_test(tests, a_host_that_saw_more_than_the_store_has_skips_too);
  tcase_add_test(tests, seats_that_a_crash_forgot_count_as_taken);
  tcase_add_test(tests, what_timed_out_does_not_happen_later);
  tcase_add_test(tests, a_store_without_server_says_so_in_time_and_comes_back);
  tcase_add_test(tests, too_many_clients_is_a_store_that_refuses);
}
