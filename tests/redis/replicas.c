/* replicas=k: what was acknowledged is on k replicas, and nobody is told to come in before that is so of the
 * grant. */
#include <stdio.h>
#include <string.h>
#include "clusters.h"
#include "faults.h"
#include "load.h"

/* ---- A master and its replica ---------------------------------------------------------------------- */

struct pair {
  struct server *master, *replica;
  char uri[128];
};

static struct pair start_pair(void)
{
  struct pair pair = {server_start(NULL), server_start(NULL), ""};
  server_follow(pair.replica, pair.master);
  snprintf(pair.uri, sizeof pair.uri, "%s", server_uri(pair.master, "?replicas=1"));
  return pair;
}

static void stop_pair(const struct pair *pair)
{
  server_stop(pair->replica);
  server_stop(pair->master);
}

static qk_store *open_pair(const struct pair *pair)
{
  qk_policy policy = calm_policy();
  policy.clock_step_ms = 60000;
  qk_store *store = open_plain(pair->uri, 600);
  SET_POLICY(store, &policy);
  return store;
}

static int32_t state_of(qk_store *store, const char *user)
{
  qk_ticket ticket;
  CHECK_OK(qk_poll(store, HALL, user, &ticket));
  return ticket.state;
}

/* ---- Tests ----------------------------------------------------------------------------------------- */

START_TEST(without_replicas_nothing_is_sent)
{
  qk_error error;
  struct server *server = server_start(NULL);
  qk_store *store, *plain = open_plain(server_uri(server, ""), 2000);
  qk_options options;
  qk_options_init(&options);
  options.timeout_ms = 600;
  CHECK_OK(qk_enter(plain, HALL, "ann", NULL));
  int code = qk_open(&store, server_uri(server, "?replicas=1"), &options, &error);
  ck_assert_msg(code == QK_OK || code == QK_ESTORE, "open gives %d (%s)", code, error.text);
  if (code == QK_OK) {
    CHECK_CODE(qk_enter(store, HALL, "bob", NULL), QK_ESTORE);
    CHECK_CODE(qk_release(store, HALL, "ann", NULL), QK_ESTORE);
    CHECK_CODE(qk_tick(store, HALL, NULL), QK_ESTORE);
  }
  CHECK_CODE(qk_poll(plain, HALL, "bob", NULL), QK_ENOTFOUND);
  CHECK_OK(qk_poll(plain, HALL, "ann", NULL));
  qk_close(store);
  qk_close(plain);
  server_stop(server);
}
END_TEST

START_TEST(what_is_acknowledged_is_on_the_replica)
{
  struct pair pair = start_pair();
  qk_store *store = open_pair(&pair);
  for (int i = 0; i < 200; i++) {
    long long offset, copied;
    char text[32];
    CHECK_OK(qk_enter(store, HALL, person(i), NULL));
    redisReply *keys = server_command(pair.replica, "KEYS *" HALL "}w");
    ck_assert(keys && keys->elements == 1);
    copied = server_integer(pair.replica, "ZCARD %s", keys->element[0]->str);
    offset = i + 2; /* the sentinel counts too */
    snprintf(text, sizeof text, "after enter %d", i + 1);
    ck_assert_msg(copied == offset, "%s the replica has %lld of %lld", text, copied, offset);
    freeReplyObject(keys);
  }
  qk_close(store);
  stop_pair(&pair);
}
END_TEST

START_TEST(grants_are_shown_once_they_are_on_the_replica)
{
  struct pair pair = start_pair();
  qk_store *store = open_pair(&pair);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  CHECK_OK(qk_enter(store, HALL, "bob", NULL));
  CHECK_OK(qk_tick(store, HALL, NULL));
  ck_assert_int_eq(state_of(store, "ann"), QK_READY);
  CHECK_OK(qk_activate(store, HALL, "ann", NULL));
  CHECK_OK(qk_release(store, HALL, "ann", NULL));
  ck_assert_int_eq(state_of(store, "bob"), QK_READY);
  qk_close(store);
  stop_pair(&pair);
}
END_TEST

START_TEST(grants_that_no_replica_has_are_not_shown)
{
  qk_ticket ticket;
  qk_stats stats;
  struct pair pair = start_pair();
  qk_store *store = open_pair(&pair);
  qk_store *second = open_plain(pair.uri, 5000);
  CHECK_OK(qk_tick(store, HALL, NULL)); /* the server knows the script */
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  server_pause(pair.replica);
  CHECK_CODE(qk_tick(store, HALL, NULL), QK_EUNKNOWN);
  CHECK_OK(qk_get_stats(store, HALL, &stats));
  ck_assert_uint_eq(stats.ready, 1); /* the seat is taken all the same */
  CHECK_OK(qk_poll(second, HALL, "ann", &ticket));
  ck_assert_int_eq(ticket.state, QK_WAITING);
  ck_assert_uint_eq(ticket.position, 1);
  ck_assert_uint_eq(ticket.poll_after_ms, 200);
  CHECK_CODE(qk_activate(store, HALL, "ann", NULL), QK_ENOTREADY);
  CHECK_CODE(qk_enter(store, HALL, "bob", NULL), QK_EUNKNOWN);
  server_resume(pair.replica);
  CHECK_OK(qk_tick(second, HALL, NULL)); /* any host's tick confirms */
  ck_assert_int_eq(state_of(store, "ann"), QK_READY);
  CHECK_OK(qk_activate(store, HALL, "ann", NULL));
  qk_close(second);
  qk_close(store);
  stop_pair(&pair);
}
END_TEST

START_TEST(a_failover_loses_nobody_who_was_acknowledged)
{
  char uri[512];
  struct cluster *cluster = cluster_start(NULL);
  cluster_uri(cluster, "/?replicas=1", uri, sizeof uri);
  struct load_plan plan = {
      .uri = uri, .queue = HALL, .hosts = 2, .threads = 3, .people = 2000, .may_fail = 1, .seats = 40};
  struct load *load = load_start(&plan);
  load_go_on(load, 100);
  redisReply *keys = NULL;
  int slot = -1;
  for (int i = 0; i < CLUSTER_MASTERS && slot < 0; i++) {
    keys = server_command(cluster->nodes[i], "KEYS *" HALL "}m");
    if (keys && keys->elements == 1)
      slot = cluster_slot(cluster, keys->element[0]->str);
    freeReplyObject(keys);
  }
  ck_assert_int_ge(slot, 0);
  for (int round = 0; round < 2; round++) {
    load_go_on(load, 300);
    cluster_fail_over(cluster, slot);
    cluster_heal(cluster); /* until then there is no replica, and nothing is acknowledged */
  }
  load_go_on(load, 300);
  load_finish(load);
  cluster_stop(cluster);
}
END_TEST

void add_replica_tests(TCase *tests)
{
  tcase_add_test(tests, without_replicas_nothing_is_sent);
  tcase_add_test(tests, what_is_acknowledged_is_on_the_replica);
  tcase_add_test(tests, grants_are_shown_once_they_are_on_the_replica);
  tcase_add_test(tests, grants_that_no_replica_has_are_not_shown);
  tcase_add_test(tests, a_failover_loses_nobody_who_was_acknowledged);
}
