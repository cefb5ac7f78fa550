/* Keys that vanish, change their type or come from a newer version; a server that forgot everything, or has
 * no memory left. What is damaged is said, never half used, and can always be removed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "calls.h"
#include "faults.h"

#define KINDS "mwsrig" /* the last letter of a queue's six keys */

/* ---- The scene ------------------------------------------------------------------------------------- */

/* ann is inside, bob may go in, cid and dan wait, and dan has polled: every key holds somebody. */
static qk_store *open_scene(const struct server *server)
{
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  policy.idle_ms = 60000;
  server_must(server, "FLUSHALL");
  qk_store *store = open_hall_at(server, &policy);
  ADMIT_ACTIVE(store, "ann");
  ADMIT(store, "bob");
  ENTER(store, "cid");
  ENTER(store, "dan");
  fixture_advance(1000);
  POLL(store, "dan");
  return store;
}

/* The key of HALL that ends with kind. */
static void find_key(const struct server *server, char kind, char *out, size_t size)
{
  const char pattern[] = {'*', '}', kind, '\0'};
  redisReply *keys = server_command(server, "KEYS %s", pattern);
  out[0] = '\0';
  for (size_t i = 0; keys && i < keys->elements; i++)
    if (!strstr(keys->element[i]->str, "{="))
      snprintf(out, size, "%s", keys->element[i]->str);
  freeReplyObject(keys);
  ck_assert_msg(out[0], "there is no key %c", kind);
}

/* Every call on the queue gives code, but for its removal. */
static void check_all_calls(const char *what, qk_store *store, int code)
{
  for (int i = 0; i < PERSON_CALLS; i++) {
    int got = person_calls[i].call(store, HALL, "cid", NULL);
    ck_assert_msg(got == code, "%s: %s gives %d (%s)", what, person_calls[i].name, got, qk_strerror(got));
  }
  for (int i = 0; i < QUEUE_CALLS; i++) {
    if (queue_calls[i].call == qk_remove)
      continue;
    int got = queue_calls[i].call(store, HALL);
    ck_assert_msg(got == code, "%s: %s gives %d (%s)", what, queue_calls[i].name, got, qk_strerror(got));
  }
}

/* Whatever happened to it, a queue can be removed, and begins again. */
static void check_new_life(const char *what, qk_store *store)
{
  int got = qk_remove(store, HALL);
  ck_assert_msg(got == QK_OK, "%s: qk_remove gives %d (%s)", what, got, qk_strerror(got));
  CHECK_CODE(qk_remove(store, HALL), QK_ENOTFOUND);
  CHECK_OK(qk_enter(store, HALL, "eve", NULL));
  STATS(store);
}

static void check_damage(qk_store *store, const char *what)
{
  check_all_calls(what, store, QK_ESTATE);
  check_new_life(what, store);
  qk_close(store);
}

/* ---- Damage ---------------------------------------------------------------------------------------- */

START_TEST(a_missing_key_is_estate)
{
  struct server *server = server_start(NULL);
  for (const char *kind = KINDS; *kind; kind++) {
    char key[256], what[300];
    qk_store *store = open_scene(server);
    find_key(server, *kind, key, sizeof key);
    server_must(server, "DEL %s", key);
    snprintf(what, sizeof what, "without %s", key);
    check_damage(store, what);
  }
  server_stop(server);
}
END_TEST

START_TEST(a_key_of_a_wrong_type_is_estate)
{
  static const char *const commands[] = {"SET %s x", "RPUSH %s x", "XADD %s * x y"};
  struct server *server = server_start(NULL);
  for (const char *kind = KINDS; *kind; kind++)
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
      char key[256], what[300];
      qk_store *store = open_scene(server);
      find_key(server, *kind, key, sizeof key);
      server_must(server, "DEL %s", key);
      server_must(server, commands[i], key);
      snprintf(what, sizeof what, "after %s of %s", commands[i], key);
      check_damage(store, what);
    }
  server_stop(server);
}
END_TEST

START_TEST(people_who_were_taken_out_by_hand_are_estate)
{
  struct server *server = server_start(NULL);
  static const struct {
    char kind;
    const char *command;
  } thefts[] = {{'w', "ZREM %s cid"}, {'w', "ZADD %s 77 eve"}, {'r', "HDEL %s ann"}, {'s', "ZPOPMIN %s"}};
  for (size_t i = 0; i < sizeof thefts / sizeof thefts[0]; i++) {
    char key[256];
    qk_store *store = open_scene(server);
    find_key(server, thefts[i].kind, key, sizeof key);
    server_must(server, thefts[i].command, key);
    check_damage(store, thefts[i].command);
  }
  server_stop(server);
}
END_TEST

START_TEST(a_script_that_died_half_way_is_estate)
{
  char key[256];
  struct server *server = server_start(NULL);
  qk_store *store = open_scene(server);
  find_key(server, 'm', key, sizeof key);
  server_must(server, "HSET %s x 1", key);
  check_damage(store, "with the mark of a script under way");
  server_stop(server);
}
END_TEST

/* Run a script on the counters of HALL: c is what they are, the script gives what they become. */
static void change_counters(const struct server *server, const char *lua)
{
  char key[256], script[512];
  find_key(server, 'm', key, sizeof key);
  snprintf(script, sizeof script,
           "local c = redis.call('hget', KEYS[1], 'c') redis.call('hset', KEYS[1], 'c', %s) return 1", lua);
  server_must(server, "EVAL %s 1 %s", script, key);
}

START_TEST(counters_of_another_length_are_estate)
{
  static const char *const changes[] = {"c .. 'x'", "c:sub(1, -2)", "c:sub(1, 8)", "''", "'rubbish'"};
  struct server *server = server_start(NULL);
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    qk_store *store = open_scene(server);
    change_counters(server, changes[i]);
    check_damage(store, changes[i]);
  }
  server_stop(server);
}
END_TEST

START_TEST(data_of_a_newer_version_are_eversion)
{
  struct server *server = server_start(NULL);
  qk_store *store = open_scene(server);
  change_counters(server, "struct.pack('<d', 2) .. c:sub(9) .. 'and more'");
  check_all_calls("a newer version", store, QK_EVERSION);
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(one_damaged_queue_stops_no_other)
{
  char key[256];
  qk_tick_report report;
  struct server *server = server_start(NULL);
  qk_store *store = open_scene(server);
  find_key(server, 'w', key, sizeof key);
  CHECK_OK(qk_enter(store, "yard", "fay", NULL));
  server_must(server, "DEL %s", key);
  CHECK_CODE(qk_tick(store, NULL, &report), QK_ESTATE);
  ck_assert_uint_eq(report.queues, 1);
  CHECK_OK(qk_poll(store, "yard", "fay", NULL));
  qk_close(store);
  server_stop(server);
}
END_TEST

/* ---- Everything gone ------------------------------------------------------------------------------- */

START_TEST(after_a_flush_all_life_begins_anew)
{
  char token[QK_TOKEN_SIZE];
  struct server *server = server_start(NULL);
  qk_store *store = open_scene(server);
  qk_ticket cid = POLL(store, "cid");
  CHECK_OK(qk_token(store, &cid, token));
  server_must(server, "FLUSHALL");
  CHECK_CODE(qk_poll(store, HALL, "cid", NULL), QK_ENOTFOUND);
  CHECK_CODE(qk_poll_token(store, token, NULL), QK_EEXPIRED);
  CHECK_CODE(qk_tick(store, HALL, NULL), QK_ENOTFOUND);
  qk_ticket again = ENTER(store, "cid");
  ck_assert_uint_ne(again.epoch, cid.epoch);
  ck_assert_int_eq(again.fresh, 1);
  CHECK_CODE(qk_activate_token(store, token, NULL), QK_EEXPIRED);
  ck_assert_int_eq(count_queues(store), 1); /* it is listed again, so that ticks find it */
  qk_close(store);
  server_stop(server);
}
END_TEST

struct bearer {
  qk_store *store;
  const char *token;
};

static int is_believed(void *arg)
{
  const struct bearer *bearer = arg;
  CHECK_OK(qk_poll(bearer->store, HALL, "cid", NULL)); /* whoever calls does the I/O */
  int code = qk_poll_token(bearer->store, bearer->token, NULL);
  ck_assert(code == QK_OK || code == QK_ETOKEN);
  return code == QK_OK;
}

START_TEST(a_secret_that_was_lost_is_made_anew_and_read_at_the_next_connection)
{
  char old[QK_TOKEN_SIZE], token[QK_TOKEN_SIZE];
  struct server *server = server_start(NULL);
  qk_store *store = open_scene(server);
  qk_ticket ticket = POLL(store, "cid");
  CHECK_OK(qk_token(store, &ticket, old));
  server_must(server, "FLUSHALL");
  qk_store *second = open_with_clock(server_uri(server, ""), 5000);
  ticket = verb_at(__LINE__, qk_enter, second, HALL, "cid", QK_OK);
  CHECK_OK(qk_token(second, &ticket, token));
  server_must(server, "CLIENT KILL TYPE normal");
  struct bearer bearer = {store, token};
  ck_assert(servers_wait(is_believed, &bearer, 5000));
  CHECK_CODE(qk_verify(store, old, NULL), QK_ENOTREADY);
  qk_close(second);
  qk_close(store);
  server_stop(server);
}
END_TEST

/* ---- No memory left -------------------------------------------------------------------------------- */

/* Let the server refuse whatever takes memory. */
static void fill_up(const struct server *server)
{
  server_must(server, "CONFIG SET maxmemory 1");
}

/* Everything but the reserve and the time of day. */
static void same_totals(const qk_stats *a, const qk_stats *b)
{
  ck_assert_msg(memcmp(a, b, sizeof *a) == 0, "something changed: %llu entered, then %llu",
                (unsigned long long)a->entered, (unsigned long long)b->entered);
}

START_TEST(without_memory_new_people_are_refused_and_nothing_changes)
{
  struct server *server = server_start(NULL);
  qk_store *store = open_scene(server);
  qk_stats before = STATS(store);
  fill_up(server);
  CHECK_CODE(qk_enter(store, HALL, "eve", NULL), QK_ESTORE);
  CHECK_CODE(qk_enter(store, "new hall", "eve", NULL), QK_ESTORE);
  qk_stats after = STATS(store);
  same_totals(&before, &after);
  CHECK_CODE(qk_poll(store, HALL, "eve", NULL), QK_ENOTFOUND);
  ck_assert_int_eq(ENTER(store, "cid").fresh, 0);
  server_must(server, "CONFIG SET maxmemory 0");
  ck_assert_uint_eq(ENTER(store, "eve").position, 3);
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(without_memory_people_still_come_in_and_leave)
{
  struct server *server = server_start(NULL);
  qk_store *store = open_scene(server);
  fill_up(server);
  POLL(store, "cid");
  ACTIVATE(store, "bob");
  EXTEND(store, "ann");
  RELEASE(store, "ann");
  TICK_ADMITS(store, 1);
  RELEASE(store, "dan");
  ACTIVATE(store, "cid");
  CHECK_COUNTS(store, 0, 0, 2);
  fixture_advance(60000);
  TICK_EXPIRES(store, 2);
  CHECK_COUNTS(store, 0, 0, 0);
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(without_memory_a_tick_drops_lapses_and_admits)
{
  struct server *server = server_start(NULL);
  qk_store *store = open_scene(server);
  fill_up(server);
  fixture_advance(29000); /* bob lapses, and cid follows */
  tick_moves_at(__LINE__, store, 1, 0, 1, 0);
  fixture_advance(31000); /* dan has not polled for a minute, and cid has lapsed with ann's time */
  TICK(store);
  qk_stats stats = STATS(store);
  ck_assert_uint_eq(stats.waiting, 0);
  ck_assert_uint_eq(stats.dropped, 1);
  ck_assert_uint_eq(stats.expired, 1);
  ck_assert_uint_eq(stats.lapsed, 2);
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(without_memory_a_batch_refuses_only_the_new)
{
  struct server *server = server_start(NULL);
  qk_store *store = open_scene(server);
  qk_op ops[] = {make_op(QK_POLL, HALL, "cid", NULL),    make_op(QK_ENTER, HALL, "eve", NULL),
                 make_op(QK_RELEASE, HALL, "cid", NULL), make_op(QK_ENTER, HALL, "dan", NULL),
                 make_op(QK_ENTER, HALL, "fay", NULL),   make_op(QK_ACTIVATE, HALL, "bob", NULL)};
  static const int codes[] = {QK_OK, QK_ESTORE, QK_OK, QK_OK, QK_ESTORE, QK_OK};
  fill_up(server);
  CHECK_OK(qk_batch(store, ops, 6));
  for (int i = 0; i < 6; i++)
    ck_assert_msg(ops[i].result == codes[i], "op %d gives %d", i, ops[i].result);
  CHECK_COUNTS(store, 1, 0, 2);
  qk_close(store);
  server_stop(server);
}
END_TEST

void add_damage_tests(TCase *tests)
{
  tcase_add_test(tests, a_missing_key_is_estate);
  tcase_add_test(tests, a_key_of_a_wrong_type_is_estate);
  tcase_add_test(tests, people_who_were_taken_out_by_hand_are_estate);
  tcase_add_test(tests, a_script_that_died_half_way_is_estate);
  tcase_add_test(tests, counters_of_another_length_are_estate);
  tcase_add_test(tests, data_of_a_newer_version_are_eversion);
  tcase_add_test(tests, one_damaged_queue_stops_no_other);
  tcase_add_test(tests, after_a_flush_all_life_begins_anew);
  tcase_add_test(tests, a_secret_that_was_lost_is_made_anew_and_read_at_the_next_connection);
  tcase_add_test(tests, without_memory_new_people_are_refused_and_nothing_changes);
  tcase_add_test(tests, without_memory_people_still_come_in_and_leave);
  tcase_add_test(tests, without_memory_a_tick_drops_lapses_and_admits);
  tcase_add_test(tests, without_memory_a_batch_refuses_only_the_new);
}
