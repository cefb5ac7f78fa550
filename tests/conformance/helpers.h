/* Short words for the conformance tests. Whatever a call answers is checked in passing: its code, the shape
 * of its ticket or report, and the totals of the queue. Each message names the line of the test. */
#ifndef TESTS_HELPERS_H
#define TESTS_HELPERS_H

#include <check.h>
#include <qk.h>
#include "fixture.h"

/* The queue that most tests use. */
#define HALL "hall"

/* ---- Codes --------------------------------------------------------------------------------------- */

#define CHECK_CODE(call, code)                                                                               \
  do {                                                                                                       \
    int got_ = (call);                                                                                       \
    ck_assert_msg(got_ == (code), "%s gives %d (%s), not " #code, #call, got_, qk_strerror(got_));           \
  } while (0)
#define CHECK_OK(call) CHECK_CODE(call, QK_OK)

/* ---- Opening ------------------------------------------------------------------------------------- */

/* fixture_policy() as a value. */
qk_policy calm_policy(void);
/* fixture_open(NULL), and HALL created with policy; NULL = calm_policy(). Logical time 0 is FIXTURE_START. */
qk_store *open_hall(const qk_policy *policy);
#define SET_POLICY(store, policy) CHECK_OK(qk_set_policy(store, HALL, policy, NULL))
#define SET_MODE(store, mode) CHECK_OK(qk_set_mode(store, HALL, mode))

/* ---- Verbs, in HALL ------------------------------------------------------------------------------ */

typedef int verb_function(qk_store *store, const char *queue, const char *user, qk_ticket *out);

/* Call verb, expect code, check the ticket's shape and the totals; returns the ticket. */
qk_ticket verb_at(int line, verb_function *verb, qk_store *store, const char *queue, const char *user,
                  int code);
qk_ticket enter_class_at(int line, qk_store *store, const char *queue, const char *user, uint32_t cls,
                         int code);

#define ENTER(store, user) verb_at(__LINE__, qk_enter, store, HALL, user, QK_OK)
#define ENTER_CLASS(store, user, cls) enter_class_at(__LINE__, store, HALL, user, cls, QK_OK)
#define POLL(store, user) verb_at(__LINE__, qk_poll, store, HALL, user, QK_OK)
#define ACTIVATE(store, user) verb_at(__LINE__, qk_activate, store, HALL, user, QK_OK)
#define EXTEND(store, user) verb_at(__LINE__, qk_extend, store, HALL, user, QK_OK)
#define RELEASE(store, user) verb_at(__LINE__, qk_release, store, HALL, user, QK_OK)
/* verb is qk_enter, qk_poll, ...: expect a refusal. */
#define REFUSED(verb, store, user, code) verb_at(__LINE__, verb, store, HALL, user, code)

/* "u1", "u2", ...: a name per number, valid for the next 16 calls. */
const char *person(int number);
/* Enter person(first) to person(last) with QK_OK and no other check: cheap, for crowds. */
void enter_crowd(qk_store *store, int first, int last);
/* Enter user, tick, and expect READY; then activate. */
#define ADMIT(store, user) admit_at(__LINE__, store, user, QK_READY)
#define ADMIT_ACTIVE(store, user) admit_at(__LINE__, store, user, QK_ACTIVE)
qk_ticket admit_at(int line, qk_store *store, const char *user, int32_t state);

/* ---- What is there ------------------------------------------------------------------------------- */

/* Tick HALL with QK_OK; checks that the report's counts are those of the stats. */
#define TICK(store) tick_at(__LINE__, store, HALL)
qk_tick_report tick_at(int line, qk_store *store, const char *queue);
/* Tick HALL and expect to admit, drop, lapse, expire just so many. */
#define TICK_ADMITS(store, count) tick_moves_at(__LINE__, store, count, 0, 0, 0)
#define TICK_DROPS(store, count) tick_moves_at(__LINE__, store, 0, count, 0, 0)
#define TICK_LAPSES(store, count) tick_moves_at(__LINE__, store, 0, 0, count, 0)
#define TICK_EXPIRES(store, count) tick_moves_at(__LINE__, store, 0, 0, 0, count)
qk_tick_report tick_moves_at(int line, qk_store *store, uint64_t admitted, uint64_t dropped, uint64_t lapsed,
                             uint64_t expired);

/* The stats of HALL, or of queue, after checking that the totals balance and the backend's own invariants
 * hold. */
#define STATS(store) stats_at(__LINE__, store, HALL)
qk_stats stats_at(int line, qk_store *store, const char *queue);
/* The totals balance. */
#define CHECK_TOTALS(store) ((void)stats_at(__LINE__, store, HALL))
#define CHECK_COUNTS(store, waiting, ready, active) counts_at(__LINE__, store, waiting, ready, active)
void counts_at(int line, qk_store *store, uint64_t waiting, uint64_t ready, uint64_t active);
/* Poll user in HALL: QK_NONE stands for QK_ENOTFOUND. Beware: this is a poll, so it keeps an idle person's
 * place. */
#define CHECK_STATE(store, user, state) state_at(__LINE__, store, user, state)
void state_at(int line, qk_store *store, const char *user, int32_t state);
/* Poll user in HALL: WAITING at position. */
#define CHECK_POSITION(store, user, position) position_at(__LINE__, store, user, position)
void position_at(int line, qk_store *store, const char *user, uint64_t position);
/* The line of HALL, as qk_list gives it, is these people in this order: "ann bob cid", "" if nobody waits. */
#define CHECK_LINE(store, people) line_at(__LINE__, store, people)
void line_at(int line, qk_store *store, const char *people);

/* ---- Events -------------------------------------------------------------------------------------- */

/* What happened, in order: "entered ann, admitted ann". Cut at the end when full; empty it with text[0] = 0.
 */
struct trace {
  char text[2048];
};
/* fixture_options() with an on_event that writes into trace, which starts empty. */
void trace_options(qk_options *options, struct trace *trace);
const char *event_name(int32_t type);

/* ---- Tickets ------------------------------------------------------------------------------------- */

/* Every field is 0 but queue and user, which are as given; NULL = empty. */
#define CHECK_ZERO_TICKET(ticket, queue, user) zero_ticket_at(__LINE__, ticket, queue, user)
void zero_ticket_at(int line, const qk_ticket *ticket, const char *queue, const char *user);
/* Every field is equal. */
#define CHECK_SAME_TICKET(a, b) same_ticket_at(__LINE__, a, b)
void same_ticket_at(int line, const qk_ticket *a, const qk_ticket *b);
/* Reserved words are 0 and the fields fit the state, as api.md says under "Tickets". */
#define CHECK_TICKET_SHAPE(ticket) ticket_shape_at(__LINE__, ticket)
void ticket_shape_at(int line, const qk_ticket *ticket);

#endif
