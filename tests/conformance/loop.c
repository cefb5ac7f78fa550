/* qk_fd and qk_wakeup: what an event loop lives by. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include "submit.h"

/* ---- Helpers ------------------------------------------------------------------------------------- */

static int is_readable(int fd)
{
  struct pollfd waiting = {.fd = fd, .events = POLLIN};
  int count = poll(&waiting, 1, 0);
  ck_assert_int_ge(count, 0);
  return count == 1;
}

static void pause_ms(int ms)
{
  struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
  nanosleep(&time, NULL);
}

/* ---- The descriptor ------------------------------------------------------------------------------ */

START_TEST(the_fd_is_one_and_stays)
{
  qk_store *store = open_hall(NULL);
  int fd = qk_fd(store);
  ck_assert_int_ge(fd, 0);
  make_ops(QK_ENTER, 0, 20);
  CHECK_OK(qk_submit(store, ops, 20));
  ck_assert_int_eq(qk_fd(store), fd);
  REAP_ALL(store, 20);
  qk_wakeup(store);
  CHECK_IDLE(store);
  ck_assert_int_eq(qk_fd(store), fd);
  qk_close(store);
}
END_TEST

/* Spurious wake-ups are allowed, a descriptor that never rests is not. */
static void check_rests(int line, qk_store *store, int fd)
{
  for (int tries = 0; is_readable(fd); tries++) {
    qk_op *done[1];
    ck_assert_msg(tries < 100, "line %d: the fd stays readable with nothing to do", line);
    ck_assert_int_eq(qk_reap(store, done, 1, 0), 0);
  }
}

START_TEST(the_fd_is_readable_until_all_is_reaped)
{
  qk_op *done[1];
  qk_store *store = open_hall(NULL);
  int fd = qk_fd(store);
  check_rests(__LINE__, store, fd);
  make_ops(QK_ENTER, 0, 5);
  CHECK_OK(qk_submit(store, ops, 5));
  ck_assert(is_readable(fd) && is_readable(fd));
  for (int got = 0; got < 5;) {
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    ck_assert_int_eq(poll(&waiting, 1, PATIENCE_MS), 1);
    int now = qk_reap(store, done, 1, 0);
    ck_assert_int_ge(now, 0);
    got += now;
  }
  check_rests(__LINE__, store, fd);
  qk_close(store);
}
END_TEST

/* Run rounds of submit, wait on the outer epoll, reap with timeout 0: what every event loop does. */
static void run_loop(qk_store *store, int epoll)
{
  struct epoll_event event;
  for (int round = 0; round < 50; round++) {
    make_ops(QK_ENTER, 0, 20);
    CHECK_OK(qk_submit(store, ops, 20));
    for (int got = 0; got < 20;) {
      qk_op *done[7];
      ck_assert_int_eq(epoll_wait(epoll, &event, 1, PATIENCE_MS), 1);
      int now = qk_reap(store, done, 7, 0);
      ck_assert_int_ge(now, 0);
      got += now;
    }
    check_results(0, 20, QK_OK);
  }
}

static int watch(int fd)
{
  struct epoll_event event = {.events = EPOLLIN};
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  ck_assert_int_ge(epoll, 0);
  ck_assert_int_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
  return epoll;
}

START_TEST(the_fd_drives_an_epoll_loop)
{
  qk_store *store = open_hall(NULL);
  int epoll = watch(qk_fd(store));
  run_loop(store, epoll);
  close(epoll);
  qk_close(store);
}
END_TEST

START_TEST(the_fd_drives_an_epoll_in_an_epoll)
{
  qk_store *store = open_hall(NULL);
  int inner = watch(qk_fd(store)), outer = watch(inner), outermost = watch(outer);
  run_loop(store, outermost);
  close(outermost);
  close(outer);
  close(inner);
  qk_close(store);
}
END_TEST

START_TEST(a_store_may_be_driven_by_its_fd_alone)
{
  struct pollfd waiting[2];
  qk_store *stores[2];
  int left = 200;
  make_ops(QK_ENTER, 0, 200);
  for (int i = 0; i < 2; i++) {
    stores[i] = open_hall(NULL);
    waiting[i] = (struct pollfd){.fd = qk_fd(stores[i]), .events = POLLIN};
    CHECK_OK(qk_submit(stores[i], ops + 100 * i, 100));
  }
  while (left > 0) {
    ck_assert_int_gt(poll(waiting, 2, PATIENCE_MS), 0);
    for (int i = 0; i < 2; i++) {
      qk_op *done[16];
      int now = waiting[i].revents ? qk_reap(stores[i], done, 16, 0) : 0;
      ck_assert_int_ge(now, 0);
      for (int j = 0; j < now; j++)
        ck_assert_int_eq((int)((done[j] - op) / 100), i);
      left -= now;
    }
  }
  qk_close(stores[0]);
  qk_close(stores[1]);
}
END_TEST

/* ---- Wake-ups ------------------------------------------------------------------------------------ */

START_TEST(a_wakeup_is_remembered_once)
{
  qk_op *done[1];
  qk_store *store = open_hall(NULL);
  for (int i = 0; i < 3; i++)
    qk_wakeup(store);
  int64_t start = monotonic_ms();
  ck_assert_int_eq(qk_reap(store, done, 1, -1), 0);
  ck_assert_int_lt(monotonic_ms() - start, 5000);
  start = monotonic_ms();
  ck_assert_int_eq(qk_reap(store, done, 1, 100), 0);
  ck_assert_int_ge(monotonic_ms() - start, 99);
  qk_close(store);
}
END_TEST

START_TEST(a_wakeup_makes_the_fd_readable)
{
  qk_store *store = open_hall(NULL);
  qk_wakeup(store);
  ck_assert(is_readable(qk_fd(store)));
  CHECK_IDLE(store);
  check_rests(__LINE__, store, qk_fd(store));
  qk_close(store);
}
END_TEST

static void *wake_later(void *store)
{
  pause_ms(30);
  qk_wakeup(store);
  return NULL;
}

START_TEST(a_wakeup_from_another_thread_ends_a_reap)
{
  pthread_t thread;
  qk_op *done[1];
  qk_store *store = open_hall(NULL);
  ck_assert_int_eq(pthread_create(&thread, NULL, wake_later, store), 0);
  ck_assert_int_eq(qk_reap(store, done, 1, -1), 0);
  pthread_join(thread, NULL);
  qk_close(store);
}
END_TEST

static qk_store *to_wake;

static void wake_in_handler(int number)
{
  (void)number;
  qk_wakeup(to_wake);
}

static void *take_signal(void *arg)
{
  sigset_t set;
  (void)arg;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pause_ms(30);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  pthread_kill(pthread_self(), SIGUSR1);
  return NULL;
}

/* The handler runs on another thread than the reap, so that the wake-up alone can end it. */
START_TEST(a_wakeup_from_a_signal_handler_ends_a_reap)
{
  struct sigaction action, before;
  sigset_t set;
  pthread_t thread;
  qk_op *done[1];
  to_wake = open_hall(NULL);
  memset(&action, 0, sizeof action);
  action.sa_handler = wake_in_handler;
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR1, &action, &before);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  ck_assert_int_eq(pthread_create(&thread, NULL, take_signal, NULL), 0);
  ck_assert_int_eq(qk_reap(to_wake, done, 1, -1), 0);
  pthread_join(thread, NULL);
  sigaction(SIGUSR1, &before, NULL);
  qk_close(to_wake);
}
END_TEST

static atomic_int reap_is_over;

static void ignore_signal(int number)
{
  (void)number;
}

/* Again and again, because the first may come before the reap waits. */
static void *interrupt(void *arg)
{
  pthread_t *reaper = arg;
  while (!reap_is_over) {
    pthread_kill(*reaper, SIGUSR2);
    pause_ms(10);
  }
  return NULL;
}

START_TEST(a_signal_ends_a_reap_with_0)
{
  struct sigaction action, before;
  pthread_t thread, self = pthread_self();
  qk_op *done[1];
  qk_store *store = open_hall(NULL);
  memset(&action, 0, sizeof action);
  action.sa_handler = ignore_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR2, &action, &before);
  reap_is_over = 0;
  ck_assert_int_eq(pthread_create(&thread, NULL, interrupt, &self), 0);
  int got = qk_reap(store, done, 1, -1);
  reap_is_over = 1;
  pthread_join(thread, NULL);
  ck_assert_int_eq(got, 0);
  sigaction(SIGUSR2, &before, NULL);
  qk_close(store);
}
END_TEST

void add_loop_tests(TCase *tests)
{
  tcase_add_test(tests, the_fd_is_one_and_stays);
  tcase_add_test(tests, the_fd_is_readable_until_all_is_reaped);
  tcase_add_test(tests, the_fd_drives_an_epoll_loop);
  tcase_add_test(tests, the_fd_drives_an_epoll_in_an_epoll);
  tcase_add_test(tests, a_store_may_be_driven_by_its_fd_alone);
  tcase_add_test(tests, a_wakeup_is_remembered_once);
  tcase_add_test(tests, a_wakeup_makes_the_fd_readable);
  tcase_add_test(tests, a_wakeup_from_another_thread_ends_a_reap);
  tcase_add_test(tests, a_wakeup_from_a_signal_handler_ends_a_reap);
  tcase_add_test(tests, a_signal_ends_a_reap_with_0);
}
