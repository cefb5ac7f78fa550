/* The hosts of examples/loops in memory: the same answers on every loop, to patient and to rude clients. */
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "clients.h"

/* ---- Answers --------------------------------------------------------------------------------------- */

struct line {
  const char *text;
  int code;
  const char *state;
  uint64_t number, position;
};

/* One seat. */
static const struct line script[] = {
    {"enter hall ann", 0, "READY", 1, 0},
    {"enter hall bob", 0, "WAITING", 2, 1},
    {"enter hall cid 3", 0, "WAITING", 3, 2},
    {"enter hall dan 0", 0, "WAITING", 4, 2},
    {"poll hall cid", 0, "WAITING", 3, 3},
    {"enter hall bob", 0, "WAITING", 2, 1},
    {"activate hall bob", -4, "WAITING", 2, 1},
    {"activate hall ann", 0, "ACTIVE", 1, 0},
    {"extend hall ann", 0, "ACTIVE", 1, 0},
    {"extend hall bob", -5, "WAITING", 2, 1},
    {"release hall ann", 0, "NONE", 1, 0},
    {"poll hall ann", -3, "NONE", 0, 0},
    {"poll hall bob", 0, "READY", 2, 0},
    {"poll  hall \t bob", -1, "NONE", 0, 0},
    {"  poll  hall   bob  \r", 0, "READY", 2, 0},
    {"poll nowhere bob", -3, "NONE", 0, 0},
    {"poll forged", -10, "NONE", 0, 0},
    {"enter forged", -1, "NONE", 0, 0},
    {"enter hall eve 8", -1, "NONE", 0, 0},
    {"enter hall eve 0 more", -1, "NONE", 0, 0},
    {"poll hall eve 0", -1, "NONE", 0, 0},
    {"dance hall eve", -1, "NONE", 0, 0},
    {"", -1, "NONE", 0, 0},
};

START_TEST(every_loop_gives_the_same_answers)
{
  struct loop_host host;
  host_start(&host, _i, "1", "memory:");
  struct client client = client_connect(&host);
  for (size_t i = 0; i < sizeof script / sizeof script[0]; i++) {
    const struct line *line = &script[i];
    struct answer answer = client_ask(&client, "%s", line->text);
    ck_assert_msg(answer.code == line->code && !strcmp(answer.state, line->state) &&
                      answer.number == line->number && answer.position == line->position,
                  "%s gives %d (%s), %s, number %d, position %d", line->text, answer.code, answer.text,
                  answer.state, (int)answer.number, (int)answer.position);
  }
  client_close(&client);
  ck_assert_int_eq(host_end(&host, SIGTERM), 0);
}
END_TEST

START_TEST(a_token_is_taken_instead_of_names)
{
  struct loop_host host;
  host_start(&host, _i, "1", "memory:");
  struct client client = client_connect(&host);
  struct answer ann = client_ask(&client, "enter hall ann");
  struct answer bob = client_ask(&client, "enter hall bob");
  CHECK_ANSWER(client_ask(&client, "activate %s", ann.token), 0, "ACTIVE");
  CHECK_ANSWER(client_ask(&client, "extend %s", ann.token), 0, "ACTIVE");
  CHECK_ANSWER(client_ask(&client, "poll %s", bob.token), 0, "WAITING");
  CHECK_ANSWER(client_ask(&client, "release %s", ann.token), 0, "NONE");
  CHECK_ANSWER(client_ask(&client, "poll %s", ann.token), -6, "NONE");
  CHECK_ANSWER(client_ask(&client, "poll %s", bob.token), 0, "READY");
  client_close(&client);
  ck_assert_int_eq(host_end(&host, SIGTERM), 0);
}
END_TEST

/* ---- Many clients ---------------------------------------------------------------------------------- */

enum { CLIENTS = 8, LINES = 1000 };

struct talker {
  pthread_t thread;
  struct client client;
  int index;
};

/* All at once, then no more: half of the connection is closed. */
static void *talk(void *arg)
{
  struct talker *talker = arg;
  char line[64];
  for (int i = 0; i < LINES; i++) {
    snprintf(line, sizeof line, "%s hall%d u%d.%d\n", i % 2 ? "poll" : "enter", i % 3, talker->index, i / 2);
    client_send(&talker->client, line);
  }
  shutdown(talker->client.fd, SHUT_WR);
  return NULL;
}

static void check_talker(struct talker *talker)
{
  struct answer answer;
  char user[64];
  for (int i = 0; i < LINES; i++) {
    ck_assert_msg(client_read(&talker->client, &answer), "client %d gets %d answers", talker->index, i);
    snprintf(user, sizeof user, "u%d.%d", talker->index, i / 2);
    ck_assert_str_eq(answer.user, user);
    ck_assert_int_eq(answer.code, i % 2 && answer.queue[4] != '0' + (i - 1) % 3 ? -3 : 0);
  }
  ck_assert_int_eq(client_read(&talker->client, &answer), 0);
}

/* With a window so small that the store is full most of the time. */
static void check_many(int loop, const char *uri)
{
  struct loop_host host;
  struct talker talkers[CLIENTS];
  host_start(&host, loop, "5", uri);
  for (int i = 0; i < CLIENTS; i++) {
    talkers[i] = (struct talker){.client = client_connect(&host), .index = i};
    ck_assert_int_eq(pthread_create(&talkers[i].thread, NULL, talk, &talkers[i]), 0);
  }
  for (int i = 0; i < CLIENTS; i++) {
    check_talker(&talkers[i]);
    pthread_join(talkers[i].thread, NULL);
    client_close(&talkers[i].client);
  }
  ck_assert_int_eq(host_end(&host, SIGINT), 0);
}

START_TEST(every_client_gets_every_answer_in_its_order)
{
  check_many(_i, "memory:");
}
END_TEST

START_TEST(a_full_window_loses_no_request)
{
  check_many(_i, "memory:?window=3");
}
END_TEST

/* ---- Rude clients ---------------------------------------------------------------------------------- */

/* Send without reading until the host takes no more. */
static void stuff(const struct client *client)
{
  static const char line[] = "enter hall greedy\n";
  while (send(client->fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
    ;
}

static int is_stuffed(void *arg)
{
  const struct client *client = arg;
  struct timespec moment = {.tv_nsec = 50000000};
  stuff(client);
  nanosleep(&moment, NULL);
  return send(client->fd, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0;
}

START_TEST(who_does_not_read_is_not_read_and_holds_nobody_up)
{
  struct loop_host host;
  host_start(&host, _i, "1", "memory:");
  struct client greedy = client_connect(&host), other = client_connect(&host);
  wait_until("the host takes no more", is_stuffed, &greedy);
  CHECK_ANSWER(client_ask(&other, "enter hall ann"), 0, "WAITING");
  host_await_rest(&host);
  CHECK_ANSWER(client_ask(&other, "poll hall greedy"), 0, "READY");
  client_close(&greedy);
  CHECK_ANSWER(client_ask(&other, "poll hall ann"), 0, "WAITING");
  client_close(&other);
  ck_assert_int_eq(host_end(&host, SIGTERM), 0);
}
END_TEST

/* It is given a moment, and then the host ends all the same. */
START_TEST(who_does_not_read_does_not_hold_up_the_end)
{
  struct loop_host host;
  host_start(&host, _i, "1", "memory:");
  struct client greedy = client_connect(&host);
  wait_until("the host takes no more", is_stuffed, &greedy);
  ck_assert_int_eq(host_end(&host, SIGTERM), 1);
  ck_assert_int_eq(host_has_socket(&host), 0);
  client_close(&greedy);
}
END_TEST

START_TEST(a_line_without_an_end_ends_the_connection)
{
  char line[3000];
  struct answer answer;
  struct loop_host host;
  host_start(&host, _i, "1", "memory:");
  struct client client = client_connect(&host), other = client_connect(&host);
  memset(line, 'x', sizeof line);
  memcpy(line, "poll ", 5);
  line[1024] = '\0';
  client_send(&client, "enter hall ann\n");
  client_send(&client, line);
  ck_assert(client_read(&client, &answer));
  CHECK_ANSWER(answer, 0, "READY");
  ck_assert(client_read(&client, &answer));
  CHECK_ANSWER(answer, -1, "NONE");
  ck_assert_int_eq(client_read(&client, &answer), 0);
  client_close(&client);
  CHECK_ANSWER(client_ask(&other, "poll hall ann"), 0, "READY");
  client_close(&other);
  ck_assert_int_eq(host_end(&host, SIGTERM), 0);
}
END_TEST

START_TEST(who_goes_away_leaves_nothing)
{
  struct loop_host host;
  host_start(&host, _i, "1", "memory:");
  struct client other = client_connect(&host);
  CHECK_ANSWER(client_ask(&other, "enter hall ann"), 0, "READY");
  host_count_descriptors(&host);
  for (int i = 0; i < 50; i++) {
    struct client client = client_connect(&host);
    client_send(&client, i % 2 ? "enter hall bob\npoll hall b" : "");
    client_close(&client);
  }
  host_await_descriptors(&host);
  host_await_rest(&host);
  CHECK_ANSWER(client_ask(&other, "poll hall ann"), 0, "READY");
  client_close(&other);
  ck_assert_int_eq(host_end(&host, SIGTERM), 0);
}
END_TEST

/* ---- Beginning and end ----------------------------------------------------------------------------- */

START_TEST(a_signal_ends_it_and_it_leaves_no_socket)
{
  static const int numbers[] = {SIGINT, SIGTERM};
  struct loop_host host;
  struct answer answer;
  for (int i = 0; i < 2; i++) {
    host_start(&host, _i, "1", "memory:");
    struct client client = client_connect(&host);
    CHECK_ANSWER(client_ask(&client, "enter hall ann"), 0, "READY");
    ck_assert_int_eq(host_end(&host, numbers[i]), 0);
    ck_assert_int_eq(client_read(&client, &answer), 0);
    ck_assert_int_eq(host_has_socket(&host), 0);
    client_close(&client);
  }
}
END_TEST

START_TEST(a_socket_is_taken_over_from_the_dead_and_not_from_the_living)
{
  struct loop_host host;
  host_start(&host, _i, "1", "memory:");
  ck_assert_int_eq(host_start_beside(&host, _i), 1);
  struct client client = client_connect(&host);
  CHECK_ANSWER(client_ask(&client, "enter hall ann"), 0, "READY");
  client_close(&client);
  ck_assert_int_eq(host_end(&host, SIGKILL), 128 + SIGKILL);
  ck_assert_int_eq(host_has_socket(&host), 1);
  host_start_again(&host, _i, "1", "memory:");
  client = client_connect(&host);
  CHECK_ANSWER(client_ask(&client, "enter hall ann"), 0, "READY");
  client_close(&client);
  ck_assert_int_eq(host_end(&host, SIGTERM), 0);
}
END_TEST

static void add_tests(TCase *tests)
{
  tcase_add_loop_test(tests, every_loop_gives_the_same_answers, 0, loop_count);
  tcase_add_loop_test(tests, a_token_is_taken_instead_of_names, 0, loop_count);
  tcase_add_loop_test(tests, every_client_gets_every_answer_in_its_order, 0, loop_count);
  tcase_add_loop_test(tests, a_full_window_loses_no_request, 0, loop_count);
  tcase_add_loop_test(tests, who_does_not_read_is_not_read_and_holds_nobody_up, 0, loop_count);
  tcase_add_loop_test(tests, who_does_not_read_does_not_hold_up_the_end, 0, loop_count);
  tcase_add_loop_test(tests, a_line_without_an_end_ends_the_connection, 0, loop_count);
  tcase_add_loop_test(tests, who_goes_away_leaves_nothing, 0, loop_count);
  tcase_add_loop_test(tests, a_signal_ends_it_and_it_leaves_no_socket, 0, loop_count);
  tcase_add_loop_test(tests, a_socket_is_taken_over_from_the_dead_and_not_from_the_living, 0, loop_count);
}

int main(void)
{
  static void (*const adds[])(TCase *) = {add_tests, NULL};
  return clients_main("loops", adds);
}
