/* Scripts that die between two writes, at every write: a call that has written nothing changes nothing, and a
 * queue that something was written to is never used again, until it is removed. Linked with the scripts of
 * fault_scripts.sh in the place of the library's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "calls.h"
#include "faults.h"

#define YARD "yard"
#define NEW "new" /* a queue that is not there */

static struct server *server;
static qk_store *store;

/* ---- Calls ----------------------------------------------------------------------------------------- */

static int enter(const char *user)
{
  return qk_enter(store, HALL, user, NULL);
}

static int enter_new(void)
{
  return enter("eve");
}

static int enter_again(void)
{
  return enter("cid");
}

static int enter_new_class(void)
{
  return qk_enter_class(store, HALL, "eve", 3, NULL);
}

static int enter_new_queue(void)
{
  return qk_enter(store, NEW, "eve", NULL);
}

static int poll_waiting(void)
{
  return qk_poll(store, HALL, "cid", NULL);
}

static int activate(void)
{
  return qk_activate(store, HALL, "bob", NULL);
}

static int extend(void)
{
  return qk_extend(store, HALL, "ann", NULL);
}

static int release_active(void)
{
  return qk_release(store, HALL, "ann", NULL);
}

static int release_ready(void)
{
  return qk_release(store, HALL, "bob", NULL);
}

static int release_waiting(void)
{
  return qk_release(store, HALL, "cid", NULL);
}

static int tick_hall(void)
{
  return qk_tick(store, HALL, NULL);
}

static int tick_all(void)
{
  return qk_tick(store, NULL, NULL);
}

static int remove_hall(void)
{
  return qk_remove(store, HALL);
}

static int set_policy(void)
{
  qk_policy policy = calm_policy();
  policy.idle_ms = 5000;
  policy.rate_window_ms = 2000;
  return qk_set_policy(store, HALL, &policy, NULL);
}

static int make_by_policy(void)
{
  qk_policy policy = calm_policy();
  return qk_set_policy(store, NEW, &policy, NULL);
}

static int set_mode(void)
{
  return qk_set_mode(store, HALL, QK_MODE_HOLD);
}

static int make_by_mode(void)
{
  return qk_set_mode(store, NEW, QK_MODE_HOLD);
}

/* Every verb in one script call. */
static int mix(void)
{
  qk_op ops[] = {make_op(QK_ENTER, HALL, "eve", NULL),    make_op(QK_POLL, HALL, "dan", NULL),
                 make_op(QK_ACTIVATE, HALL, "bob", NULL), make_op(QK_RELEASE, HALL, "ann", NULL),
                 make_op(QK_ENTER, HALL, "fay", NULL),    make_op(QK_RELEASE, HALL, "cid", NULL)};
  int code = qk_batch(store, ops, sizeof ops / sizeof ops[0]);
  for (size_t i = 0; code == QK_OK && i < sizeof ops / sizeof ops[0]; i++)
    code = ops[i].result;
  return code;
}

/* ---- Scenes: ann is ACTIVE, bob READY, cid and dan wait and have polled ---- */

static void stay(void)
{
}

static void go_eager(void)
{
  qk_policy policy = calm_policy();
  policy.max_active = 3;
  policy.eager = 1;
  policy.rate = 1000;
  policy.idle_ms = 60000;
  CHECK_OK(qk_set_policy(store, HALL, &policy, NULL));
}

static void empty_line(void)
{
  go_eager();
  CHECK_OK(qk_release(store, HALL, "cid", NULL));
  CHECK_OK(qk_release(store, HALL, "dan", NULL));
}

static void open_bypass(void)
{
  CHECK_OK(qk_set_mode(store, HALL, QK_MODE_BYPASS));
}

/* ann and bob are over, cid has not polled for long, dan and gus may go in. */
static void let_time_pass(void)
{
  fixture_advance(55000);
  CHECK_OK(qk_poll(store, HALL, "dan", NULL));
  CHECK_OK(qk_enter(store, HALL, "gus", NULL));
  fixture_advance(10000);
}

/* cid's READY is over, cid comes again. */
static void kill_cid(void)
{
  go_eager();
  CHECK_OK(qk_tick(store, HALL, NULL));
  CHECK_STATE(store, "cid", QK_READY);
  fixture_advance(31000);
}

static void free_the_lease(void)
{
  server_must(server, "HDEL qk:{" HALL "}m l");
}

struct scene {
  const char *name, *script;
  void (*prepare)(void);
  int (*call)(void);
  int least; /* so many writes at least */
  const char *queue;
};

static const struct scene scenes[] = {
    {"a new person", "verbs", stay, enter_new, 3, HALL},
    {"a new person of a class", "verbs", stay, enter_new_class, 3, HALL},
    {"a new person who goes in at once", "verbs", empty_line, enter_new, 4, HALL},
    {"a new person in BYPASS", "verbs", open_bypass, enter_new, 4, HALL},
    {"a waiting person in BYPASS", "verbs", open_bypass, enter_again, 4, HALL},
    {"a person whose seat is over", "verbs", kill_cid, enter_again, 4, HALL},
    {"a repeated enter", "verbs", stay, enter_again, 2, HALL},
    {"a new queue", "verbs", stay, enter_new_queue, 6, NEW},
    {"a poll", "verbs", stay, poll_waiting, 2, HALL},
    {"activate", "verbs", stay, activate, 3, HALL},
    {"extend", "verbs", stay, extend, 3, HALL},
    {"release of an active one", "verbs", stay, release_active, 3, HALL},
    {"release of an active one, eager", "verbs", go_eager, release_active, 5, HALL},
    {"release of a ready one", "verbs", stay, release_ready, 3, HALL},
    {"release of a waiting one", "verbs", stay, release_waiting, 3, HALL},
    {"all verbs", "verbs", stay, mix, 6, HALL},
    {"all verbs, eager", "verbs", go_eager, mix, 8, HALL},
    {"a tick that does nothing", "tick", stay, tick_hall, 2, HALL},
    {"a tick that admits", "tick", go_eager, tick_hall, 5, HALL},
    {"a tick that admits all", "tick", open_bypass, tick_hall, 5, HALL},
    {"a tick that ends, drops and admits", "tick", let_time_pass, tick_hall, 7, HALL},
    {"a lease", "lease", free_the_lease, tick_all, 2, HALL},
    {"a policy", "policy", stay, set_policy, 3, HALL},
    {"a policy that makes a queue", "policy", stay, make_by_policy, 6, NEW},
    {"a mode", "policy", stay, set_mode, 2, HALL},
    {"a mode that makes a queue", "policy", stay, make_by_mode, 6, NEW},
    {"removal", "remove", stay, remove_hall, 1, HALL},
    {"a name on the list", "enlist", stay, enter_new_queue, 1, NEW},
};

enum { SCENES = sizeof scenes / sizeof scenes[0] };

static void play(const struct scene *scene)
{
  qk_policy policy = calm_policy();
  server_must(server, "FLUSHALL");
  server_must(server, "SET fault:text x");
  fixture_now_ms = FIXTURE_START;
  store = open_with_clock(server_uri(server, ""), 5000);
  policy.max_active = 2;
  policy.idle_ms = 60000;
  CHECK_OK(qk_set_policy(store, HALL, &policy, NULL));
  CHECK_OK(qk_set_policy(store, YARD, &policy, NULL));
  CHECK_OK(enter("ann"));
  CHECK_OK(enter("bob"));
  CHECK_OK(tick_hall());
  CHECK_OK(qk_activate(store, HALL, "ann", NULL));
  CHECK_OK(enter("cid"));
  CHECK_OK(enter("dan"));
  fixture_advance(1000);
  CHECK_OK(qk_poll(store, HALL, "cid", NULL));
  CHECK_OK(qk_poll(store, HALL, "dan", NULL));
  scene->prepare();
}

/* ---- What is there --------------------------------------------------------------------------------- */

/* Every byte in a queue's keys. */
struct dump {
  char *bytes;
  size_t len;
};

static void add_bytes(struct dump *dump, const redisReply *reply)
{
  dump->bytes = realloc(dump->bytes, dump->len + reply->len + sizeof reply->len);
  ck_assert_ptr_nonnull(dump->bytes);
  memcpy(dump->bytes + dump->len, &reply->len, sizeof reply->len);
  memcpy(dump->bytes + dump->len + sizeof reply->len, reply->str, reply->len);
  dump->len += reply->len + sizeof reply->len;
}

static int by_text(const void *a, const void *b)
{
  const redisReply *const *left = a, *const *right = b;
  size_t len = (*left)->len < (*right)->len ? (*left)->len : (*right)->len;
  int order = memcmp((*left)->str, (*right)->str, len);
  return order ? order : ((*left)->len > (*right)->len) - ((*left)->len < (*right)->len);
}

/* A hash by its fields, sorted: their order in it means nothing. */
static void add_key(struct dump *dump, const char *queue, char kind)
{
  int is_hash = kind == 'm' || kind == 'r';
  char key[32];
  snprintf(key, sizeof key, "qk:{%s}%c", queue, kind);
  redisReply *reply = is_hash ? server_command(server, "HGETALL %s", key)
                              : server_command(server, "ZRANGE %s 0 -1 WITHSCORES", key);
  ck_assert_ptr_nonnull(reply);
  ck_assert_int_eq(reply->type, REDIS_REPLY_ARRAY);
  if (is_hash && reply->elements > 0)
    qsort(reply->element, reply->elements / 2, 2 * sizeof reply->element[0], by_text);
  for (size_t i = 0; i < reply->elements; i++)
    add_bytes(dump, reply->element[i]);
  freeReplyObject(reply);
}

static struct dump dump_queue(const char *queue)
{
  struct dump dump = {.len = 0};
  for (const char *kind = "mwsrig"; *kind; kind++)
    add_key(&dump, queue, *kind);
  return dump;
}

/* Frees both. */
static int is_same(struct dump a, struct dump b)
{
  int same = a.len == b.len && (a.len == 0 || !memcmp(a.bytes, b.bytes, a.len));
  free(a.bytes);
  free(b.bytes);
  return same;
}

/* ---- What follows from it -------------------------------------------------------------------------- */

static void set_fault(const struct scene *scene, int n)
{
  server_must(server, "SET fault:%s %d", scene->script, n);
}

#define REQUIRE(condition, ...)                                                                              \
  do {                                                                                                       \
    char text_[128];                                                                                         \
    snprintf(text_, sizeof text_, __VA_ARGS__);                                                              \
    ck_assert_msg(condition, "%s, write %d: %s", scene->name, n, text_);                                     \
  } while (0)

static void check_totals(const struct scene *scene, int n, const char *queue)
{
  qk_stats stats;
  int code = qk_get_stats(store, queue, &stats);
  REQUIRE(code == QK_OK || (code == QK_ENOTFOUND && !strcmp(queue, scene->queue)), "%s: stats give %d", queue,
          code);
  REQUIRE(stats.entered == stats.waiting + stats.ready + stats.active + stats.left + stats.dropped +
                               stats.lapsed + stats.expired + stats.completed,
          "%s: the totals do not balance", queue);
}

static void check_damage(const struct scene *scene, int n)
{
  struct dump before = dump_queue(scene->queue);
  for (int i = 0; i < PERSON_CALLS; i++) {
    int code = person_calls[i].call(store, scene->queue, i % 2 ? "cid" : "eve", NULL);
    REQUIRE(code == QK_ESTATE, "%s gives %d on what is left", person_calls[i].name, code);
  }
  for (int i = 0; i < QUEUE_CALLS; i++) {
    if (queue_calls[i].call == qk_remove)
      continue;
    int code = queue_calls[i].call(store, scene->queue);
    REQUIRE(code == QK_ESTATE, "%s gives %d on what is left", queue_calls[i].name, code);
  }
  qk_tick(store, NULL, NULL);
  REQUIRE(is_same(before, dump_queue(scene->queue)), "what is left has changed");
  int code = qk_remove(store, scene->queue);
  REQUIRE(code == QK_OK, "removal gives %d", code);
  REQUIRE(qk_enter(store, scene->queue, "eve", NULL) == QK_OK, "it does not begin again");
}

static void check_others(const struct scene *scene, int n)
{
  qk_ticket ticket;
  int code = qk_enter(store, YARD, "hal", &ticket);
  REQUIRE(code == QK_OK && ticket.number == 1, "the other queue gives %d", code);
  check_totals(scene, n, YARD);
  check_totals(scene, n, HALL);
}

/* Returns 0 if there are fewer than n writes. */
static int break_at(const struct scene *scene, int n)
{
  play(scene);
  struct dump before = dump_queue(scene->queue), yard = dump_queue(YARD);
  set_fault(scene, n);
  int code = scene->call();
  set_fault(scene, 0);
  int is_hit = code != QK_OK, unchanged = is_same(before, dump_queue(scene->queue));
  if (is_hit) {
    REQUIRE(code == QK_ESTATE, "the call gives %d (%s)", code, qk_strerror(code));
    REQUIRE(n > 1 || unchanged, "nothing was written, but something has changed");
    REQUIRE(is_same(yard, dump_queue(YARD)), "the other queue has changed");
    if (unchanged)
      REQUIRE(scene->call() == QK_OK, "nothing has changed, but it fails again");
    else
      check_damage(scene, n);
    check_others(scene, n);
  } else {
    free(yard.bytes);
    check_totals(scene, n, HALL);
  }
  qk_close(store);
  return is_hit;
}

static void start_server(void)
{
  server = server_start(NULL);
}

static void stop_server(void)
{
  server_stop(server);
}

START_TEST(a_script_that_dies_leaves_nothing_that_is_used)
{
  const struct scene *scene = &scenes[_i];
  int n = 1;
  while (break_at(scene, n))
    n++;
  REQUIRE(n > scene->least, "there are only %d writes", n - 1);
}
END_TEST

/* With the faults asleep these are the library's scripts. */
START_TEST(without_a_fault_nothing_fails)
{
  for (int i = 0; i < SCENES; i++)
    ck_assert_msg(!break_at(&scenes[i], 0), "%s", scenes[i].name);
}
END_TEST

static void add_script_tests(TCase *tests)
{
  tcase_add_checked_fixture(tests, start_server, stop_server);
  tcase_add_loop_test(tests, a_script_that_dies_leaves_nothing_that_is_used, 0, SCENES);
  tcase_add_test(tests, without_a_fault_nothing_fails);
}

int main(void)
{
  static void (*const adds[])(TCase *) = {add_script_tests, NULL};
  return faults_main("faults: script", adds);
}
