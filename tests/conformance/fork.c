/* A child of the opener may only close: every other call is QK_EFORK, and the parent goes on as if nothing
 * had been. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "calls.h"
#include "conformance.h"
#include "input.h"

/* ---- Helpers ------------------------------------------------------------------------------------- */

/* What the children need, made before the fork. */
static qk_store *store;
static char token[QK_TOKEN_SIZE];

/* A child's checks: returns 0, or the line of the first that failed. Check's own macros are of no use in a
 * child. */
typedef int child_function(void);
#define CHILD_NEEDS(condition)                                                                               \
  do {                                                                                                       \
    if (!(condition))                                                                                        \
      return __LINE__;                                                                                       \
  } while (0)

static int all_zero(const void *data, size_t size)
{
  const unsigned char *bytes = data;
  for (size_t i = 0; i < size; i++)
    if (bytes[i])
      return 0;
  return 1;
}

static void run_in_child(int test_line, child_function *child)
{
  int pipe_fds[2], line = -1, status;
  ck_assert_int_eq(pipe(pipe_fds), 0);
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    alarm(20);
    line = child();
    _exit(write(pipe_fds[1], &line, sizeof line) == (ssize_t)sizeof line ? 0 : 1);
  }
  close(pipe_fds[1]);
  ssize_t got = read(pipe_fds[0], &line, sizeof line);
  close(pipe_fds[0]);
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert_msg(got == (ssize_t)sizeof line && WIFEXITED(status), "line %d: the child died, status 0x%x",
                test_line, (unsigned)status);
  ck_assert_msg(line == 0, "line %d: the child failed at line %d", test_line, line);
}
#define RUN_IN_CHILD(child) run_in_child(__LINE__, child)

/* HALL with ann inside and bob waiting; token is ann's. */
static void open_shared_scene(void)
{
  store = open_hall(NULL);
  qk_ticket ticket = ADMIT_ACTIVE(store, "ann");
  CHECK_OK(qk_token(store, &ticket, token));
  ENTER(store, "bob");
}

/* The parent's store is as open_shared_scene() left it, and works. */
static void check_unharmed(void)
{
  qk_op op = make_op(QK_POLL, HALL, "bob", NULL), *ops[1] = {&op};
  CHECK_COUNTS(store, 1, 0, 1);
  CHECK_POSITION(store, "bob", 1);
  CHECK_OK(qk_submit(store, ops, 1));
  ck_assert_int_eq(qk_reap(store, ops, 1, 5000), 1);
  ck_assert_int_eq(op.result, QK_OK);
  TICK_ADMITS(store, 1);
  CHECK_COUNTS(store, 0, 1, 1);
}

/* ---- Tests --------------------------------------------------------------------------------------- */

static int visit_nothing(void *arg, const char *queue)
{
  (void)queue;
  *(int *)arg = 1;
  return 0;
}

static int child_verbs(void)
{
  qk_ticket ticket;
  for (int i = 0; i < PERSON_CALLS; i++) {
    memset(&ticket, 0xaa, sizeof ticket);
    CHILD_NEEDS(person_calls[i].call(store, HALL, "ann", &ticket) == QK_EFORK);
    memset(ticket.queue, 0, sizeof ticket.queue);
    memset(ticket.user, 0, sizeof ticket.user);
    CHILD_NEEDS(all_zero(&ticket, sizeof ticket));
    CHILD_NEEDS(person_calls[i].call(store, HALL, "ann", NULL) == QK_EFORK);
  }
  for (int i = 0; i < TOKEN_CALLS; i++) {
    memset(&ticket, 0xaa, sizeof ticket);
    CHILD_NEEDS(token_calls[i].call(store, token, &ticket) == QK_EFORK);
    memset(ticket.queue, 0, sizeof ticket.queue);
    memset(ticket.user, 0, sizeof ticket.user);
    CHILD_NEEDS(all_zero(&ticket, sizeof ticket));
  }
  return 0;
}

START_TEST(verbs_in_a_child_are_efork)
{
  open_shared_scene();
  RUN_IN_CHILD(child_verbs);
  check_unharmed();
  qk_close(store);
}
END_TEST

static int child_views(void)
{
  qk_policy policy;
  qk_stats stats;
  qk_cursor cursor;
  qk_tick_report report;
  qk_ticket ticket;
  memset(&policy, 0xaa, sizeof policy);
  memset(&stats, 0xaa, sizeof stats);
  memset(&cursor, 0xaa, sizeof cursor);
  memset(&report, 0xaa, sizeof report);
  CHILD_NEEDS(qk_get_policy(store, HALL, &policy) == QK_EFORK && all_zero(&policy, sizeof policy));
  CHILD_NEEDS(qk_get_stats(store, HALL, &stats) == QK_EFORK && all_zero(&stats, sizeof stats));
  CHILD_NEEDS(qk_get_cursor(store, HALL, &cursor) == QK_EFORK && all_zero(&cursor, sizeof cursor));
  CHILD_NEEDS(qk_tick(store, HALL, &report) == QK_EFORK && all_zero(&report, sizeof report));
  CHILD_NEEDS(qk_tick(store, NULL, &report) == QK_EFORK);
  CHILD_NEEDS(qk_list(store, HALL, 0, 0, &ticket, 1) == QK_EFORK);
  return 0;
}

static int child_rest(void)
{
  qk_policy policy = calm_policy();
  qk_error error = {0, ""};
  char text[QK_TOKEN_SIZE];
  int visited = 0;
  qk_ticket ticket = {.state = QK_WAITING, .number = 1, .epoch = 1, .queue = "q", .user = "u"};
  qk_op op = make_op(QK_POLL, HALL, "ann", NULL), *ops[1] = {&op};
  CHILD_NEEDS(qk_set_policy(store, HALL, &policy, &error) == QK_EFORK && error.code == QK_EFORK);
  CHILD_NEEDS(qk_set_mode(store, HALL, QK_MODE_HOLD) == QK_EFORK);
  CHILD_NEEDS(qk_load(store, "{}", 2, &error) == QK_EFORK && error.code == QK_EFORK);
  CHILD_NEEDS(qk_remove(store, HALL) == QK_EFORK);
  CHILD_NEEDS(qk_each_queue(store, visit_nothing, &visited) == QK_EFORK && !visited);
  CHILD_NEEDS(qk_token(store, &ticket, text) == QK_EFORK);
  CHILD_NEEDS(qk_batch(store, &op, 1) == QK_EFORK);
  CHILD_NEEDS(qk_submit(store, ops, 1) == QK_EFORK);
  CHILD_NEEDS(qk_reap(store, ops, 1, 0) == QK_EFORK);
  CHILD_NEEDS(qk_reap(store, ops, 1, 1000) == QK_EFORK);
  CHILD_NEEDS(qk_fd(store) == QK_EFORK);
  CHILD_NEEDS(qk_metrics(store) == NULL);
  return 0;
}

START_TEST(all_other_calls_in_a_child_are_efork)
{
  open_shared_scene();
  RUN_IN_CHILD(child_views);
  RUN_IN_CHILD(child_rest);
  check_unharmed();
  qk_close(store);
}
END_TEST

static int child_closes(void)
{
  qk_close(store);
  return 0;
}

START_TEST(close_in_a_child_leaves_the_parent_alone)
{
  open_shared_scene();
  for (int i = 0; i < 3; i++)
    RUN_IN_CHILD(child_closes);
  check_unharmed();
  qk_close(store);
}
END_TEST

static int child_wakes(void)
{
  qk_wakeup(store);
  return 0;
}

/* The parent and the child share what is behind the fd: the child's wake-up must not end the parent's wait.
 */
START_TEST(wakeup_in_a_child_does_not_reach_the_parent)
{
  qk_op *done[1];
  open_shared_scene();
  RUN_IN_CHILD(child_wakes);
  int64_t start = monotonic_ms();
  ck_assert_int_eq(qk_reap(store, done, 1, 200), 0);
  ck_assert_int_ge(monotonic_ms() - start, 190);
  check_unharmed();
  qk_close(store);
}
END_TEST

static int child_opens_its_own(void)
{
  qk_store *own;
  qk_ticket ticket;
  CHILD_NEEDS(qk_open(&own, NULL, NULL, NULL) == QK_OK);
  CHILD_NEEDS(qk_enter(own, HALL, "eve", &ticket) == QK_OK && ticket.state == QK_READY);
  CHILD_NEEDS(qk_poll(store, HALL, "ann", &ticket) == QK_EFORK);
  qk_close(store);
  CHILD_NEEDS(qk_activate(own, HALL, "eve", &ticket) == QK_OK && ticket.state == QK_ACTIVE);
  qk_close(own);
  return 0;
}

START_TEST(a_child_may_open_its_own_store)
{
  open_shared_scene();
  RUN_IN_CHILD(child_opens_its_own);
  check_unharmed();
  qk_close(store);
}
END_TEST

static int child_forks(void)
{
  int status;
  pid_t pid = fork();
  CHILD_NEEDS(pid >= 0);
  if (pid == 0) {
    int refused = qk_poll(store, HALL, "ann", NULL) == QK_EFORK;
    qk_close(store);
    _exit(refused ? 0 : 1);
  }
  CHILD_NEEDS(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHILD_NEEDS(qk_poll(store, HALL, "ann", NULL) == QK_EFORK);
  return 0;
}

START_TEST(a_grandchild_is_refused_too)
{
  open_shared_scene();
  RUN_IN_CHILD(child_forks);
  check_unharmed();
  qk_close(store);
}
END_TEST

static qk_op flying[64];

static int child_closes_with_ops_out(void)
{
  qk_op *done[1];
  CHILD_NEEDS(qk_reap(store, done, 1, 0) == QK_EFORK);
  qk_close(store);
  return 0;
}

START_TEST(ops_under_way_come_back_to_the_parent_only)
{
  enum { OPS = sizeof flying / sizeof flying[0] };
  qk_op *ops[OPS], *done[OPS];
  int got = 0;
  open_shared_scene();
  for (int i = 0; i < OPS; i++) {
    flying[i] = make_op(QK_POLL, HALL, "bob", NULL);
    ops[i] = &flying[i];
  }
  CHECK_OK(qk_submit(store, ops, OPS));
  RUN_IN_CHILD(child_closes_with_ops_out);
  while (got < OPS) {
    int count = qk_reap(store, done, OPS, 5000);
    ck_assert_int_gt(count, 0);
    got += count;
  }
  for (int i = 0; i < OPS; i++)
    ck_assert_int_eq(flying[i].result, QK_OK);
  check_unharmed();
  qk_close(store);
}
END_TEST

static atomic_int stop;

static void *keep_calling(void *arg)
{
  (void)arg;
  while (!stop) {
    qk_enter(store, "busy", "eve", NULL);
    qk_release(store, "busy", "eve", NULL);
  }
  return NULL;
}

static int child_is_refused_and_closes(void)
{
  CHILD_NEEDS(qk_poll(store, HALL, "ann", NULL) == QK_EFORK);
  CHILD_NEEDS(qk_poll(store, "busy", "eve", NULL) == QK_EFORK);
  CHILD_NEEDS(qk_reap(store, NULL, 0, 0) < 0);
  qk_close(store);
  return 0;
}

/* Another thread may hold any lock of the library at the moment of the fork: nobody in the child may wait for
 * it. */
START_TEST(a_fork_while_others_call_does_not_hang_the_child)
{
  pthread_t thread;
  open_shared_scene();
  stop = 0;
  ck_assert_int_eq(pthread_create(&thread, NULL, keep_calling, NULL), 0);
  for (int i = 0; i < 20; i++)
    RUN_IN_CHILD(child_is_refused_and_closes);
  stop = 1;
  pthread_join(thread, NULL);
  check_unharmed();
  qk_close(store);
}
END_TEST

void add_fork_tests(TCase *tests)
{
  tcase_add_test(tests, verbs_in_a_child_are_efork);
  tcase_add_test(tests, all_other_calls_in_a_child_are_efork);
  tcase_add_test(tests, close_in_a_child_leaves_the_parent_alone);
  tcase_add_test(tests, wakeup_in_a_child_does_not_reach_the_parent);
  tcase_add_test(tests, a_child_may_open_its_own_store);
  tcase_add_test(tests, a_grandchild_is_refused_too);
  tcase_add_test(tests, ops_under_way_come_back_to_the_parent_only);
  tcase_add_test(tests, a_fork_while_others_call_does_not_hang_the_child);
}
