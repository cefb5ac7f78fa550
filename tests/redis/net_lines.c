/* Errors instead of replies: what passes by itself is waited for, what does not is said at once, and none of
 * them has changed anything. */
#include <stdio.h>
#include <string.h>
#include "calls.h"
#include "faults.h"
#include "net.h"

enum { TIMEOUT_MS = 600 }; /* an eighth of it must be time for an answer, on a busy machine too */

struct line {
  const char *text;
  int code;   /* what a call gives that gets nothing else */
  int passes; /* 1: it is waited for, until the deadline */
};

static const struct line lines[] = {
    {"-TRYAGAIN Multiple keys request during rehashing of slot", QK_ESTORE, 1},
    {"-LOADING Redis is loading the dataset in memory", QK_ESTORE, 1},
    {"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", QK_ESTORE, 1},
    {"-BUSY Redis is busy running a script.", QK_ESTORE, 1},
    {"-CLUSTERDOWN Hash slot not served", QK_ESTORE, 1},
    {"-ERR max number of clients reached", QK_ESTORE, 1},
    {"-NOSCRIPT No matching script. Please use EVAL.", QK_ESTORE, -1},
    {"-READONLY You can't write against a read only replica.", QK_ESTORE, 1},
    {"-MISCONF Redis is configured to save RDB snapshots, but it cannot", QK_ESTORE, 0},
    {"-NOREPLICAS Not enough good replicas to write.", QK_ESTORE, 0},
    {"-OOM command not allowed when used memory > 'maxmemory'.", QK_ESTORE, 0},
    {"-NOAUTH Authentication required.", QK_EDENIED, 0},
    {"-NOPERM this user has no permissions to run the 'evalsha' command", QK_EDENIED, 0},
    {"-MOVED 5 127.0.0.1:1", QK_EDENIED, 0},
    {"-ASK 5 127.0.0.1:1", QK_EDENIED, 0},
    {"-WRONGTYPE Operation against a key holding the wrong kind of value", QK_ESTATE, 0},
    {"-ERR Error running script: user_script:1: oh", QK_ESTATE, 0},
    {"-SOMETHING new", QK_ESTATE, 0},
    {"-", QK_ESTATE, 0},
};

enum { LINES = sizeof lines / sizeof lines[0] };

/* Everybody who can be asked for gives the line's code, in time, and nothing has changed. */
static void try_line(struct net *net, const struct line *line)
{
  char before[PICTURE_SIZE], after[PICTURE_SIZE];
  net_picture(net, before);
  fake_answer(net->fake, "EVALSHA", line->text, -1);
  for (int i = 0; i < PERSON_CALLS; i++) {
    net_begin();
    int code = person_calls[i].call(net->store, net->queue, "ann", NULL);
    int64_t took_ms = line->passes ? net_took_ms() : net_worked_ms();
    if (line->passes < 0) { /* the text of the script is sent instead */
      ck_assert_msg(code == QK_OK || code == QK_ENOTFOUND || code == QK_ENOTACTIVE || code == QK_ENOTREADY,
                    "%s: %s gives %d", line->text, person_calls[i].name, code);
      continue;
    }
    ck_assert_msg(code == line->code, "%s: %s gives %d (%s)", line->text, person_calls[i].name, code,
                  qk_strerror(code));
    ck_assert_msg(!net_is_late(TIMEOUT_MS), "%s: %s takes %lld ms", line->text, person_calls[i].name,
                  (long long)took_ms);
    /* In the last eighth no further try is made. */
    ck_assert_msg(line->passes == (took_ms + 5 >= TIMEOUT_MS - TIMEOUT_MS / 8), "%s: %s ends after %lld ms",
                  line->text, person_calls[i].name, (long long)took_ms);
  }
  fake_answer(net->fake, "EVALSHA", "", 0);
  net_await(net);
  if (line->passes < 0)
    return;
  net_picture(net, after);
  ck_assert_msg(!strcmp(before, after), "%s: %s became %s", line->text, before, after);
}

START_TEST(every_error_has_its_code_and_changes_nothing)
{
  struct net net;
  qk_ticket ticket;
  net_open(&net, TIMEOUT_MS);
  net_new_queue(&net);
  CHECK_OK(qk_enter(net.store, net.queue, "ann", &ticket));
  CHECK_OK(qk_enter(net.store, net.queue, "bob", &ticket));
  CHECK_OK(qk_release(net.store, net.queue, "bob", &ticket));
  for (int i = 0; i < LINES; i++)
    try_line(&net, &lines[i]);
  net_close(&net);
}
END_TEST

START_TEST(an_error_that_passes_is_not_noticed)
{
  struct net net;
  struct script script;
  net_open(&net, 3000);
  net_rehearse(&net, &script);
  for (int i = 0; i < LINES; i++) {
    if (!lines[i].passes)
      continue;
    net_new_queue(&net);
    for (int step = 0; step < SCENE_STEPS; step++) {
      fake_answer(net.fake, "EVALSHA", lines[i].text, 1 + step % 3);
      int code = net_play_step(&net, &script, step);
      ck_assert_msg(code == QK_OK, "%s: %s gives %d", lines[i].text, scene_steps[step].name, code);
    }
  }
  net_close(&net);
}
END_TEST

/* ---- While opening --------------------------------------------------------------------------------- */

/* Opening with this answer to command. times: how often, -1 = always. */
static int open_with(struct net *net, const char *command, const char *line, int times, qk_error *error)
{
  qk_store *store;
  char query[32];
  snprintf(query, sizeof query, "?timeout_ms=%d", TIMEOUT_MS);
  fake_answer(net->fake, command, line, times);
  net_begin();
  int code = qk_open(&store, fake_uri(net->fake, query), NULL, error);
  ck_assert_msg(!net_is_late(TIMEOUT_MS), "%s: open is late", line);
  fake_answer(net->fake, command, "", 0);
  if (code == QK_OK)
    qk_close(store);
  else
    ck_assert_ptr_null(store);
  return code;
}

START_TEST(opening_says_what_stands_in_its_way)
{
  static const char *const commands[] = {"EVALSHA", "INFO"};
  struct net net;
  net_open(&net, TIMEOUT_MS);
  for (size_t c = 0; c < sizeof commands / sizeof commands[0]; c++)
    for (int i = 0; i < LINES; i++) {
      qk_error error;
      int code = open_with(&net, commands[c], lines[i].text, -1, &error);
      int may_be_forbidden = c == 1 || lines[i].passes < 0;
      ck_assert_msg(code == lines[i].code || (code == QK_OK && may_be_forbidden) || code == QK_EDENIED ||
                        code == QK_ESTORE,
                    "%s: %s: open gives %d (%s)", commands[c], lines[i].text, code, error.text);
      ck_assert_msg(code == QK_OK || strlen(error.text) > 10, "%s: open says only \"%s\"", lines[i].text,
                    error.text);
    }
  net_close(&net);
}
END_TEST

START_TEST(opening_waits_for_what_passes)
{
  struct net net;
  net_open(&net, TIMEOUT_MS);
  for (int i = 0; i < LINES; i++) {
    qk_error error;
    if (!lines[i].passes)
      continue;
    int code = open_with(&net, "EVALSHA", lines[i].text, 2, &error);
    ck_assert_msg(code == QK_OK, "%s: open gives %d (%s)", lines[i].text, code, error.text);
  }
  net_close(&net);
}
END_TEST

void add_line_tests(TCase *tests)
{
  tcase_add_test(tests, every_error_has_its_code_and_changes_nothing);
  tcase_add_test(tests, an_error_that_passes_is_not_noticed);
  tcase_add_test(tests, opening_says_what_stands_in_its_way);
  tcase_add_test(tests, opening_waits_for_what_passes);
}
