#include <stdio.h>
#include <string.h>
#include "helpers.h"

qk_policy calm_policy(void)
{
  qk_policy policy;
  fixture_policy(&policy);
  return policy;
}

qk_store *open_hall(const qk_policy *policy)
{
  qk_policy calm = calm_policy();
  qk_store *store = fixture_open(NULL);
  CHECK_OK(qk_set_policy(store, HALL, policy ? policy : &calm, NULL));
  return store;
}

/* ---- Tickets ------------------------------------------------------------------------------------- */

static int all_zero(const uint64_t *words, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (words[i])
      return 0;
  return 1;
}

static void ticket_seat_at(int line, const qk_ticket *ticket)
{
  ck_assert_msg(ticket->position == 0 && ticket->eta_ms == 0 && ticket->poll_after_ms == 0,
                "line %d: %s is inside, yet has position %llu, eta %lld, poll_after %u", line, ticket->user,
                (unsigned long long)ticket->position, (long long)ticket->eta_ms, ticket->poll_after_ms);
  ck_assert_msg(ticket->state != QK_READY || ticket->extends == 0, "line %d: READY with %u extends", line,
                ticket->extends);
}

static void ticket_waiting_at(int line, const qk_ticket *ticket)
{
  ck_assert_msg(ticket->position >= 1 && ticket->position <= ticket->waiting,
                "line %d: %s is at %llu of %llu", line, ticket->user, (unsigned long long)ticket->position,
                (unsigned long long)ticket->waiting);
  ck_assert_msg(ticket->expires_at_ms == 0, "line %d: WAITING expires at %lld", line,
                (long long)ticket->expires_at_ms);
  ck_assert_msg(ticket->eta_ms >= -1, "line %d: eta %lld", line, (long long)ticket->eta_ms);
  ck_assert_msg(ticket->poll_after_ms > 0, "line %d: poll at once, for ever", line);
  ck_assert_msg(ticket->extends == 0, "line %d: WAITING with %u extends", line, ticket->extends);
}

void ticket_shape_at(int line, const qk_ticket *ticket)
{
  static const char pad[sizeof ticket->pad_];
  ck_assert_msg(all_zero(ticket->reserved, 8) && memcmp(ticket->pad_, pad, sizeof pad) == 0,
                "line %d: reserved words are not 0", line);
  ck_assert_msg(ticket->state >= QK_NONE && ticket->state <= QK_ACTIVE, "line %d: state %d", line,
                ticket->state);
  ck_assert_msg(ticket->fresh == 0 || ticket->fresh == 1, "line %d: fresh %d", line, ticket->fresh);
  ck_assert_msg(ticket->cls <= 7, "line %d: class %u", line, ticket->cls);
  ck_assert_msg(ticket->number > 0 && ticket->number < UINT64_C(1) << 49, "line %d: number %llu", line,
                (unsigned long long)ticket->number);
  ck_assert_msg(ticket->epoch > 0 && ticket->epoch < UINT64_C(1) << 53, "line %d: epoch %llu", line,
                (unsigned long long)ticket->epoch);
  if (ticket->state == QK_WAITING)
    ticket_waiting_at(line, ticket);
  else
    ticket_seat_at(line, ticket);
  if (ticket->state == QK_NONE)
    ck_assert_msg(ticket->expires_at_ms == 0 && ticket->fresh == 0, "line %d: nobody expires at %lld", line,
                  (long long)ticket->expires_at_ms);
}

/* The zeroed ticket that a failure leaves. */
static qk_ticket bare_ticket(const char *queue, const char *user)
{
  qk_ticket ticket;
  memset(&ticket, 0, sizeof ticket);
  snprintf(ticket.queue, sizeof ticket.queue, "%s", queue ? queue : "");
  snprintf(ticket.user, sizeof ticket.user, "%s", user ? user : "");
  return ticket;
}

void zero_ticket_at(int line, const qk_ticket *ticket, const char *queue, const char *user)
{
  qk_ticket bare = bare_ticket(queue, user);
  ck_assert_msg(memcmp(ticket, &bare, sizeof bare) == 0, "line %d: the ticket is not zero but for its names",
                line);
}

void same_ticket_at(int line, const qk_ticket *a, const qk_ticket *b)
{
  ck_assert_msg(memcmp(a, b, sizeof *a) == 0,
                "line %d: two tickets differ: state %d/%d number %llu/%llu position %llu/%llu fresh %d/%d",
                line, a->state, b->state, (unsigned long long)a->number, (unsigned long long)b->number,
                (unsigned long long)a->position, (unsigned long long)b->position, a->fresh, b->fresh);
}

/* ---- Verbs --------------------------------------------------------------------------------------- */

static void refused_ticket_at(int line, const qk_ticket *ticket, const char *queue, const char *user,
                              int code)
{
  if (code == QK_ENOTREADY || code == QK_ENOTACTIVE || code == QK_ELIMIT) {
    ticket_shape_at(line, ticket);
  } else if (code == QK_EFULL || code == QK_ECLOSED) {
    qk_ticket rest = *ticket;
    ck_assert_msg(ticket->poll_after_ms > 0, "line %d: refused without a time to come back", line);
    rest.waiting = rest.poll_after_ms = 0;
    zero_ticket_at(line, &rest, queue, user);
  } else {
    zero_ticket_at(line, ticket, queue, user);
  }
}

static void answer_at(int line, qk_store *store, const qk_ticket *ticket, int got, const char *queue,
                      const char *user, int code)
{
  ck_assert_msg(got == code, "line %d: %s in %s gives %d (%s), not %d (%s)", line, user, queue, got,
                qk_strerror(got), code, qk_strerror(code));
  ck_assert_str_eq(ticket->queue, queue);
  ck_assert_str_eq(ticket->user, user);
  if (code == QK_OK)
    ticket_shape_at(line, ticket);
  else
    refused_ticket_at(line, ticket, queue, user, code);
  qk_stats stats;
  if (code == QK_OK || qk_get_stats(store, queue, &stats) != QK_ENOTFOUND)
    stats_at(line, store, queue);
}

qk_ticket verb_at(int line, verb_function *verb, qk_store *store, const char *queue, const char *user,
                  int code)
{
  qk_ticket ticket;
  memset(&ticket, 0xaa, sizeof ticket);
  int got = verb(store, queue, user, &ticket);
  answer_at(line, store, &ticket, got, queue, user, code);
  return ticket;
}

qk_ticket enter_class_at(int line, qk_store *store, const char *queue, const char *user, uint32_t cls,
                         int code)
{
  qk_ticket ticket;
  memset(&ticket, 0xaa, sizeof ticket);
  int got = qk_enter_class(store, queue, user, cls, &ticket);
  answer_at(line, store, &ticket, got, queue, user, code);
  return ticket;
}

const char *person(int number)
{
  static char names[16][16];
  static unsigned turn;
  char *name = names[turn++ % 16];
  snprintf(name, sizeof names[0], "u%d", number);
  return name;
}

void enter_crowd(qk_store *store, int first, int last)
{
  for (int i = first; i <= last; i++)
    CHECK_OK(qk_enter(store, HALL, person(i), NULL));
}

qk_ticket admit_at(int line, qk_store *store, const char *user, int32_t state)
{
  verb_at(line, qk_enter, store, HALL, user, QK_OK);
  tick_at(line, store, HALL);
  qk_ticket ticket = verb_at(line, state == QK_ACTIVE ? qk_activate : qk_poll, store, HALL, user, QK_OK);
  ck_assert_msg(ticket.state == state, "line %d: %s is %s", line, user, qk_state_name(ticket.state));
  return ticket;
}

/* ---- What is there ------------------------------------------------------------------------------- */

qk_stats stats_at(int line, qk_store *store, const char *queue)
{
  qk_stats stats;
  memset(&stats, 0xaa, sizeof stats);
  int code = qk_get_stats(store, queue, &stats);
  ck_assert_msg(code == QK_OK, "line %d: no stats of %s: %s", line, queue, qk_strerror(code));
  uint64_t over = stats.left + stats.dropped + stats.lapsed + stats.expired + stats.completed;
  uint64_t here = stats.waiting + stats.ready + stats.active;
  ck_assert_msg(stats.entered == here + over, "line %d: %llu entered, %llu are here, %llu are over", line,
                (unsigned long long)stats.entered, (unsigned long long)here, (unsigned long long)over);
  uint64_t known = stats.ready + stats.active + stats.lapsed + stats.expired + stats.completed;
  ck_assert_msg(stats.admitted >= known && stats.admitted <= known + stats.left,
                "line %d: %llu admitted, but %llu are or were inside", line,
                (unsigned long long)stats.admitted, (unsigned long long)known);
  ck_assert_msg(stats.activated == stats.active + stats.expired + stats.completed, "line %d: %llu activated",
                line, (unsigned long long)stats.activated);
  ck_assert_msg(stats.now_ms == fixture_now_ms, "line %d: now is %lld", line, (long long)stats.now_ms);
  ck_assert_msg(stats.last_number >= stats.entered, "line %d: last number %llu", line,
                (unsigned long long)stats.last_number);
  ck_assert_msg(stats.waiting > 0 || stats.head_age_ms == 0, "line %d: the head of nobody is old", line);
  ck_assert_msg(all_zero(stats.reserved, 8), "line %d: reserved words are not 0", line);
  if (fixture->check)
    fixture->check(store);
  return stats;
}

void counts_at(int line, qk_store *store, uint64_t waiting, uint64_t ready, uint64_t active)
{
  qk_stats stats = stats_at(line, store, HALL);
  ck_assert_msg(stats.waiting == waiting && stats.ready == ready && stats.active == active,
                "line %d: %llu waiting, %llu ready, %llu active; not %llu, %llu, %llu", line,
                (unsigned long long)stats.waiting, (unsigned long long)stats.ready,
                (unsigned long long)stats.active, (unsigned long long)waiting, (unsigned long long)ready,
                (unsigned long long)active);
}

qk_tick_report tick_at(int line, qk_store *store, const char *queue)
{
  qk_tick_report report;
  memset(&report, 0xaa, sizeof report);
  int code = qk_tick(store, queue, &report);
  ck_assert_msg(code == QK_OK, "line %d: tick of %s: %s", line, queue, qk_strerror(code));
  ck_assert_msg(report.queues == 1 && report.skipped == 0, "line %d: %llu queues, %u skipped", line,
                (unsigned long long)report.queues, report.skipped);
  ck_assert_msg(all_zero(report.reserved, 7) && report.pad_ == 0, "line %d: reserved words are not 0", line);
  ck_assert_msg(report.more == (report.next_ms == 0), "line %d: more %u, next_ms %u", line, report.more,
                report.next_ms);
  qk_stats stats = stats_at(line, store, queue);
  ck_assert_msg(report.waiting == stats.waiting && report.ready == stats.ready &&
                    report.active == stats.active,
                "line %d: the report's counts %llu/%llu/%llu are not those of the stats", line,
                (unsigned long long)report.waiting, (unsigned long long)report.ready,
                (unsigned long long)report.active);
  return report;
}

qk_tick_report tick_moves_at(int line, qk_store *store, uint64_t admitted, uint64_t dropped, uint64_t lapsed,
                             uint64_t expired)
{
  qk_tick_report report = tick_at(line, store, HALL);
  ck_assert_msg(report.admitted == admitted && report.dropped == dropped && report.lapsed == lapsed &&
                    report.expired == expired,
                "line %d: admitted %llu, dropped %llu, lapsed %llu, expired %llu; not %llu, %llu, %llu, %llu",
                line, (unsigned long long)report.admitted, (unsigned long long)report.dropped,
                (unsigned long long)report.lapsed, (unsigned long long)report.expired,
                (unsigned long long)admitted, (unsigned long long)dropped, (unsigned long long)lapsed,
                (unsigned long long)expired);
  return report;
}

void state_at(int line, qk_store *store, const char *user, int32_t state)
{
  if (state == QK_NONE) {
    verb_at(line, qk_poll, store, HALL, user, QK_ENOTFOUND);
    return;
  }
  qk_ticket ticket = verb_at(line, qk_poll, store, HALL, user, QK_OK);
  ck_assert_msg(ticket.state == state, "line %d: %s is %s, not %s", line, user, qk_state_name(ticket.state),
                qk_state_name(state));
}

void position_at(int line, qk_store *store, const char *user, uint64_t position)
{
  qk_ticket ticket = verb_at(line, qk_poll, store, HALL, user, QK_OK);
  ck_assert_msg(ticket.state == QK_WAITING && ticket.position == position,
                "line %d: %s is %s at %llu, not at %llu", line, user, qk_state_name(ticket.state),
                (unsigned long long)ticket.position, (unsigned long long)position);
}

void line_at(int line, qk_store *store, const char *people)
{
  enum { PAGE = 64 };
  qk_ticket page[PAGE];
  char names[1024] = "";
  size_t used = 0;
  int count = qk_list(store, HALL, 0, 0, page, PAGE);
  ck_assert_msg(count >= 0 && count < PAGE, "line %d: list gives %d", line, count);
  for (int i = 0; i < count; i++) {
    used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? " " : "", page[i].user);
    ck_assert_msg(page[i].position == (uint64_t)i + 1, "line %d: %s is listed at %llu", line, page[i].user,
                  (unsigned long long)page[i].position);
  }
  ck_assert_msg(strcmp(names, people) == 0, "line %d: the line is \"%s\", not \"%s\"", line, names, people);
}

/* ---- Events -------------------------------------------------------------------------------------- */

const char *event_name(int32_t type)
{
  static const char *const names[] = {"nothing", "entered", "admitted", "activated", "extended",
                                      "left",    "dropped", "lapsed",   "expired",   "completed"};
  ck_assert_msg(type >= QK_EVENT_ENTERED && type <= QK_EVENT_COMPLETED, "event %d", type);
  return names[type];
}

static void write_event(void *arg, const qk_event *event)
{
  struct trace *trace = arg;
  size_t used = strlen(trace->text);
  snprintf(trace->text + used, sizeof trace->text - used, "%s%s %s", used ? ", " : "",
           event_name(event->type), event->user);
}

void trace_options(qk_options *options, struct trace *trace)
{
  fixture_options(options);
  trace->text[0] = '\0';
  options->on_event = write_event;
  options->event_arg = trace;
}
