/* Told polls in real time: qk_fd() says when notes are due. */
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include "told.h"
#include "wrap.h"

static qk_store *store;

/* Notes are due after DUE_MS: long enough for a busy machine to note all before. */
enum { MANY = 5000, PATIENCE_MS = 20000, REAL_IDLE_MS = 24000, DUE_MS = REAL_IDLE_MS / 12 };

static char (*tokens)[QK_TOKEN_SIZE];
static qk_op *ops, **refs;
static qk_ticket *tickets;

static void open_real(void)
{
  qk_options options;
  qk_policy policy = told_policy(REAL_IDLE_MS);
  fixture = &told_fixture;
  wrap_reset();
  qk_options_init(&options);
  options.cursor_ms = 60000;
  policy.ready_ms = 3600000;
  store = fixture->open(&options);
  ck_assert_ptr_nonnull(store);
  SET_POLICY(store, &policy);
  tokens = calloc(NEAR + MANY, sizeof *tokens);
  ops = calloc(MANY, sizeof *ops);
  refs = calloc(MANY, sizeof(qk_op *));
  tickets = calloc(MANY, sizeof *tickets);
  ck_assert(tokens && ops && refs && tickets);
  for (int i = 0; i < NEAR + MANY; i++) {
    qk_ticket ticket;
    CHECK_OK(qk_enter(store, HALL, person(i), &ticket));
    CHECK_OK(qk_token(store, &ticket, tokens[i]));
  }
}

static void close_real(void)
{
  qk_close(store);
  free(tokens);
  free(ops);
  free(refs);
  free(tickets);
}

/* The last count of them poll at once; returns how many were answered from the cursor. */
static int submit_polls(int count)
{
  int from_cursor = 0;
  for (int i = 0; i < count; i++) {
    ops[i] = (qk_op){.size = sizeof *ops, .verb = QK_POLL};
    ops[i].token = tokens[NEAR + MANY - count + i];
    ops[i].ticket = &tickets[i];
    refs[i] = &ops[i];
  }
  CHECK_OK(qk_submit(store, refs, (size_t)count));
  for (int left = count; left > 0;) {
    qk_op *done[64];
    int n = qk_reap(store, done, 64, PATIENCE_MS);
    ck_assert_int_gt(n, 0);
    left -= n;
    for (int i = 0; i < n; i++) {
      CHECK_OK(done[i]->result);
      from_cursor += (int)done[i]->ticket->estimated;
    }
  }
  return from_cursor;
}

static int is_readable(int timeout_ms)
{
  struct pollfd fd = {.fd = qk_fd(store), .events = POLLIN};
  return poll(&fd, 1, timeout_ms);
}

static void reap_nothing(void)
{
  qk_op *done;
  ck_assert_int_eq(qk_reap(store, &done, 1, 0), 0);
}

/* First from the store, then from the cursor. */
static void note_polls(int count)
{
  CHECK_OK(qk_tick(store, HALL, NULL));
  submit_polls(count);
  ck_assert_int_eq(submit_polls(count), count);
  ck_assert_uint_eq(told_notes(store), (unsigned)count);
}

START_TEST(the_descriptor_says_when_notes_are_due)
{
  note_polls(10);
  while (is_readable(0))
    reap_nothing();
  ck_assert_int_eq(is_readable(PATIENCE_MS), 1);
  while (told_notes(store) > 0 && is_readable(PATIENCE_MS) == 1)
    reap_nothing();
  ck_assert_uint_eq(told_notes(store), 0);
  int more = 0; /* an alarm that was set already may ring once */
  for (; more < 3 && is_readable(DUE_MS + 200); more++)
    reap_nothing();
  ck_assert_int_lt(more, 3);
}
END_TEST

START_TEST(one_alarm_tells_of_all_that_is_due)
{
  const struct timespec due = {.tv_sec = DUE_MS / 1000, .tv_nsec = 100000000};
  note_polls(MANY);
  nanosleep(&due, NULL);
  ck_assert_int_eq(is_readable(PATIENCE_MS), 1);
  while (is_readable(DUE_MS / 2) == 1)
    reap_nothing();
  ck_assert_msg(told_notes(store) == 0, "%zu polls are told an alarm later", told_notes(store));
}
END_TEST

TCase *alarm_case(void)
{
  TCase *tests = tcase_create("the descriptor");
  tcase_set_timeout(tests, 60);
  tcase_add_checked_fixture(tests, open_real, close_real);
  tcase_add_test(tests, the_descriptor_says_when_notes_are_due);
  tcase_add_test(tests, one_alarm_tells_of_all_that_is_due);
  return tests;
}
