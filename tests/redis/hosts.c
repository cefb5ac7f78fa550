/* Many host processes on one queue: they tick together, stop in the middle of it and go on later. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "faults.h"
#include "load.h"

enum { HOSTS_MAX = 8, SEATS = 300, PEOPLE = 3000 };

/* ---- Processes that tick --------------------------------------------------------------------------- */

/* What parent and children share. */
struct board {
  atomic_int is_over, failed;
  atomic_ullong ticks, admitted, lapsed; /* as the children's reports say */
};

static struct board *make_board(void)
{
  FILE *file = tmpfile();
  ck_assert(file && ftruncate(fileno(file), sizeof(struct board)) == 0);
  void *board = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
  ck_assert(board != MAP_FAILED);
  fclose(file);
  return board;
}

/* The child's whole life; it uses none of Check's macros. */
static void tick_until_told(const char *uri, struct board *board)
{
  qk_store *store;
  qk_options options;
  qk_options_init(&options);
  options.tick_budget = 40;
  options.timeout_ms = 1000;
  if (qk_open(&store, uri, &options, NULL) != QK_OK) {
    board->failed = 1;
    _exit(1);
  }
  while (!board->is_over) {
    qk_tick_report report;
    int code = qk_tick(store, HALL, &report);
    board->ticks++;
    board->admitted += report.admitted;
    board->lapsed += report.lapsed;
    if (code != QK_OK && code != QK_EUNKNOWN && code != QK_ESTORE)
      board->failed = code;
  }
  qk_close(store);
  _exit(0);
}

static void start_hosts(pid_t *hosts, int count, const char *uri, struct board *board)
{
  fflush(NULL);
  for (int i = 0; i < count; i++) {
    hosts[i] = fork();
    ck_assert_int_ge(hosts[i], 0);
    if (hosts[i] == 0) {
      alarm(100);
      tick_until_told(uri, board);
    }
  }
}

static void stop_hosts(const pid_t *hosts, int count, struct board *board)
{
  board->is_over = 1;
  for (int i = 0; i < count; i++) {
    int status;
    while (waitpid(hosts[i], &status, 0) < 0)
      ck_assert_int_eq(errno, EINTR);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a host ended with 0x%x", (unsigned)status);
  }
  ck_assert_int_eq(board->failed, 0);
}

/* ---- The people ------------------------------------------------------------------------------------ */

static const char *user(int number)
{
  static char names[4][24];
  char *name = names[number % 4];
  snprintf(name, sizeof names[0], "u%d", number);
  return name;
}

/* Let PEOPLE in, in batches; nobody is admitted yet. */
static qk_store *open_full_hall(const char *uri)
{
  static qk_op ops[PEOPLE];
  static char names[PEOPLE][24];
  qk_policy policy;
  qk_store *store = open_plain(uri, 10000);
  qk_policy_init(&policy);
  policy.max_active = SEATS;
  policy.eager = 0;
  CHECK_OK(qk_set_policy(store, HALL, &policy, NULL));
  for (int i = 0; i < PEOPLE; i++) {
    snprintf(names[i], sizeof names[i], "u%d", i);
    memset(&ops[i], 0, sizeof ops[i]);
    ops[i].size = sizeof ops[i];
    ops[i].verb = QK_ENTER;
    ops[i].queue = HALL;
    ops[i].user = names[i];
  }
  CHECK_OK(qk_batch(store, ops, PEOPLE));
  for (int i = 0; i < PEOPLE; i++)
    CHECK_OK(ops[i].result);
  return store;
}

struct goal {
  qk_store *store;
  uint64_t admitted;
};

static int were_admitted(void *arg)
{
  const struct goal *goal = arg;
  qk_stats stats;
  CHECK_OK(qk_get_stats(goal->store, HALL, &stats));
  ck_assert_msg(stats.ready + stats.active <= SEATS, "%llu seats of %d are taken",
                (unsigned long long)(stats.ready + stats.active), SEATS);
  return stats.admitted >= goal->admitted;
}

/* Wait until so many were admitted; everybody in order, and never more than there are seats. */
static void await_admissions(qk_store *store, uint64_t admitted)
{
  struct goal goal = {store, admitted};
  ck_assert_msg(servers_wait(were_admitted, &goal, 60000), "fewer than %llu were admitted",
                (unsigned long long)admitted);
  load_check_queue(store, HALL, SEATS);
}

/* All but the last SEATS go in and leave again, hundred by hundred, while others tick. */
static void let_everybody_through(qk_store *store)
{
  for (int i = 0; i < PEOPLE - SEATS; i++) {
    if (i % 100 == 0)
      await_admissions(store, (uint64_t)(SEATS + i));
    CHECK_OK(qk_activate(store, HALL, user(i), NULL));
    CHECK_OK(qk_release(store, HALL, user(i), NULL));
  }
  await_admissions(store, PEOPLE);
}

static void check_end(qk_store *store, const struct board *board, int is_exact)
{
  qk_stats stats;
  CHECK_OK(qk_get_stats(store, HALL, &stats));
  ck_assert_uint_eq(stats.entered, PEOPLE);
  ck_assert_uint_eq(stats.admitted, PEOPLE);
  ck_assert_uint_eq(stats.completed, PEOPLE - SEATS);
  ck_assert_uint_eq(stats.ready, SEATS);
  /* What a report says was done by that tick; one whose answer was lost is in no report. */
  ck_assert_uint_le(board->admitted, PEOPLE);
  if (is_exact)
    ck_assert_uint_eq(board->admitted, PEOPLE);
}

/* ---- Tests ----------------------------------------------------------------------------------------- */

static void run_hosts(int count)
{
  pid_t hosts[HOSTS_MAX];
  struct board *board = make_board();
  struct server *server = server_start(NULL);
  char uri[128];
  snprintf(uri, sizeof uri, "%s", server_uri(server, ""));
  qk_store *store = open_full_hall(uri);
  start_hosts(hosts, count, uri, board);
  let_everybody_through(store);
  stop_hosts(hosts, count, board);
  check_end(store, board, 1);
  qk_close(store);
  server_stop(server);
}

START_TEST(two_processes_tick_one_queue_at_once)
{
  run_hosts(2);
}
END_TEST

START_TEST(eight_processes_tick_one_queue_at_once)
{
  run_hosts(8);
}
END_TEST

struct ticks {
  struct board *board;
  unsigned long long enough;
};

static int have_ticked(void *arg)
{
  const struct ticks *ticks = arg;
  return ticks->board->ticks >= ticks->enough;
}

/* Each of two hosts is stopped somewhere in its ticks, again and again, for longer than its calls may take
 * now and then, while the other goes on. */
START_TEST(a_host_stopped_in_its_tick_changes_nothing_later)
{
  pid_t hosts[2];
  struct board *board = make_board();
  struct server *server = server_start(NULL);
  char uri[128];
  snprintf(uri, sizeof uri, "%s", server_uri(server, ""));
  qk_store *store = open_full_hall(uri);
  start_hosts(hosts, 2, uri, board);
  for (int i = 0; i < PEOPLE - SEATS; i++) {
    if (i % 100 == 0) {
      struct ticks ticks = {board, board->ticks + (unsigned)i % 7};
      ck_assert(servers_wait(have_ticked, &ticks, 20000));
      kill(hosts[i / 100 % 2], SIGSTOP);
      await_admissions(store, (uint64_t)(SEATS + i));
    }
    CHECK_OK(qk_activate(store, HALL, user(i), NULL));
    CHECK_OK(qk_release(store, HALL, user(i), NULL));
    if (i % 100 == 99)
      kill(hosts[i / 100 % 2], SIGCONT);
  }
  await_admissions(store, PEOPLE);
  stop_hosts(hosts, 2, board);
  check_end(store, board, 0);
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(a_host_that_dies_in_its_tick_leaves_the_work_to_the_others)
{
  pid_t hosts[2];
  struct board *board = make_board();
  struct server *server = server_start(NULL);
  char uri[128];
  int status;
  snprintf(uri, sizeof uri, "%s", server_uri(server, ""));
  qk_store *store = open_full_hall(uri);
  for (int round = 0; round < 10; round++) {
    start_hosts(hosts, 2, uri, board);
    struct ticks ticks = {board, board->ticks + 10};
    ck_assert(servers_wait(have_ticked, &ticks, 20000));
    for (int i = 0; i < 2; i++) {
      kill(hosts[i], SIGKILL);
      waitpid(hosts[i], &status, 0);
    }
    load_check_queue(store, HALL, SEATS);
  }
  start_hosts(hosts, 1, uri, board);
  let_everybody_through(store);
  stop_hosts(hosts, 1, board);
  check_end(store, board, 0);
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(hosts_share_the_queues_by_lease)
{
  enum { QUEUES = 12 };
  uint64_t visited = 0, skipped = 0;
  qk_tick_report report;
  struct server *server = server_start(NULL);
  qk_store *store = open_plain(server_uri(server, ""), 5000);
  qk_store *second = open_plain(server_uri(server, ""), 5000);
  for (int i = 0; i < QUEUES; i++) {
    char queue[24];
    snprintf(queue, sizeof queue, "hall %d", i);
    CHECK_OK(qk_enter(store, queue, "ann", NULL));
  }
  CHECK_OK(qk_tick(store, NULL, &report));
  ck_assert_uint_eq(report.queues, QUEUES);
  CHECK_OK(qk_tick(second, NULL, &report));
  visited = report.queues;
  skipped = report.skipped;
  ck_assert_uint_eq(visited + skipped, QUEUES);
  ck_assert_uint_gt(skipped, 0);
  CHECK_OK(qk_tick(second, "hall 0", &report)); /* a named queue is never skipped */
  ck_assert_uint_eq(report.queues, 1);
  ck_assert_uint_eq(report.skipped, 0);
  qk_close(second);
  qk_close(store);
  server_stop(server);
}
END_TEST

void add_hosts_tests(TCase *tests)
{
  tcase_add_test(tests, two_processes_tick_one_queue_at_once);
  tcase_add_test(tests, eight_processes_tick_one_queue_at_once);
  tcase_add_test(tests, a_host_stopped_in_its_tick_changes_nothing_later);
  tcase_add_test(tests, a_host_that_dies_in_its_tick_leaves_the_work_to_the_others);
  tcase_add_test(tests, hosts_share_the_queues_by_lease);
}
