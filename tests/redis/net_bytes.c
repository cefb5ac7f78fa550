/* Replies that break off, are garbled, or are more than was asked for, at every byte; and commands that never
 * arrive. One fault each: the library repeats what it must, within the deadline, and nobody notices. */
#include <stdio.h>
#include <string.h>
#include "calls.h"
#include "net.h"

/* A reply that looks unfinished costs a third of the timeout; what is surely broken costs nothing. */
enum { TIMEOUT_MS = 750, PATIENT_MS = 5000 };

/* ---- One fault at every place ---------------------------------------------------------------------- */

/* Play the scene with the fault at the first place, the second, ... until it does not strike any more: there
 * must be least places. Returns how many calls failed. */
static int strike_everywhere(uint32_t timeout_ms, enum fake_fault fault, const char *text, size_t least)
{
  struct net net;
  struct script script;
  size_t n = 0;
  int failed = 0;
  net_open(&net, timeout_ms);
  net_rehearse(&net, &script);
  for (int struck = 1; struck; n++) {
    net_new_queue(&net);
    fake_arm(net.fake, fault, n, text);
    failed += net_play(&net, &script);
    struck = fake_disarm(net.fake);
  }
  ck_assert_msg(n > least, "it struck at %zu places only", n - 1);
  net_close(&net);
  return failed;
}

START_TEST(a_reply_may_be_cut_at_every_byte)
{
  ck_assert_int_eq(strike_everywhere(PATIENT_MS, FAKE_CUT, NULL, 500), 0);
}
END_TEST

START_TEST(a_connection_may_be_reset_at_every_byte)
{
  ck_assert_int_eq(strike_everywhere(PATIENT_MS, FAKE_RESET, NULL, 500), 0);
}
END_TEST

START_TEST(every_byte_may_be_garbled)
{
  strike_everywhere(TIMEOUT_MS, FAKE_GARBLE, NULL, 500);
}
END_TEST

START_TEST(a_reply_too_many_may_come_anywhere)
{
  strike_everywhere(TIMEOUT_MS, FAKE_INSERT, "+OK\r\n", 500);
}
END_TEST

START_TEST(an_array_too_many_may_come_anywhere)
{
  strike_everywhere(TIMEOUT_MS, FAKE_INSERT, "*2\r\n+OK\r\n+OK\r\n", 500);
}
END_TEST

START_TEST(every_reply_may_come_twice)
{
  ck_assert_int_eq(strike_everywhere(PATIENT_MS, FAKE_REPEAT, NULL, SCENE_STEPS), 0);
}
END_TEST

START_TEST(every_command_may_get_lost)
{
  ck_assert_int_eq(strike_everywhere(PATIENT_MS, FAKE_LOSE, NULL, SCENE_STEPS), 0);
}
END_TEST

/* ---- What cannot be seen --------------------------------------------------------------------------- */

/* Another digit is as good an answer as the right one. What the library then says may be wrong, but it comes
 * in time, and the store is none the worse. */
START_TEST(wrong_digits_do_not_harm_the_store)
{
  struct net net;
  net_open(&net, TIMEOUT_MS);
  int struck = 1;
  for (size_t n = 0; struck; n++) {
    net_new_queue(&net);
    fake_arm(net.fake, FAKE_CHANGE, n, NULL);
    for (int i = 0; i < SCENE_STEPS; i++) {
      qk_ticket ticket;
      net_begin();
      int code = scene_steps[i].call(net.store, net.queue, &ticket);
      ck_assert_msg(code <= QK_OK && code >= QK_EDENIED, "byte %zu: %s gives %d", n, scene_steps[i].name,
                    code);
      ck_assert_msg(!net_is_late(TIMEOUT_MS), "byte %zu: %s is late", n, scene_steps[i].name);
    }
    struck = fake_disarm(net.fake);
    qk_stats stats = stats_at(__LINE__, net.direct, net.queue);
    ck_assert_msg(stats.entered <= 4 && stats.ready + stats.active <= 2, "byte %zu: %llu entered", n,
                  (unsigned long long)stats.entered);
  }
  net_close(&net);
}
END_TEST

/* ---- A server that is gone for good ---------------------------------------------------------------- */

/* Where in its replies a step is struck: at the first byte, in the middle, close to the end, which is not
 * always at the same byte. */
static size_t place_of(const struct script *script, int step, int which)
{
  size_t len = script->bytes[step + 1] - script->bytes[step];
  return which == 0 ? 0 : which == 1 ? len / 2 : len - 4;
}

START_TEST(a_server_that_dies_in_mid_reply_makes_no_false_promise)
{
  struct net net;
  struct script script;
  net_open(&net, 250);
  net_rehearse(&net, &script);
  for (int which = 0; which < 3; which++) {
    net_new_queue(&net);
    for (int step = 0; step < SCENE_STEPS; step++) {
      fake_arm(net.fake, FAKE_DIE, place_of(&script, step, which), NULL);
      int code = net_play_step(&net, &script, step);
      ck_assert_msg(code != QK_OK || (which > 0 && scene_steps[step].ends_in_a_look), "%s gives %d",
                    scene_steps[step].name, code);
      fake_set(net.fake, FAKE_PASS);
      net_await(&net);
    }
  }
  net_close(&net);
}
END_TEST

START_TEST(without_a_server_every_call_says_that_nothing_happened)
{
  struct net net;
  struct script script;
  net_open(&net, 100);
  net_rehearse(&net, &script);
  net_new_queue(&net);
  for (int i = 0; i < SCENE_STEPS; i++) {
    qk_stats stats;
    fake_set(net.fake, FAKE_DEAD);
    CHECK_CODE(qk_get_stats(net.store, net.queue, &stats), QK_ESTORE);
    CHECK_CODE(net_play_step(&net, &script, i), QK_ESTORE);
    fake_set(net.fake, FAKE_PASS);
    net_await(&net);
  }
  net_close(&net);
}
END_TEST

/* ---- Opening --------------------------------------------------------------------------------------- */

/* The replies to the first commands are long: every seventh byte will do. Returns how often it did not open.
 */
static int open_everywhere(enum fake_fault fault, const char *text)
{
  struct net net;
  int failed = 0, struck = 1;
  size_t n = 0;
  net_open(&net, TIMEOUT_MS);
  for (; struck; n += 7) {
    qk_store *store;
    qk_error error;
    fake_arm(net.fake, fault, n, text);
    net_begin();
    int code = qk_open(&store, fake_uri(net.fake, "?timeout_ms=1000"), NULL, &error);
    ck_assert_msg(!net_is_late(1000), "byte %zu: open is late", n);
    ck_assert_msg(code == QK_OK || strlen(error.text) > 10, "byte %zu: %d without a sentence", n, code);
    struck = fake_disarm(net.fake);
    failed += code != QK_OK;
    if (code == QK_OK)
      qk_close(store);
  }
  ck_assert_msg(n > 1000, "it struck below byte %zu only", n);
  net_close(&net);
  return failed;
}

START_TEST(opening_survives_a_cut)
{
  ck_assert_int_eq(open_everywhere(FAKE_CUT, NULL), 0);
}
END_TEST

START_TEST(opening_survives_a_reply_too_many)
{
  open_everywhere(FAKE_INSERT, "+OK\r\n");
}
END_TEST

/* ---- Crowds ---------------------------------------------------------------------------------------- */

enum { QUEUES = 4, PLACES = 12, CROWD = QUEUES * PLACES, ROUNDS = 150 };

/* The same people enter each of some queues, so that several calls are under way at once. */
struct crowd {
  qk_op ops[CROWD], *list[CROWD];
  qk_ticket tickets[CROWD];
  char queues[QUEUES][16], users[PLACES][16];
};

static void make_queues(struct net *net, struct crowd *crowd)
{
  for (int i = 0; i < QUEUES; i++) {
    net_new_queue(net);
    snprintf(crowd->queues[i], sizeof crowd->queues[i], "%s", net->queue);
  }
}

static void submit_crowd(struct net *net, struct crowd *crowd, int round)
{
  for (int i = 0; i < CROWD; i++) {
    char *user = crowd->users[i / QUEUES];
    snprintf(user, sizeof crowd->users[0], "u%d", round * PLACES + i / QUEUES);
    crowd->ops[i] = make_op(QK_ENTER, crowd->queues[i % QUEUES], user, &crowd->tickets[i]);
    crowd->list[i] = &crowd->ops[i];
  }
  CHECK_OK(qk_submit(net->store, crowd->list, CROWD));
}

static void reap_crowd(struct net *net)
{
  int done = 0;
  qk_op *ops[CROWD];
  while (done < CROWD) {
    int got = qk_reap(net->store, ops, CROWD, 2 * PATIENT_MS);
    ck_assert_int_gt(got, 0);
    done += got;
  }
}

/* Everybody stands in each line, in the order in which they were submitted. */
static void check_lines(struct net *net, const struct crowd *crowd, int round, enum fake_fault fault)
{
  for (int i = 0; i < CROWD; i++) {
    const qk_op *op = &crowd->ops[i];
    qk_ticket ticket;
    unsigned place = (unsigned)(round * PLACES + i / QUEUES + 1);
    ck_assert_msg(op->result == QK_OK, "fault %d: %s gives %d", fault, op->user, op->result);
    CHECK_OK(qk_poll(net->direct, op->queue, op->user, &ticket));
    ck_assert_msg(ticket.position == place && ticket.number == place && crowd->tickets[i].number == place,
                  "fault %d: %s of %s is told %llu and has %llu, not %u", fault, op->user, op->queue,
                  (unsigned long long)crowd->tickets[i].number, (unsigned long long)ticket.number, place);
  }
}

START_TEST(a_crowd_keeps_its_order_whatever_breaks)
{
  static const enum fake_fault faults[] = {FAKE_CUT, FAKE_RESET, FAKE_GARBLE, FAKE_INSERT, FAKE_LOSE};
  static struct crowd crowd;
  struct net net;
  uint64_t random = 12345;
  int struck = 0;
  net_open(&net, PATIENT_MS);
  make_queues(&net, &crowd);
  for (int round = 0; round < ROUNDS; round++) {
    random = random * UINT64_C(6364136223846793005) + 1;
    enum fake_fault fault = faults[round % 5];
    size_t at = (size_t)(random >> 33) % (fault == FAKE_LOSE ? QUEUES : 400);
    fake_arm(net.fake, fault, at, "+OK\r\n");
    submit_crowd(&net, &crowd, round);
    reap_crowd(&net);
    struck += fake_disarm(net.fake);
    check_lines(&net, &crowd, round, fault);
  }
  ck_assert_int_ge(struck, ROUNDS / 2);
  for (int i = 0; i < QUEUES; i++)
    ck_assert_uint_eq(stats_at(__LINE__, net.direct, crowd.queues[i]).entered, ROUNDS * PLACES);
  net_close(&net);
}
END_TEST

void add_byte_tests(TCase *tests)
{
  tcase_add_test(tests, a_reply_may_be_cut_at_every_byte);
  tcase_add_test(tests, a_connection_may_be_reset_at_every_byte);
  tcase_add_test(tests, every_byte_may_be_garbled);
  tcase_add_test(tests, a_reply_too_many_may_come_anywhere);
  tcase_add_test(tests, an_array_too_many_may_come_anywhere);
  tcase_add_test(tests, every_reply_may_come_twice);
  tcase_add_test(tests, every_command_may_get_lost);
  tcase_add_test(tests, wrong_digits_do_not_harm_the_store);
  tcase_add_test(tests, a_server_that_dies_in_mid_reply_makes_no_false_promise);
  tcase_add_test(tests, without_a_server_every_call_says_that_nothing_happened);
  tcase_add_test(tests, opening_survives_a_cut);
  tcase_add_test(tests, opening_survives_a_reply_too_many);
  tcase_add_test(tests, a_crowd_keeps_its_order_whatever_breaks);
}
