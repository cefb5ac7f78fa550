#include <stdlib.h>
#include <string.h>
#include "rush_audit.h"
#include "rush_ledger.h"

/* A person enters at most once on each of two devices. */
static int line_init(struct line *line, size_t count)
{
  line->room = 2 * count;
  line->people = calloc(line->room, sizeof *line->people);
  return line->people != NULL ? 0 : -1;
}

int audit_init(struct audit *audit, const struct rush_options *options, const int64_t *now_ms,
               struct ledger *ledger)
{
  size_t count = (size_t)options_people(options);
  *audit = (struct audit){.options = options, .now_ms = now_ms, .ledger = ledger, .count = count};
  if (ledger != NULL)
    return 0;
  audit->people = calloc(count, sizeof *audit->people);
  audit->recent = calloc((size_t)options->rate + 1, sizeof *audit->recent);
  if (line_init(&audit->lines[0], count) != 0 || line_init(&audit->lines[1], count) != 0 ||
      audit->people == NULL || audit->recent == NULL) {
    audit_finish(audit);
    return -1;
  }
  return 0;
}

void audit_finish(struct audit *audit)
{
  free(audit->people);
  free(audit->recent);
  free(audit->lines[0].people);
  free(audit->lines[1].people);
  *audit = (struct audit){0};
}

#define ID_DIGITS 8
#define NO_PERSON UINT32_MAX
/* Two roundings to a millisecond. */
#define SLACK_MS 2

void audit_id(uint32_t person, char *out)
{
  out[0] = 'p';
  for (int i = ID_DIGITS; i > 0; i--) {
    out[i] = (char)('0' + person % 10);
    person /= 10;
  }
  out[ID_DIGITS + 1] = '\0';
}

/* The person with this id, or NO_PERSON if nobody has it. */
static uint32_t person_of(const struct audit *audit, const char *id)
{
  uint32_t person = 0;
  if (id[0] != 'p')
    return NO_PERSON;
  for (int i = 1; i <= ID_DIGITS; i++) {
    if (id[i] < '0' || id[i] > '9')
      return NO_PERSON;
    person = person * 10 + (uint32_t)(id[i] - '0');
  }
  return id[ID_DIGITS + 1] == '\0' && person < audit->count ? person : NO_PERSON;
}

static int alive(const struct account *account)
{
  return account->place == WAITING || account->place == READY || account->place == ACTIVE;
}

/* Take account out of the place it has; out of turn if that is not among the two that the event allows. */
static void take_from(struct audit *audit, struct account *account, enum place one, enum place other)
{
  if (account->place != one && account->place != other)
    audit->out_of_turn++;
  if (account->place == WAITING)
    audit->waiting[account->vip]--;
  else if (account->place == READY)
    audit->ready--;
  else if (account->place == ACTIVE)
    audit->active--;
}

/* Join the line of the account's class. */
static void join(struct audit *audit, const struct account *account)
{
  struct line *line = &audit->lines[account->vip];
  if (line->end < line->room)
    line->people[line->end++] = (struct joined){account->number, (uint32_t)(account - audit->people)};
  else
    audit->out_of_turn++;
}

/* The first who waits in the line; NULL if nobody does. */
static const struct account *head(const struct audit *audit, struct line *line)
{
  for (; line->front < line->end; line->front++) {
    const struct joined *joined = &line->people[line->front];
    const struct account *account = &audit->people[joined->person];
    if (account->place == WAITING && account->number == joined->number)
      return account;
  }
  return NULL;
}

static void on_entered(struct audit *audit, struct account *account, const qk_event *event)
{
  if (alive(account)) {
    audit->two_places++;
    take_from(audit, account, (enum place)account->place, (enum place)account->place);
  }
  if (account->place == OVER)
    account->lives++;
  if (event->number <= audit->last_number)
    audit->overtaken++;
  audit->last_number = event->number;
  account->number = event->number;
  account->entered_ms = (int32_t)*audit->now_ms;
  account->admitted_ms = -1;
  account->vip = audit->options->vip > 0 && event->cls == 0;
  account->place = WAITING;
  join(audit, account);
  audit->waiting[account->vip]++;
  audit->entered++;
}

/* Whether one of the lower class waits. Whoever came in this ms may have come after the admission. */
static int vip_waits(struct audit *audit)
{
  const struct account *vip = audit->waiting[1] > 0 ? head(audit, &audit->lines[1]) : NULL;
  return vip != NULL && !(audit->coarse && vip->entered_ms == (int32_t)*audit->now_ms);
}

/* Whoever is admitted is the head of the line, and nobody of a lower class waits. */
static void check_order(struct audit *audit, const struct account *account)
{
  if (head(audit, &audit->lines[account->vip]) != account || (!account->vip && vip_waits(audit)))
    audit->out_of_order++;
}

static void check_rate(struct audit *audit, int64_t at_ms)
{
  uint64_t rate = audit->options->rate;
  if (rate == 0)
    return;
  int64_t *oldest = &audit->recent[audit->admitted % rate];
  if (audit->admitted >= rate && at_ms - *oldest < (int64_t)audit->options->rate_window_ms)
    audit->over_rate++;
  *oldest = at_ms;
}

static int32_t ends_ms(const struct audit *audit, const qk_event *event, uint64_t time_ms)
{
  return (int32_t)(event->at_ms - audit->base_ms + (int64_t)time_ms);
}

static void on_admitted(struct audit *audit, struct account *account, const qk_event *event)
{
  if (account->place == READY || account->place == ACTIVE || account->admitted_ms >= 0)
    audit->admitted_twice++;
  check_order(audit, account);
  take_from(audit, account, WAITING, WAITING);
  check_rate(audit, event->at_ms);
  account->admitted_ms = (int32_t)*audit->now_ms;
  audit->last_admitted_ms = *audit->now_ms;
  account->ends_ms = ends_ms(audit, event, audit->options->ready_ms);
  account->place = READY;
  audit->ready++;
  audit->admitted++;
}

static void on_activated(struct audit *audit, struct account *account, const qk_event *event)
{
  take_from(audit, account, READY, READY);
  account->ends_ms = ends_ms(audit, event, audit->options->active_ms);
  account->place = ACTIVE;
  audit->active++;
  audit->activated++;
}

static void on_over(struct audit *audit, struct account *account, const qk_event *event)
{
  switch (event->type) {
  case QK_EVENT_LEFT:
    take_from(audit, account, WAITING, READY);
    audit->left++;
    break;
  case QK_EVENT_DROPPED:
    take_from(audit, account, WAITING, WAITING);
    audit->dropped++;
    break;
  case QK_EVENT_LAPSED:
    take_from(audit, account, READY, READY);
    audit->lapsed++;
    break;
  case QK_EVENT_EXPIRED:
    take_from(audit, account, ACTIVE, ACTIVE);
    audit->expired++;
    break;
  default:
    take_from(audit, account, ACTIVE, ACTIVE);
    audit->completed++;
  }
  account->place = OVER;
}

/* What is heard of now has happened before: that ties the two clocks together. */
static void compare_clocks(struct audit *audit, int64_t at_ms)
{
  int64_t ahead_ms = at_ms - *audit->now_ms;
  if (audit->base_ms == 0) {
    audit->base_ms = at_ms;
    audit->ahead_ms = ahead_ms;
  }
  if (ahead_ms > audit->ahead_ms)
    audit->ahead_ms = ahead_ms;
}

void audit_event(void *arg, const qk_event *event)
{
  struct audit *audit = arg;
  uint32_t person = person_of(audit, event->user);
  if (person != NO_PERSON && audit->ledger != NULL) {
    ledger_event(audit->ledger, person, event);
    return;
  }
  struct account *account = person != NO_PERSON ? &audit->people[person] : NULL;
  if (account == NULL || (event->type != QK_EVENT_ENTERED && event->number != account->number)) {
    audit->out_of_turn++;
    return;
  }
  compare_clocks(audit, event->at_ms);
  switch (event->type) {
  case QK_EVENT_ENTERED:
    on_entered(audit, account, event);
    break;
  case QK_EVENT_ADMITTED:
    on_admitted(audit, account, event);
    break;
  case QK_EVENT_ACTIVATED:
    on_activated(audit, account, event);
    break;
  case QK_EVENT_EXTENDED:
    account->ends_ms = ends_ms(audit, event, audit->options->active_ms);
    audit->extended++;
    break;
  default:
    on_over(audit, account, event);
  }
}

void audit_ticket(struct audit *audit, uint32_t person, const qk_op *op, const struct span *span)
{
  if (audit->ledger != NULL) {
    if (op->verb == QK_ENTER && op->ticket->fresh)
      ledger_entered(audit->ledger, person, op->ticket->number, span);
    return;
  }
  const struct account *account = &audit->people[person];
  if (account->lives == 0 && op->ticket->number != account->number)
    audit->two_places++;
}

void audit_surprise(struct audit *audit, int code)
{
  audit->surprises++;
  if (code < 0 && code > -AUDIT_CODES)
    audit->codes[-code]++;
}

/* Whether the account's place is there and its time is not up. */
static int has_place(const struct audit *audit, const struct account *account)
{
  int64_t store_ms = *audit->now_ms + audit->ahead_ms - audit->base_ms;
  if (audit->options->realtime)
    store_ms += SLACK_MS;
  return account->place == WAITING || (alive(account) && store_ms < account->ends_ms);
}

void audit_nobody(struct audit *audit, uint32_t person, uint64_t number)
{
  if (audit->ledger != NULL) {
    ledger_nobody(audit->ledger, person, number);
    return;
  }
  const struct account *account = &audit->people[person];
  if (account->number == number && has_place(audit, account))
    audit_surprise(audit, QK_ENOTFOUND);
}

void audit_after_call(struct audit *audit)
{
  uint64_t waiting = audit_waiting(audit), inside = audit_inside(audit);
  if (waiting > audit->peak_waiting)
    audit->peak_waiting = waiting;
  if (inside > audit->peak_inside)
    audit->peak_inside = inside;
  if (inside > audit->options->seats)
    audit->over_capacity++;
}

static uint64_t more(uint64_t a, uint64_t b)
{
  return a > b ? a - b : 0;
}

/* Events are handed over as well as can be: one whose answer was lost never comes. */
static uint64_t unheard(const struct audit *audit, const qk_stats *stats)
{
  return more(stats->entered, audit->entered) + more(stats->admitted, audit->admitted) +
         more(stats->activated, audit->activated) + more(stats->left, audit->left) +
         more(stats->dropped, audit->dropped) + more(stats->lapsed, audit->lapsed) +
         more(stats->expired, audit->expired) + more(stats->completed, audit->completed);
}

void audit_compare(struct audit *audit, const qk_stats *stats, int exact)
{
  uint64_t accounted = stats->waiting + stats->ready + stats->active + stats->left + stats->dropped +
                       stats->lapsed + stats->expired + stats->completed;
  int equal = stats->entered == audit->entered && stats->waiting == audit_waiting(audit) &&
              stats->ready == audit->ready && stats->active == audit->active && stats->left == audit->left &&
              stats->dropped == audit->dropped && stats->lapsed == audit->lapsed &&
              stats->expired == audit->expired && stats->completed == audit->completed &&
              stats->admitted == audit->admitted && stats->activated == audit->activated;
  if (stats->entered != accounted || (exact && !equal))
    audit->unbalanced++;
  if (exact)
    audit->unheard = unheard(audit, stats);
  if (stats->ready + stats->active > audit->options->seats)
    audit->over_capacity++;
}

uint64_t audit_waiting(const struct audit *audit)
{
  return audit->waiting[0] + audit->waiting[1];
}

uint64_t audit_inside(const struct audit *audit)
{
  return audit->ready + audit->active;
}

uint64_t audit_over(const struct audit *audit)
{
  return audit->left + audit->dropped + audit->lapsed + audit->expired + audit->completed;
}

/* Entries that have not ended, and what events told of entries that were not there. */
static uint64_t lost(const struct audit *audit)
{
  uint64_t still_there = 0;
  for (size_t i = 0; i < audit->count && !audit->cut_short; i++)
    still_there += (uint64_t)alive(&audit->people[i]);
  return still_there + audit->out_of_turn;
}

size_t audit_checks(const struct audit *audit, struct check checks[AUDIT_CHECKS])
{
  const struct check all[AUDIT_CHECKS] = {
      {"out of order", "admitted before the head of the line", audit->out_of_order},
      {"overtaken", "a number below that of an earlier arrival", audit->overtaken},
      {"over capacity", "more people inside than seats", audit->over_capacity},
      {"lost", "entered, but ended not in exactly one way", lost(audit)},
      {"admitted twice", "two admissions of one entry", audit->admitted_twice},
      {"unbalanced", "ticks whose totals are not as counted here", audit->unbalanced},
      {"two places", "a person with two places at a time", audit->two_places},
      {"fell back", "a position that rose", audit->fell_back},
      {"over rate", "admissions beyond the rate", audit->over_rate},
      {"told otherwise", "totals by answers that differ from events", audit->disagree},
      {"surprises", "answers that nobody could expect", audit->surprises},
  };
  size_t failed = 0;
  memcpy(checks, all, sizeof all);
  for (size_t i = 0; i < AUDIT_CHECKS; i++)
    failed += checks[i].found > 0;
  return failed;
}
