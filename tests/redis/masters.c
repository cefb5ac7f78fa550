/* A cluster whose masters die or hand over, whose slots move and whose nodes change their addresses while
 * people enter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "calls.h"
#include "clusters.h"
#include "faults.h"
#include "load.h"

static const char *const patient[] = {"cluster-node-timeout", "5000", NULL};
static const char *const durable[] = {"appendonly", "yes", "appendfsync", "always", NULL};

/* ---- Helpers --------------------------------------------------------------------------------------- */

static char uri[512];

static struct cluster *start(const char *const *settings)
{
  struct cluster *cluster = cluster_start(settings);
  cluster_uri(cluster, "/", uri, sizeof uri);
  return cluster;
}

/* How many of the node's keys match; the first of them. */
static size_t find_keys(const struct server *node, const char *pattern, char *first, size_t size)
{
  redisReply *keys = server_command(node, "KEYS %s", pattern);
  size_t count = keys && keys->type == REDIS_REPLY_ARRAY ? keys->elements : 0;
  if (count > 0)
    snprintf(first, size, "%s", keys->element[0]->str);
  freeReplyObject(keys);
  return count;
}

/* The slot of HALL, which exists. */
static int hall_slot(const struct cluster *cluster)
{
  char key[256];
  for (int i = 0; i < CLUSTER_NODES; i++)
    if (cluster->nodes[i]->pid && find_keys(cluster->nodes[i], "*" HALL "}m", key, sizeof key) > 0)
      return cluster_slot(cluster, key);
  ck_abort_msg("no node has the queue");
}

static struct load *start_load(int may_fail, int may_lose)
{
  struct load_plan plan = {.uri = uri,
                           .queue = HALL,
                           .hosts = 2,
                           .threads = 3,
                           .people = 3000,
                           .may_fail = may_fail,
                           .may_lose = may_lose,
                           .seats = 40};
  return load_start(&plan);
}

/* ---- Masters --------------------------------------------------------------------------------------- */

START_TEST(a_master_killed_in_the_rush_costs_no_order_and_no_seat)
{
  struct cluster *cluster = start(NULL);
  struct load *load = start_load(1, 1);
  long entered, lost;
  for (int round = 0; round < 2; round++) {
    load_go_on(load, 500);
    cluster_fail_over(cluster, hall_slot(cluster));
    load_go_on(load, 500);
    cluster_heal(cluster);
  }
  load_go_on(load, 500);
  load_finish_counting(load, &entered, &lost);
  ck_assert_int_gt(entered, lost);
  printf("%ld of %ld enters lost in two failovers\n", lost, entered);
  cluster_stop(cluster);
}
END_TEST

START_TEST(a_master_that_hands_over_loses_nobody)
{
  struct cluster *cluster = start(NULL);
  struct load *load = start_load(0, 0);
  for (int round = 0; round < 3; round++) {
    load_go_on(load, 500);
    cluster_hand_over(cluster, hall_slot(cluster));
  }
  load_go_on(load, 500);
  load_finish(load);
  cluster_stop(cluster);
}
END_TEST

START_TEST(one_stopped_master_holds_up_no_other_queue)
{
  enum { QUEUES = 12 };
  qk_op ops[QUEUES], *list[QUEUES], *done[QUEUES];
  char names[QUEUES][24];
  struct cluster *cluster = start(patient);
  qk_store *store = open_plain(uri, 20000);
  for (int i = 0; i < QUEUES; i++) {
    snprintf(names[i], sizeof names[i], "hall %d", i);
    CHECK_OK(qk_enter(store, names[i], "ann", NULL));
    ops[i] = make_op(QK_ENTER, names[i], "bob", NULL);
    list[i] = &ops[i];
  }
  char key[256];
  size_t held = find_keys(cluster->nodes[0], "*hall*}m", key, sizeof key);
  ck_assert(held > 0 && held < QUEUES);
  server_pause(cluster->nodes[0]);
  CHECK_OK(qk_submit(store, list, QUEUES));
  size_t got = 0;
  int64_t until_ms = servers_now_ms() + 3000; /* less than the node timeout */
  while (got < QUEUES - held && servers_now_ms() < until_ms)
    got += (size_t)qk_reap(store, done + got, QUEUES - got, 50);
  server_resume(cluster->nodes[0]);
  ck_assert_uint_eq(got, QUEUES - held);
  while (got < QUEUES)
    got += (size_t)qk_reap(store, done + got, QUEUES - got, 1000);
  for (int i = 0; i < QUEUES; i++)
    CHECK_OK(ops[i].result);
  qk_close(store);
  cluster_stop(cluster);
}
END_TEST

/* How many scripts a node has run. */
static long scripts_run(const struct server *node)
{
  char text[256];
  server_info(node, "cmdstat_evalsha", text, sizeof text);
  return strncmp(text, "calls=", 6) == 0 ? atol(text + 6) : 0;
}

START_TEST(three_queues_use_three_masters)
{
  enum { QUEUES = 3, ROUNDS = 200 };
  long before[CLUSTER_MASTERS];
  char names[QUEUES][24], key[256], pattern[40];
  struct cluster *cluster = start(NULL);
  qk_store *store = open_plain(uri, 20000);
  for (int node = 0, i = 0; node < CLUSTER_MASTERS; i++) {
    snprintf(names[node], sizeof names[node], "room%d", i);
    snprintf(pattern, sizeof pattern, "*{room%d}m", i);
    CHECK_OK(qk_enter(store, names[node], "ann", NULL));
    node += find_keys(cluster->nodes[node], pattern, key, sizeof key) > 0;
  }
  for (int i = 0; i < CLUSTER_MASTERS; i++)
    before[i] = scripts_run(cluster->nodes[i]);
  for (int i = 0; i < ROUNDS; i++) {
    qk_op ops[QUEUES];
    for (int q = 0; q < QUEUES; q++)
      ops[q] = make_op(QK_POLL, names[q], "ann", NULL);
    CHECK_OK(qk_batch(store, ops, QUEUES));
    for (int q = 0; q < QUEUES; q++)
      CHECK_OK(ops[q].result);
  }
  for (int i = 0; i < CLUSTER_MASTERS; i++) {
    long calls = scripts_run(cluster->nodes[i]) - before[i];
    ck_assert_msg(calls == ROUNDS, "master %d ran %ld scripts of %d", i, calls, ROUNDS);
  }
  qk_close(store);
  cluster_stop(cluster);
}
END_TEST

/* ---- Slots and addresses --------------------------------------------------------------------------- */

/* As in a resharding, with time between the steps for people to run into it. */
static void move_slowly(struct cluster *cluster, int slot, int to)
{
  struct slot_move move = slot_move_begin(cluster, slot, to);
  do
    for (int i = 0; i < 10; i++)
      servers_breathe();
  while (slot_move_step(&move));
  slot_move_end(&move);
}

START_TEST(slots_that_move_while_people_enter_lose_nobody)
{
  struct cluster *cluster = start(NULL);
  struct load *load = start_load(0, 0);
  load_go_on(load, 300);
  int slot = hall_slot(cluster);
  for (int round = 0; round < 6; round++) {
    int owner = cluster_owner(cluster, slot);
    ck_assert_int_ge(owner, 0);
    move_slowly(cluster, slot, (owner + 1) % CLUSTER_MASTERS);
    load_go_on(load, 300);
  }
  load_finish(load);
  cluster_stop(cluster);
}
END_TEST

START_TEST(a_quiet_queue_is_found_where_its_slot_went)
{
  struct cluster *cluster = start(NULL);
  qk_store *store = open_plain(uri, 5000);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  int slot = hall_slot(cluster);
  for (int round = 0; round < 3; round++) {
    qk_ticket ticket;
    cluster_move_slot(cluster, slot, (cluster_owner(cluster, slot) + 1) % CLUSTER_MASTERS);
    CHECK_OK(qk_poll(store, HALL, "ann", &ticket));
    ck_assert_int_eq(ticket.state, QK_READY);
    ck_assert_int_eq(count_queues(store), 1);
    CHECK_OK(qk_tick(store, NULL, NULL));
  }
  qk_close(store);
  cluster_stop(cluster);
}
END_TEST

START_TEST(a_node_that_changes_its_address_is_found)
{
  struct cluster *cluster = start(durable);
  struct load *load = start_load(1, 0);
  load_go_on(load, 300);
  int owner = cluster_owner(cluster, hall_slot(cluster));
  server_move(cluster->nodes[owner]);
  cluster_await(cluster);
  load_go_on(load, 300);
  load_finish(load);
  cluster_stop(cluster);
}
END_TEST

START_TEST(any_live_node_is_enough_to_begin_with)
{
  struct cluster *cluster = start(NULL);
  cluster_fail_over(cluster, 0);
  cluster_await(cluster);
  qk_store *store = open_plain(uri, 5000);
  for (int i = 0; i < 12; i++) {
    char queue[24];
    snprintf(queue, sizeof queue, "hall %d", i);
    CHECK_OK(qk_enter(store, queue, "ann", NULL));
  }
  ck_assert_int_eq(count_queues(store), 12);
  qk_close(store);
  cluster_stop(cluster);
}
END_TEST

/* ---- No quorum ------------------------------------------------------------------------------------- */

static int is_down(void *node)
{
  char state[16];
  server_cluster_info(node, "cluster_state", state, sizeof state);
  return strcmp(state, "fail") == 0;
}

START_TEST(a_cluster_that_is_down_is_estore_and_comes_back)
{
  struct cluster *cluster = start(durable);
  qk_store *store = open_plain(uri, 1000);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  int owner = cluster_owner(cluster, hall_slot(cluster));
  for (int i = 0; i < CLUSTER_NODES; i++)
    if (i != owner)
      server_kill(cluster->nodes[i]);
  servers_await("the last node sees that the cluster is down", is_down, cluster->nodes[owner]);
  int64_t start_ms = servers_now_ms();
  CHECK_CODE(qk_enter(store, HALL, "bob", NULL), QK_ESTORE);
  CHECK_CODE(qk_poll(store, HALL, "ann", NULL), QK_ESTORE);
  ck_assert_int_lt(servers_now_ms() - start_ms, 4000);
  cluster_heal(cluster);
  int code = QK_ESTORE;
  for (int i = 0; i < 10 && code == QK_ESTORE; i++)
    code = qk_poll(store, HALL, "ann", NULL);
  CHECK_OK(code);
  CHECK_CODE(qk_poll(store, HALL, "bob", NULL), QK_ENOTFOUND);
  qk_close(store);
  cluster_stop(cluster);
}
END_TEST

void add_cluster_tests(TCase *tests)
{
  tcase_add_test(tests, a_master_killed_in_the_rush_costs_no_order_and_no_seat);
  tcase_add_test(tests, a_master_that_hands_over_loses_nobody);
  tcase_add_test(tests, one_stopped_master_holds_up_no_other_queue);
  tcase_add_test(tests, three_queues_use_three_masters);
  tcase_add_test(tests, slots_that_move_while_people_enter_lose_nobody);
  tcase_add_test(tests, a_quiet_queue_is_found_where_its_slot_went);
  tcase_add_test(tests, a_node_that_changes_its_address_is_found);
  tcase_add_test(tests, any_live_node_is_enough_to_begin_with);
  tcase_add_test(tests, a_cluster_that_is_down_is_estore_and_comes_back);
}
