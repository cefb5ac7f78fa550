/* Replies that are late, slow or never come, commands that arrive late, and servers that say too much: every
 * call ends by its deadline, and what comes afterwards has no effect. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "calls.h"
#include "faults.h"
#include "net.h"

enum { TIMEOUT_MS = 200 };

/* ---- By the deadline ------------------------------------------------------------------------------- */

/* The call that was begun must have ended by now, with a failure that is allowed. */
static void check_end(const char *name, int code, int reads)
{
  ck_assert_msg(!net_is_late(TIMEOUT_MS), "%s takes %lld ms", name, (long long)net_took_ms());
  ck_assert_msg(code == QK_ESTORE || (code == QK_EUNKNOWN && !reads), "%s gives %d (%s)", name, code,
                qk_strerror(code));
}

static int visit(void *arg, const char *queue)
{
  (void)arg;
  (void)queue;
  return 0;
}

static void call_everything(struct net *net)
{
  for (int i = 0; i < PERSON_CALLS; i++) {
    net_begin();
    check_end(person_calls[i].name, person_calls[i].call(net->store, net->queue, "ann", NULL), 0);
  }
  for (int i = 0; i < QUEUE_CALLS; i++) {
    net_begin();
    check_end(queue_calls[i].name, queue_calls[i].call(net->store, net->queue), 0);
  }
  net_begin();
  check_end("qk_tick of all", qk_tick(net->store, NULL, NULL), 0);
  net_begin();
  check_end("qk_each_queue", qk_each_queue(net->store, visit, NULL), 1);
}

static void open_in_time(const struct fake *fake)
{
  char query[32];
  qk_store *store;
  qk_error error;
  snprintf(query, sizeof query, "?timeout_ms=%d", TIMEOUT_MS);
  net_begin();
  int code = qk_open(&store, fake_uri(fake, query), NULL, &error);
  check_end("qk_open", code, 1);
  ck_assert_ptr_null(store);
  ck_assert_msg(error.text[0], "qk_open does not say why");
}

static void end_in_time(enum fake_mode mode)
{
  struct net net;
  net_open(&net, TIMEOUT_MS);
  net_new_queue(&net);
  CHECK_OK(qk_enter(net.store, net.queue, "bob", NULL));
  fake_set(net.fake, mode);
  call_everything(&net);
  open_in_time(net.fake);
  fake_set(net.fake, FAKE_PASS);
  net_close(&net);
}

START_TEST(every_call_gets_out_of_a_black_hole_in_time)
{
  end_in_time(FAKE_HOLE);
}
END_TEST

START_TEST(a_byte_now_and_then_puts_no_deadline_off)
{
  end_in_time(FAKE_DRIP);
}
END_TEST

START_TEST(every_call_ends_in_time_when_nobody_lets_us_in)
{
  end_in_time(FAKE_DEAD);
  end_in_time(FAKE_FULL);
}
END_TEST

START_TEST(a_slow_answer_in_time_is_good)
{
  struct net net;
  struct script script;
  net_open(&net, 3000);
  net_rehearse(&net, &script);
  net_new_queue(&net);
  unsigned long before = fake_counts(net.fake).commands;
  for (int i = 0; i < SCENE_STEPS; i++) {
    int64_t start_ms = servers_now_ms();
    fake_set_for(net.fake, FAKE_HOLD, 300);
    CHECK_OK(net_play_step(&net, &script, i));
    ck_assert_int_ge(servers_now_ms() - start_ms, 300);
  }
  ck_assert_uint_eq(fake_counts(net.fake).commands - before, script.commands);
  net_close(&net);
}
END_TEST

START_TEST(a_short_outage_is_not_noticed)
{
  struct net net;
  struct script script;
  net_open(&net, 3000);
  net_rehearse(&net, &script);
  net_new_queue(&net);
  for (int i = 0; i < SCENE_STEPS; i++) {
    fake_set_for(net.fake, i % 2 ? FAKE_DEAD : FAKE_FULL, 200);
    CHECK_OK(net_play_step(&net, &script, i));
  }
  net_close(&net);
}
END_TEST

/* ---- Too late -------------------------------------------------------------------------------------- */

START_TEST(a_late_reply_is_nobody_elses)
{
  struct net net;
  net_open(&net, TIMEOUT_MS);
  net_new_queue(&net);
  for (int i = 1; i <= 4; i++)
    CHECK_OK(qk_enter(net.store, net.queue, person(i), NULL));
  for (int round = 0; round < 12; round++) {
    int late = 1 + round % 4, next = 1 + (round + 1) % 4;
    qk_ticket ticket;
    fake_set(net.fake, FAKE_HOLD);
    CHECK_CODE(qk_poll(net.store, net.queue, person(late), &ticket), QK_ESTORE);
    fake_set(net.fake, FAKE_PASS);
    CHECK_OK(qk_poll(net.store, net.queue, person(next), &ticket));
    ck_assert_str_eq(ticket.user, person(next));
    ck_assert_uint_eq(ticket.number, (unsigned)next);
    ck_assert_uint_eq(ticket.position, (unsigned)next);
  }
  net_close(&net);
}
END_TEST

enum { PEOPLE = 24, LINES = 3, POLLS = PEOPLE * LINES };

/* Everybody polls in each of some queues; from is who begins. */
static void submit_polls(struct net *net, char queues[LINES][16], int from, qk_op *ops, qk_ticket *tickets)
{
  static char names[PEOPLE][16];
  qk_op *list[POLLS];
  for (int i = 0; i < PEOPLE; i++)
    snprintf(names[i], sizeof names[i], "%s", person(i + 1));
  for (int i = 0; i < POLLS; i++) {
    ops[i] = make_op(QK_POLL, queues[(from + i) % LINES], names[(from + i / LINES) % PEOPLE], &tickets[i]);
    list[i] = &ops[i];
  }
  CHECK_OK(qk_submit(net->store, list, POLLS));
}

static void reap_polls(struct net *net, int code)
{
  qk_op *done[POLLS];
  for (int left = POLLS; left > 0;) {
    int got = qk_reap(net->store, done, POLLS, TIMEOUT_MS + SLACK_MS);
    ck_assert_int_gt(got, 0);
    left -= got;
    for (int i = 0; i < got; i++)
      CHECK_CODE(done[i]->result, code);
  }
}

static void open_lines(struct net *net, char queues[LINES][16])
{
  net_open(net, TIMEOUT_MS);
  for (int i = 0; i < LINES; i++) {
    net_new_queue(net);
    snprintf(queues[i], sizeof queues[i], "%s", net->queue);
    for (int k = 1; k <= PEOPLE; k++)
      CHECK_OK(qk_enter(net->store, net->queue, person(k), NULL));
  }
}

START_TEST(late_replies_to_a_crowd_are_nobody_elses)
{
  struct net net;
  char queues[LINES][16];
  qk_op ops[POLLS];
  qk_ticket tickets[POLLS];
  open_lines(&net, queues);
  for (int round = 0; round < 8; round++) {
    fake_set(net.fake, FAKE_HOLD);
    submit_polls(&net, queues, round, ops, tickets);
    reap_polls(&net, QK_ESTORE);
    fake_set(net.fake, FAKE_PASS);
    submit_polls(&net, queues, round + 1, ops, tickets);
    reap_polls(&net, QK_OK);
    for (int i = 0; i < POLLS; i++) {
      ck_assert_str_eq(tickets[i].user, ops[i].user);
      ck_assert_str_eq(tickets[i].queue, ops[i].queue);
      ck_assert_str_eq(ops[i].user, person((int)tickets[i].number));
      ck_assert_uint_eq(tickets[i].position, tickets[i].number);
    }
  }
  net_close(&net);
}
END_TEST

/* A signal would end this process. Several calls leave one after the other on a connection that the other
 * side has closed: the first of them is answered by a reset, which the next one meets. */
START_TEST(no_signal_comes_of_a_closed_connection)
{
  struct net net;
  char queues[LINES][16];
  qk_op ops[POLLS];
  qk_ticket tickets[POLLS];
  struct sigaction action = {.sa_handler = SIG_DFL}, now;
  sigaction(SIGPIPE, &action, NULL);
  open_lines(&net, queues);
  for (int round = 0; round < 8; round++) {
    net_await(&net);
    fake_set(net.fake, FAKE_DEAD);
    submit_polls(&net, queues, round, ops, tickets);
    reap_polls(&net, QK_ESTORE);
    fake_set(net.fake, FAKE_PASS);
  }
  sigaction(SIGPIPE, NULL, &now);
  ck_assert(now.sa_handler == SIG_DFL);
  net_close(&net);
}
END_TEST

/* What the scene changes, and what a host does besides. */
static int set_mode(qk_store *store, const char *queue, qk_ticket *out)
{
  (void)out;
  return qk_set_mode(store, queue, QK_MODE_CLOSED);
}

static int raise_policy(qk_store *store, const char *queue, qk_ticket *out)
{
  qk_policy policy = calm_policy();
  (void)out;
  policy.max_active = 1000;
  return qk_set_policy(store, queue, &policy, NULL);
}

static int remove_queue(qk_store *store, const char *queue, qk_ticket *out)
{
  (void)out;
  return qk_remove(store, queue);
}

static void draw_truth(struct net *net, char *picture)
{
  qk_policy policy;
  CHECK_OK(qk_get_policy(net->direct, net->queue, &policy));
  net_picture(net, picture);
  size_t used = strlen(picture);
  snprintf(picture + used, PICTURE_SIZE - used, "mode %u, %llu seats\n", policy.mode,
           (unsigned long long)policy.max_active);
}

struct arrival {
  struct fake *fake;
  unsigned long commands;
};

static int has_arrived(void *arg)
{
  struct arrival *arrival = arg;
  return fake_counts(arrival->fake).commands > arrival->commands;
}

/* The call's command is on its way when the deadline passes, and arrives afterwards. */
static void arrive_late(struct net *net, const char *name,
                        int (*call)(qk_store *store, const char *queue, qk_ticket *out))
{
  char before[PICTURE_SIZE], after[PICTURE_SIZE];
  qk_ticket ticket;
  draw_truth(net, before);
  struct arrival arrival = {net->fake, fake_counts(net->fake).commands};
  fake_set(net->fake, FAKE_HOLE);
  net_begin();
  check_end(name, call(net->store, net->queue, &ticket), 0);
  fake_set(net->fake, FAKE_PASS);
  servers_await("a late command arrives", has_arrived, &arrival);
  net_await(net);
  draw_truth(net, after);
  ck_assert_msg(!strcmp(before, after), "%s happened after its deadline: %s, not %s", name, after, before);
}

START_TEST(a_command_that_arrives_late_does_nothing)
{
  struct net net;
  net_open(&net, TIMEOUT_MS);
  net_new_queue(&net);
  qk_ticket ticket;
  for (int i = 0; i < SCENE_STEPS; i++) {
    net_await(&net);
    if (!scene_steps[i].reads)
      arrive_late(&net, scene_steps[i].name, scene_steps[i].call);
    CHECK_OK(scene_steps[i].call(net.store, net.queue, &ticket));
  }
  arrive_late(&net, "set_mode", set_mode);
  arrive_late(&net, "set_policy", raise_policy);
  arrive_late(&net, "remove", remove_queue);
  net_close(&net);
}
END_TEST

/* ---- Storms ---------------------------------------------------------------------------------------- */

struct pusher {
  pthread_t thread;
  struct net *net;
  atomic_int *is_over;
};

static void *push(void *arg)
{
  struct pusher *pusher = arg;
  qk_ticket ticket;
  while (!atomic_load(pusher->is_over))
    qk_enter(pusher->net->store, pusher->net->queue, "ann", &ticket);
  return NULL;
}

enum { PUSHERS = 8, STORM_MS = 2000 };

struct pushers {
  struct pusher each[PUSHERS];
  atomic_int is_over;
};

/* Eight threads that call without a pause. */
static void start_pushing(struct pushers *all, struct net *net)
{
  atomic_init(&all->is_over, 0);
  for (int i = 0; i < PUSHERS; i++) {
    struct pusher *pusher = &all->each[i];
    *pusher = (struct pusher){.net = net, .is_over = &all->is_over};
    ck_assert_int_eq(pthread_create(&pusher->thread, NULL, push, pusher), 0);
  }
}

static void stop_pushing(struct pushers *all)
{
  atomic_store(&all->is_over, 1);
  for (int i = 0; i < PUSHERS; i++)
    pthread_join(all->each[i].thread, NULL);
}

static void nap(int ms)
{
  struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
  nanosleep(&time, NULL);
}

/* Returns how many connections they made of an outage. */
static unsigned long count_connects(enum fake_mode mode, uint32_t timeout_ms)
{
  struct net net;
  struct pushers pushers;
  net_open(&net, timeout_ms);
  net_new_queue(&net);
  unsigned long before = fake_counts(net.fake).connects;
  fake_set(net.fake, mode);
  start_pushing(&pushers, &net);
  nap(STORM_MS);
  unsigned long connects = fake_counts(net.fake).connects - before;
  stop_pushing(&pushers);
  fake_set(net.fake, FAKE_PASS);
  net_await(&net);
  CHECK_OK(qk_enter(net.store, net.queue, "ann", NULL));
  ck_assert_uint_eq(stats_at(__LINE__, net.direct, net.queue).entered, 1);
  net_close(&net);
  return connects;
}

/* From 10 ms on the pauses double up to 1 s, half of that on average. */
START_TEST(reconnecting_makes_no_storm)
{
  static const enum fake_mode modes[] = {FAKE_DEAD, FAKE_FULL};
  static const uint32_t timeouts_ms[] = {STORM_MS, 50};
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      unsigned long connects = count_connects(modes[i], timeouts_ms[j]);
      ck_assert_msg(connects >= 4 && connects <= 30, "%lu connects at %u ms", connects, timeouts_ms[j]);
    }
}
END_TEST

/* ---- Floods ---------------------------------------------------------------------------------------- */

/* AddressSanitizer keeps what was freed for a while. */
#ifdef __SANITIZE_ADDRESS__
#define FLOOD_KB 500000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FLOOD_KB 500000
#endif
#endif
#ifndef FLOOD_KB
#define FLOOD_KB 16000
#endif

static long most_kb(void)
{
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

START_TEST(a_flood_of_replies_takes_no_memory)
{
  static const char *const floods[][2] = {{"", "+OK\r\n"},
                                          {"", "x"},
                                          {"$1000000000\r\n", "xxxxxxxxxxxxxxxx"},
                                          {"+", "yyyyyyyyyyyy"},
                                          {"*65535\r\n", ":1\r\n"},
                                          {"*65535\r\n", "$5\r\nabcde\r\n"},
                                          {"", "*1\r\n"},
                                          {"*2147483647\r\n", ":1\r\n"}};
  struct net net;
  net_open(&net, TIMEOUT_MS);
  net_new_queue(&net);
  long before_kb = most_kb();
  for (size_t i = 0; i < sizeof floods / sizeof floods[0]; i++) {
    fake_flood(net.fake, floods[i][0], floods[i][1]);
    fake_set(net.fake, FAKE_FLOOD);
    for (int call = 0; call < 3; call++) {
      net_begin();
      check_end("a flooded poll", qk_poll(net.store, net.queue, "ann", NULL), 1);
    }
    open_in_time(net.fake);
    fake_set(net.fake, FAKE_DEAD);
  }
  ck_assert_msg(most_kb() - before_kb < FLOOD_KB, "%ld KB more", most_kb() - before_kb);
  fake_set(net.fake, FAKE_PASS);
  net_await(&net);
  net_close(&net);
}
END_TEST

void add_time_tests(TCase *tests)
{
  tcase_add_test(tests, every_call_gets_out_of_a_black_hole_in_time);
  tcase_add_test(tests, a_byte_now_and_then_puts_no_deadline_off);
  tcase_add_test(tests, every_call_ends_in_time_when_nobody_lets_us_in);
  tcase_add_test(tests, a_slow_answer_in_time_is_good);
  tcase_add_test(tests, a_short_outage_is_not_noticed);
  tcase_add_test(tests, a_late_reply_is_nobody_elses);
  tcase_add_test(tests, late_replies_to_a_crowd_are_nobody_elses);
  tcase_add_test(tests, no_signal_comes_of_a_closed_connection);
  tcase_add_test(tests, a_command_that_arrives_late_does_nothing);
  tcase_add_test(tests, reconnecting_makes_no_storm);
  tcase_add_test(tests, a_flood_of_replies_takes_no_memory);
}
