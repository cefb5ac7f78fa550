/* Tokens: what they prove and what they name. */
#include <string.h>
#include "conformance.h"
#include "tokens.h"

/* ---- Helpers ------------------------------------------------------------------------------------- */

struct token token_of(qk_store *store, const qk_ticket *ticket)
{
  struct token token;
  memset(&token, 0xaa, sizeof token);
  CHECK_OK(qk_token(store, ticket, token.text));
  ck_assert_uint_lt(strnlen(token.text, sizeof token.text), sizeof token.text);
  return token;
}

qk_ticket verify_at(int line, qk_store *store, const struct token *token, const qk_ticket *ticket, int code)
{
  qk_ticket out, want;
  memset(&out, 0xaa, sizeof out);
  int got = qk_verify(store, token->text, &out);
  ck_assert_msg(got == code, "line %d: verify gives %d, not %d", line, got, code);
  ck_assert_msg(out.expires_at_ms <= ticket->expires_at_ms, "line %d: valid for longer than the seat", line);
  ck_assert_msg((out.expires_at_ms > 0) == (ticket->state != QK_WAITING), "line %d: expires at %lld", line,
                (long long)out.expires_at_ms);
  memset(&want, 0, sizeof want);
  want.state = ticket->state;
  want.cls = ticket->cls;
  want.number = ticket->number;
  want.epoch = ticket->epoch;
  want.eta_ms = ticket->state == QK_WAITING ? -1 : 0;
  want.expires_at_ms = out.expires_at_ms;
  memcpy(want.queue, ticket->queue, sizeof want.queue);
  memcpy(want.user, ticket->user, sizeof want.user);
  same_ticket_at(line, &out, &want);
  return out;
}

/* Call refuses the token with code; its ticket is zero but for these names (NULL = not known). */
static void refuse_token(int line, const struct token_call *call, qk_store *store, const char *token,
                         int code, const char *queue, const char *user)
{
  qk_ticket out;
  memset(&out, 0xaa, sizeof out);
  int got = call->call(store, token, &out);
  ck_assert_msg(got == code, "line %d: %s of \"%s\" gives %d, not %d", line, call->name, token, got, code);
  zero_ticket_at(line, &out, queue, user);
}

void forged_at(int line, qk_store *store, const char *token)
{
  for (int i = 0; i < TOKEN_CALLS; i++)
    refuse_token(line, &token_calls[i], store, token, QK_ETOKEN, NULL, NULL);
}

void over_at(int line, qk_store *store, const struct token *token, const qk_ticket *ticket)
{
  for (int i = 0; i < TOKEN_VERBS; i++)
    refuse_token(line, &token_calls[i], store, token->text, QK_EEXPIRED, ticket->queue, ticket->user);
}

/* ---- What a token proves ------------------------------------------------------------------------- */

START_TEST(a_waiting_token_is_enotready)
{
  qk_store *store = open_hall(NULL);
  ENTER(store, "ann");
  qk_ticket ticket = ENTER_CLASS(store, "bob", 5);
  struct token token = token_of(store, &ticket);
  VERIFY(store, &token, &ticket, QK_ENOTREADY);
  fixture_advance(INT64_C(1000000000));
  VERIFY(store, &token, &ticket, QK_ENOTREADY);
  qk_close(store);
}
END_TEST

START_TEST(a_ready_token_verifies_until_its_time)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ticket = ADMIT(store, "ann");
  struct token token = token_of(store, &ticket);
  qk_ticket proof = VERIFY(store, &token, &ticket, QK_OK);
  fixture_advance(proof.expires_at_ms - 1 - fixture_now_ms);
  VERIFY(store, &token, &ticket, QK_OK);
  fixture_advance(1);
  VERIFY(store, &token, &ticket, QK_EEXPIRED);
  fixture_advance(INT64_C(1000000000));
  VERIFY(store, &token, &ticket, QK_EEXPIRED);
  qk_close(store);
}
END_TEST

START_TEST(an_active_token_verifies_until_its_time)
{
  qk_store *store = open_hall(NULL);
  ADMIT_ACTIVE(store, "ann");
  fixture_advance(500);
  qk_ticket ticket = EXTEND(store, "ann");
  ck_assert_uint_eq(ticket.extends, 1);
  struct token token = token_of(store, &ticket);
  qk_ticket proof = VERIFY(store, &token, &ticket, QK_OK);
  ck_assert_int_gt(proof.expires_at_ms, ticket.expires_at_ms - 1000);
  fixture_advance(proof.expires_at_ms - 1 - fixture_now_ms);
  VERIFY(store, &token, &ticket, QK_OK);
  fixture_advance(1);
  VERIFY(store, &token, &ticket, QK_EEXPIRED);
  qk_close(store);
}
END_TEST

START_TEST(verify_needs_no_ticket)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ready = ADMIT(store, "ann"), waiting = ENTER(store, "bob");
  struct token token = token_of(store, &ready);
  CHECK_OK(qk_verify(store, token.text, NULL));
  fixture_advance(30000);
  CHECK_CODE(qk_verify(store, token.text, NULL), QK_EEXPIRED);
  token = token_of(store, &waiting);
  CHECK_CODE(qk_verify(store, token.text, NULL), QK_ENOTREADY);
  CHECK_CODE(qk_verify(store, "", NULL), QK_ETOKEN);
  qk_close(store);
}
END_TEST

START_TEST(verify_asks_no_storage)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ready = ADMIT(store, "ann"), waiting = ENTER(store, "bob");
  struct token seat = token_of(store, &ready), place = token_of(store, &waiting);
  qk_stats before = STATS(store);
  VERIFY(store, &seat, &ready, QK_OK);
  VERIFY(store, &place, &waiting, QK_ENOTREADY);
  qk_stats after = STATS(store);
  ck_assert_mem_eq(&before, &after, sizeof before);
  RELEASE(store, "ann");
  RELEASE(store, "bob");
  VERIFY(store, &seat, &ready, QK_OK);
  CHECK_OK(qk_remove(store, HALL));
  VERIFY(store, &seat, &ready, QK_OK);
  VERIFY(store, &place, &waiting, QK_ENOTREADY);
  ck_assert_int_eq(count_queues(store), 0);
  qk_close(store);
}
END_TEST

START_TEST(verify_is_no_poll)
{
  qk_policy policy = calm_policy();
  policy.max_active = 0;
  policy.idle_ms = 3000;
  qk_store *store = open_hall(&policy);
  qk_ticket ticket = ENTER(store, "ann");
  struct token token = token_of(store, &ticket);
  fixture_advance(2999);
  VERIFY(store, &token, &ticket, QK_ENOTREADY);
  fixture_advance(1);
  TICK_DROPS(store, 1);
  VERIFY(store, &token, &ticket, QK_ENOTREADY);
  CHECK_OVER(store, &token, &ticket);
  qk_close(store);
}
END_TEST

START_TEST(the_same_ticket_gives_the_same_token)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ann = ENTER(store, "ann"), bob = ENTER(store, "bob");
  struct token one = token_of(store, &ann), two = token_of(store, &ann), other = token_of(store, &bob);
  ck_assert_str_eq(one.text, two.text);
  ck_assert_str_ne(one.text, other.text);
  TICK_ADMITS(store, 2);
  ann = POLL(store, "ann");
  two = token_of(store, &ann);
  ck_assert_str_ne(one.text, two.text);
  qk_close(store);
}
END_TEST

/* ---- The token verbs ----------------------------------------------------------------------------- */

START_TEST(poll_by_token_answers_as_poll_does)
{
  qk_store *store = open_hall(NULL);
  for (int i = 1; i <= 20; i++)
    ENTER_CLASS(store, person(i), (uint32_t)(i % 8));
  TICK_ADMITS(store, 10);
  for (int i = 1; i <= 20; i++) {
    qk_ticket by_name = POLL(store, person(i)), by_token;
    struct token token = token_of(store, &by_name);
    CHECK_OK(qk_poll_token(store, token.text, &by_token));
    CHECK_SAME_TICKET(&by_name, &by_token);
  }
  qk_close(store);
}
END_TEST

START_TEST(one_token_serves_a_whole_life)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ticket = ENTER(store, "ann");
  struct token token = token_of(store, &ticket);
  CHECK_CODE(qk_activate_token(store, token.text, &ticket), QK_ENOTREADY);
  ck_assert(ticket.state == QK_WAITING && ticket.position == 1);
  CHECK_CODE(qk_extend_token(store, token.text, &ticket), QK_ENOTACTIVE);
  TICK_ADMITS(store, 1);
  CHECK_OK(qk_poll_token(store, token.text, &ticket));
  ck_assert_int_eq(ticket.state, QK_READY);
  CHECK_OK(qk_activate_token(store, token.text, &ticket));
  ck_assert_int_eq(ticket.state, QK_ACTIVE);
  CHECK_OK(qk_activate_token(store, token.text, NULL));
  CHECK_OK(qk_extend_token(store, token.text, &ticket));
  CHECK_OK(qk_extend_token(store, token.text, &ticket));
  ck_assert_uint_eq(ticket.extends, 2);
  CHECK_CODE(qk_extend_token(store, token.text, &ticket), QK_ELIMIT);
  ck_assert_uint_eq(ticket.extends, 2);
  CHECK_OK(qk_release_token(store, token.text, &ticket));
  ck_assert_int_eq(ticket.state, QK_NONE);
  CHECK_OVER(store, &token, &ticket);
  ck_assert_uint_eq(STATS(store).completed, 1);
  qk_close(store);
}
END_TEST

START_TEST(verbs_do_not_look_at_the_time_in_a_token)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ticket = ADMIT(store, "ann"), now;
  struct token token = token_of(store, &ticket);
  fixture_advance(20000);
  ACTIVATE(store, "ann");
  fixture_advance(20000);
  VERIFY(store, &token, &ticket, QK_EEXPIRED);
  CHECK_OK(qk_poll_token(store, token.text, &now));
  ck_assert_int_eq(now.state, QK_ACTIVE);
  CHECK_OK(qk_extend_token(store, token.text, NULL));
  CHECK_OK(qk_release_token(store, token.text, NULL));
  qk_close(store);
}
END_TEST

START_TEST(a_token_of_a_dead_entry_is_over)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ready = ADMIT(store, "ann"), active = ADMIT_ACTIVE(store, "bob");
  struct token lapsed = token_of(store, &ready), expired = token_of(store, &active);
  fixture_advance(30000);
  CHECK_OVER(store, &lapsed, &ready);
  CHECK_OK(qk_poll_token(store, expired.text, NULL));
  fixture_advance(30000);
  CHECK_OVER(store, &expired, &active);
  CHECK_COUNTS(store, 0, 1, 1);
  TICK(store);
  CHECK_OVER(store, &lapsed, &ready);
  CHECK_OVER(store, &expired, &active);
  qk_close(store);
}
END_TEST

START_TEST(a_token_of_a_replaced_entry_is_over)
{
  qk_store *store = open_hall(NULL);
  qk_ticket first = ENTER(store, "ann");
  struct token token = token_of(store, &first);
  RELEASE(store, "ann");
  CHECK_OVER(store, &token, &first);
  qk_ticket second = ENTER(store, "ann");
  ck_assert_uint_gt(second.number, first.number);
  CHECK_OVER(store, &token, &first);
  CHECK_STATE(store, "ann", QK_WAITING);
  ADMIT_ACTIVE(store, "ann");
  CHECK_OVER(store, &token, &first);
  CHECK_STATE(store, "ann", QK_ACTIVE);
  qk_close(store);
}
END_TEST

START_TEST(a_token_of_an_earlier_life_is_over)
{
  qk_store *store = open_hall(NULL);
  qk_policy policy = calm_policy();
  qk_ticket first = ENTER(store, "ann");
  struct token token = token_of(store, &first);
  CHECK_OK(qk_remove(store, HALL));
  CHECK_OVER(store, &token, &first);
  ck_assert_int_eq(count_queues(store), 0);
  SET_POLICY(store, &policy);
  CHECK_OVER(store, &token, &first);
  qk_ticket second = ENTER(store, "ann");
  ck_assert_uint_ne(second.epoch, first.epoch);
  CHECK_OVER(store, &token, &first);
  CHECK_STATE(store, "ann", QK_WAITING);
  qk_close(store);
}
END_TEST

START_TEST(a_token_names_one_queue_and_one_user)
{
  static const char *const names[][2] = {{"ab", "c"}, {"a", "bc"}, {"a", "b"}, {"abc", "c"}, {"c", "ab"}};
  enum { NAMES = sizeof names / sizeof names[0] };
  struct token tokens[NAMES];
  qk_store *store = fixture_open(NULL);
  for (int i = 0; i < NAMES; i++) {
    qk_ticket ticket = verb_at(__LINE__, qk_enter, store, names[i][0], names[i][1], QK_OK);
    tokens[i] = token_of(store, &ticket);
  }
  for (int i = 0; i < NAMES; i++) {
    qk_ticket ticket;
    CHECK_OK(qk_release_token(store, tokens[i].text, &ticket));
    ck_assert_str_eq(ticket.queue, names[i][0]);
    ck_assert_str_eq(ticket.user, names[i][1]);
    for (int j = i + 1; j < NAMES; j++)
      verb_at(__LINE__, qk_poll, store, names[j][0], names[j][1], QK_OK);
  }
  qk_close(store);
}
END_TEST

/* ---- Making tokens ------------------------------------------------------------------------------- */

START_TEST(the_longest_names_fit_a_token)
{
  char queue[65], user[129];
  memset(queue, 'q', 64);
  memset(user, 'u', 128);
  queue[64] = user[128] = '\0';
  qk_store *store = fixture_open(NULL);
  qk_ticket ticket = verb_at(__LINE__, qk_enter, store, queue, user, QK_OK);
  struct token token = token_of(store, &ticket);
  ck_assert_uint_le(strlen(token.text), QK_TOKEN_SIZE - 1);
  VERIFY(store, &token, &ticket, QK_OK);
  CHECK_OK(qk_activate_token(store, token.text, NULL));
  ticket.number = (UINT64_C(1) << 49) - 1;
  ticket.epoch = (UINT64_C(1) << 53) - 1;
  ticket.cls = 7;
  token = token_of(store, &ticket);
  VERIFY(store, &token, &ticket, QK_OK);
  CHECK_OVER(store, &token, &ticket);
  qk_close(store);
}
END_TEST

static void refuse_ticket(int line, qk_store *store, const qk_ticket *ticket)
{
  struct token token;
  memset(&token, 0xaa, sizeof token);
  int code = qk_token(store, ticket, token.text);
  ck_assert_msg(code == QK_EINVAL, "line %d: gives %d", line, code);
  ck_assert_msg(token.text[0] == '\0', "line %d: a failed qk_token leaves a text", line);
}
#define REFUSE_TICKET(store, field, value)                                                                   \
  do {                                                                                                       \
    qk_ticket bad_ = ticket;                                                                                 \
    bad_.field = (value);                                                                                    \
    refuse_ticket(__LINE__, store, &bad_);                                                                   \
  } while (0)

START_TEST(bad_tickets_give_no_token)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ticket = ADMIT(store, "ann");
  REFUSE_TICKET(store, state, QK_NONE);
  REFUSE_TICKET(store, state, -1);
  REFUSE_TICKET(store, state, 4);
  REFUSE_TICKET(store, cls, 8);
  REFUSE_TICKET(store, cls, UINT32_MAX);
  REFUSE_TICKET(store, number, 0);
  REFUSE_TICKET(store, number, UINT64_C(1) << 49);
  REFUSE_TICKET(store, epoch, 0);
  REFUSE_TICKET(store, epoch, UINT64_C(1) << 53);
  REFUSE_TICKET(store, expires_at_ms, -1);
  REFUSE_TICKET(store, queue[0], '\0');
  REFUSE_TICKET(store, user[0], '\0');
  REFUSE_TICKET(store, user[1], '\n');
  REFUSE_TICKET(store, user[2], '\xff');
  REFUSE_TICKET(store, reserved[0], 1);
  qk_ticket endless = ticket;
  memset(endless.queue, 'q', sizeof endless.queue);
  refuse_ticket(__LINE__, store, &endless);
  endless = ticket;
  memset(endless.user, 'u', sizeof endless.user);
  refuse_ticket(__LINE__, store, &endless);
  memset(&endless, 0, sizeof endless);
  refuse_ticket(__LINE__, store, &endless);
  refuse_ticket(__LINE__, store, NULL);
  CHECK_CODE(qk_token(store, &ticket, NULL), QK_EINVAL);
  qk_close(store);
}
END_TEST

START_TEST(failed_and_released_tickets_give_no_token)
{
  qk_ticket ticket;
  qk_store *store = open_hall(NULL);
  CHECK_CODE(qk_poll(store, HALL, "ann", &ticket), QK_ENOTFOUND);
  refuse_ticket(__LINE__, store, &ticket);
  ENTER(store, "ann");
  ticket = RELEASE(store, "ann");
  ck_assert_str_eq(ticket.user, "ann");
  refuse_ticket(__LINE__, store, &ticket);
  qk_close(store);
}
END_TEST

void add_token_tests(TCase *tests)
{
  tcase_add_test(tests, a_waiting_token_is_enotready);
  tcase_add_test(tests, a_ready_token_verifies_until_its_time);
  tcase_add_test(tests, an_active_token_verifies_until_its_time);
  tcase_add_test(tests, verify_needs_no_ticket);
  tcase_add_test(tests, verify_asks_no_storage);
  tcase_add_test(tests, verify_is_no_poll);
  tcase_add_test(tests, the_same_ticket_gives_the_same_token);
  tcase_add_test(tests, poll_by_token_answers_as_poll_does);
  tcase_add_test(tests, one_token_serves_a_whole_life);
  tcase_add_test(tests, verbs_do_not_look_at_the_time_in_a_token);
  tcase_add_test(tests, a_token_of_a_dead_entry_is_over);
  tcase_add_test(tests, a_token_of_a_replaced_entry_is_over);
  tcase_add_test(tests, a_token_of_an_earlier_life_is_over);
  tcase_add_test(tests, a_token_names_one_queue_and_one_user);
  tcase_add_test(tests, the_longest_names_fit_a_token);
  tcase_add_test(tests, bad_tickets_give_no_token);
  tcase_add_test(tests, failed_and_released_tickets_give_no_token);
  add_forgery_tests(tests);
}
