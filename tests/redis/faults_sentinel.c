/* A master under Sentinel: it is found, and so is the one that follows it. */
#include <stdio.h>
#include <string.h>
#include "faults.h"
#include "load.h"
#include "sentinels.h"

static char uri[512];

static struct sentinels *start(const char *query)
{
  struct sentinels *sentinels = sentinels_start(NULL);
  sentinels_uri(sentinels, query, uri, sizeof uri);
  return sentinels;
}

START_TEST(the_sentinels_name_the_master)
{
  struct sentinels *sentinels = start("");
  qk_store *store = open_plain(uri, 5000);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  ck_assert_int_gt(server_integer(sentinels->data[sentinels_master(sentinels)], "DBSIZE"), 0);
  qk_close(store);
  for (int i = 0; i < SENTINELS - 1; i++) { /* one of them is enough */
    server_kill(sentinels->watchers[i]);
    store = open_plain(uri, 5000);
    CHECK_OK(qk_poll(store, HALL, "ann", NULL));
    qk_close(store);
  }
  sentinels_stop(sentinels);
}
END_TEST

START_TEST(a_master_that_no_sentinel_knows_is_named)
{
  qk_store *store;
  qk_error error;
  struct sentinels *sentinels = start("?timeout_ms=1000");
  char *name = strstr(uri, SENTINEL_MASTER);
  ck_assert_ptr_nonnull(name);
  memcpy(name, "wrong", 5);
  int code = qk_open(&store, uri, NULL, &error);
  ck_assert_msg(code != QK_OK && strstr(error.text, "wrong"), "open gives %d (%s)", code, error.text);
  sentinels_stop(sentinels);
}
END_TEST

static void fail_over_twice(struct sentinels *sentinels, struct load *load)
{
  for (int round = 0; round < 2; round++) {
    load_go_on(load, 300);
    sentinels_fail_over(sentinels);
    sentinels_heal(sentinels);
  }
  load_go_on(load, 300);
}

static struct load *start_load(int may_lose)
{
  struct load_plan plan = {.uri = uri,
                           .queue = HALL,
                           .hosts = 2,
                           .threads = 3,
                           .people = 2000,
                           .may_fail = 1,
                           .may_lose = may_lose,
                           .seats = 40};
  return load_start(&plan);
}

START_TEST(a_failover_costs_no_order_and_no_seat)
{
  long entered, lost;
  struct sentinels *sentinels = start("");
  struct load *load = start_load(1);
  fail_over_twice(sentinels, load);
  load_finish_counting(load, &entered, &lost);
  ck_assert_int_gt(entered, lost);
  printf("%ld of %ld enters lost in two failovers\n", lost, entered);
  sentinels_stop(sentinels);
}
END_TEST

START_TEST(a_failover_with_a_replica_each_loses_nobody_who_was_acknowledged)
{
  struct sentinels *sentinels = start("?replicas=1");
  struct load *load = start_load(0);
  fail_over_twice(sentinels, load);
  load_finish(load);
  sentinels_stop(sentinels);
}
END_TEST

START_TEST(a_failover_while_nobody_calls_is_noticed_at_the_next_call)
{
  struct sentinels *sentinels = start("");
  qk_store *store = open_plain(uri, 5000);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  server_must(sentinels->data[sentinels_master(sentinels)], "WAIT 1 5000");
  sentinels_fail_over(sentinels);
  CHECK_OK(qk_poll(store, HALL, "ann", NULL));
  CHECK_OK(qk_enter(store, HALL, "bob", NULL));
  qk_close(store);
  sentinels_stop(sentinels);
}
END_TEST

static void add_tests(TCase *tests)
{
  tcase_add_test(tests, the_sentinels_name_the_master);
  tcase_add_test(tests, a_master_that_no_sentinel_knows_is_named);
  tcase_add_test(tests, a_failover_costs_no_order_and_no_seat);
  tcase_add_test(tests, a_failover_with_a_replica_each_loses_nobody_who_was_acknowledged);
  tcase_add_test(tests, a_failover_while_nobody_calls_is_noticed_at_the_next_call);
}

int main(void)
{
  static void (*const adds[])(TCase *) = {add_tests, NULL};
  return faults_main("faults: sentinel", adds);
}
