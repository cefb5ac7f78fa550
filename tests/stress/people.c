#include "people.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { PATTERN = 0xC5 };

/* ---- What is wrong --------------------------------------------------------------------------------- */

static pthread_mutex_t wrong_lock = PTHREAD_MUTEX_INITIALIZER;
static char wrong[256];

void complain(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  pthread_mutex_lock(&wrong_lock);
  if (wrong[0] == '\0')
    vsnprintf(wrong, sizeof wrong, format, args);
  pthread_mutex_unlock(&wrong_lock);
  va_end(args);
}

const char *complaint(void)
{
  pthread_mutex_lock(&wrong_lock);
  pthread_mutex_unlock(&wrong_lock);
  return wrong;
}

/* ---- The pattern ----------------------------------------------------------------------------------- */

/* From the op to the report, which lie together. */
enum { PATTERN_SIZE = offsetof(struct person, user) };

static void fill(struct person *person)
{
  memset(person, PATTERN, PATTERN_SIZE);
}

void person_check_pattern(const struct person *person)
{
  const unsigned char *bytes = (const unsigned char *)person;
  for (size_t i = 0; i < PATTERN_SIZE; i++)
    if (bytes[i] != PATTERN) {
      complain("byte %zu of the op of %s was written after it was handed back", i, person->user);
      return;
    }
}

/* ---- Making ops ------------------------------------------------------------------------------------ */

const char *queue_of(const struct crowd *crowd, int index)
{
  static const char *const names[QUEUES_MAX] = {"q0", "q1", "q2",  "q3",  "q4",  "q5",  "q6",  "q7",
                                                "q8", "q9", "q10", "q11", "q12", "q13", "q14", "q15"};
  return names[index % crowd->queues];
}

void person_init(struct person *person, int index, int ticks)
{
  memset(person, 0, sizeof *person);
  fill(person);
  snprintf(person->user, sizeof person->user, "p%d", index);
  person->index = index;
  person->ticks = ticks;
  atomic_init(&person->is_away, 0);
}

/* Of a hundred, how many do what: by state, then by verb. */
static const unsigned char habits[QK_ACTIVE + 1][QK_RELEASE + 1] = {
    [QK_NONE] = {[QK_ENTER] = 92, [QK_POLL] = 2, [QK_ACTIVATE] = 2, [QK_EXTEND] = 2, [QK_RELEASE] = 2},
    [QK_WAITING] = {[QK_ENTER] = 5, [QK_POLL] = 70, [QK_ACTIVATE] = 10, [QK_EXTEND] = 5, [QK_RELEASE] = 10},
    [QK_READY] = {[QK_ENTER] = 5, [QK_POLL] = 5, [QK_ACTIVATE] = 65, [QK_EXTEND] = 5, [QK_RELEASE] = 20},
    [QK_ACTIVE] = {[QK_ENTER] = 5, [QK_POLL] = 5, [QK_ACTIVATE] = 10, [QK_EXTEND] = 30, [QK_RELEASE] = 50}};

static int32_t choose_verb(const struct person *person, uint32_t draw, int settles)
{
  uint32_t left = draw % 100;
  int32_t verb = QK_ENTER;
  if (settles || person->doubt)
    return QK_POLL;
  while (left >= habits[person->state][verb])
    left -= habits[person->state][verb++];
  return verb;
}

void person_prepare(struct crowd *crowd, struct person *person, uint32_t draw, int settles)
{
  qk_op *op = &person->op;
  person_check_pattern(person);
  memset(op, 0, sizeof *op);
  memset(op->internal, PATTERN, sizeof op->internal);
  op->size = sizeof *op;
  op->verb = person->verb = person->ticks ? QK_TICK : choose_verb(person, draw, settles);
  op->result = 1;
  op->queue = person->ticks && draw % 4 == 0 ? NULL : queue_of(crowd, person->index);
  op->user = person->ticks ? NULL : person->user;
  op->ticket = &person->ticket;
  op->report = &person->report;
  op->data = person;
  if (atomic_exchange(&person->is_away, 1) != 0)
    complain("%s is prepared twice", person->user);
}

void person_forget(struct person *person)
{
  atomic_store(&person->is_away, 0);
  fill(person);
}

/* ---- What may be answered -------------------------------------------------------------------------- */

/* To a verb of somebody in this state: a code, and the state that the ticket shows. */
struct answer {
  int32_t before, verb, code, after;
};

static const struct answer answers[] = {
    {QK_NONE, QK_ENTER, QK_OK, QK_WAITING},
    {QK_NONE, QK_ENTER, QK_OK, QK_READY},
    {QK_NONE, QK_POLL, QK_ENOTFOUND, QK_NONE},
    {QK_NONE, QK_ACTIVATE, QK_ENOTFOUND, QK_NONE},
    {QK_NONE, QK_EXTEND, QK_ENOTFOUND, QK_NONE},
    {QK_NONE, QK_RELEASE, QK_ENOTFOUND, QK_NONE},
    {QK_WAITING, QK_ENTER, QK_OK, QK_WAITING},
    {QK_WAITING, QK_ENTER, QK_OK, QK_READY},
    {QK_WAITING, QK_POLL, QK_OK, QK_WAITING},
    {QK_WAITING, QK_POLL, QK_OK, QK_READY},
    {QK_WAITING, QK_ACTIVATE, QK_ENOTREADY, QK_WAITING},
    {QK_WAITING, QK_ACTIVATE, QK_OK, QK_ACTIVE},
    {QK_WAITING, QK_EXTEND, QK_ENOTACTIVE, QK_WAITING},
    {QK_WAITING, QK_EXTEND, QK_ENOTACTIVE, QK_READY},
    {QK_WAITING, QK_RELEASE, QK_OK, QK_NONE},
    {QK_READY, QK_ENTER, QK_OK, QK_READY},
    {QK_READY, QK_POLL, QK_OK, QK_READY},
    {QK_READY, QK_ACTIVATE, QK_OK, QK_ACTIVE},
    {QK_READY, QK_EXTEND, QK_ENOTACTIVE, QK_READY},
    {QK_READY, QK_RELEASE, QK_OK, QK_NONE},
    {QK_ACTIVE, QK_ENTER, QK_OK, QK_ACTIVE},
    {QK_ACTIVE, QK_POLL, QK_OK, QK_ACTIVE},
    {QK_ACTIVE, QK_ACTIVATE, QK_OK, QK_ACTIVE},
    {QK_ACTIVE, QK_EXTEND, QK_OK, QK_ACTIVE},
    {QK_ACTIVE, QK_EXTEND, QK_ELIMIT, QK_ACTIVE},
    {QK_ACTIVE, QK_RELEASE, QK_OK, QK_NONE},
};

static int is_allowed(int32_t before, int32_t verb, int32_t code, int32_t after)
{
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    const struct answer *answer = &answers[i];
    if (answer->before == before && answer->verb == verb && answer->code == code && answer->after == after)
      return 1;
  }
  return 0;
}

/* A release whose first try had no answer succeeds where its repeat finds nobody: there may have been nobody
 * in the first place. */
static int is_repeated_release(const struct crowd *crowd, const struct person *person)
{
  return crowd->may_repeat && person->verb == QK_RELEASE && person->state == QK_NONE &&
         person->op.result == QK_OK && person->ticket.state == QK_NONE;
}

/* A poll after an answer that was lost: as if that verb had happened, or as if it had not. */
static int may_be_seen(const struct person *person, int32_t code, int32_t after)
{
  int is_in_line = person->state == QK_WAITING || person->state == QK_READY;
  if (is_allowed(person->state, QK_POLL, code, after))
    return 1;
  switch (person->doubt) {
  case QK_ENTER:
    return person->state == QK_NONE && code == QK_OK && (after == QK_WAITING || after == QK_READY);
  case QK_ACTIVATE:
    return is_in_line && code == QK_OK && after == QK_ACTIVE;
  case QK_RELEASE:
    return code == QK_ENOTFOUND;
  default:
    return 0;
  }
}

/* ---- Judging --------------------------------------------------------------------------------------- */

static void blame(const struct person *person, const char *what)
{
  complain("%s, state %s, doubt %d: verb %d gives %d (%s), ticket %s, number %llu after %llu, extends %u "
           "after %u: %s",
           person->user, qk_state_name(person->state), person->doubt, person->verb, person->op.result,
           qk_strerror(person->op.result), qk_state_name(person->ticket.state),
           (unsigned long long)person->ticket.number, (unsigned long long)person->number,
           person->ticket.extends, person->extends, what);
}

/* Has this person come to be where the ticket says? */
static void move(struct crowd *crowd, struct person *person)
{
  struct tally *tally = &crowd->tallies[person->index % crowd->queues];
  int32_t before = person->state, after = person->ticket.state;
  if (before == QK_NONE && after != QK_NONE)
    tally->entered++;
  if (before != QK_ACTIVE && after == QK_ACTIVE)
    tally->activated++;
  if (before == QK_ACTIVE && after == QK_NONE)
    tally->completed++;
  if ((before == QK_WAITING || before == QK_READY) && after == QK_NONE)
    tally->left++;
  tally->in[before]--;
  tally->in[after]++;
  person->state = after;
}

/* How often the seat was extended. */
static int extends_fit(const struct person *person)
{
  uint32_t was = person->extends, is = person->ticket.extends;
  if (person->ticket.state != QK_ACTIVE)
    return is == 0;
  if (person->verb == QK_EXTEND)
    return is == was + (person->op.result == QK_OK) && (person->op.result == QK_OK || is == EXTENDS_MAX);
  return is == was || (person->doubt == QK_EXTEND && is == was + 1);
}

static int number_fits(const struct person *person)
{
  const qk_ticket *ticket = &person->ticket;
  if (ticket->state == QK_NONE) /* a release that was repeated does not know the number */
    return ticket->number == 0 || (person->verb == QK_RELEASE && ticket->number == person->number);
  return person->state == QK_NONE ? ticket->number > person->number : ticket->number == person->number;
}

static void judge_answer(struct crowd *crowd, struct person *person)
{
  const qk_ticket *ticket = &person->ticket;
  int32_t code = person->op.result;
  int fits = person->doubt ? may_be_seen(person, code, ticket->state)
                           : is_allowed(person->state, person->verb, code, ticket->state) ||
                                 is_repeated_release(crowd, person);
  if (!fits) {
    blame(person, "not what follows");
    return;
  }
  if (!number_fits(person))
    blame(person, "another number");
  if (!extends_fit(person))
    blame(person, "other extensions");
  if ((ticket->state == QK_WAITING) != (ticket->position > 0) || ticket->position > ticket->waiting)
    blame(person, "a wrong position");
  int is_new = person->state == QK_NONE && ticket->state != QK_NONE;
  if (ticket->fresh != (is_new && person->verb == QK_ENTER) && !(crowd->may_repeat && is_new))
    blame(person, "a wrong fresh");
  move(crowd, person);
  if (ticket->state != QK_NONE)
    person->number = ticket->number;
  person->extends = ticket->state == QK_NONE ? 0 : ticket->extends;
  person->doubt = 0;
  person->is_seen = 1;
}

static void judge_tick(struct crowd *crowd, const struct person *person)
{
  const qk_tick_report *report = &person->report;
  uint64_t seats = crowd->seats * (person->op.queue ? 1 : (uint64_t)crowd->queues);
  if (report->ready + report->active > seats)
    complain("a tick sees %llu ready and %llu active on %llu seats", (unsigned long long)report->ready,
             (unsigned long long)report->active, (unsigned long long)seats);
  if (report->lapsed + report->expired + report->dropped > 0)
    complain("a tick ends people whose time is not up");
  if (person->op.result == QK_OK)
    crowd->ticks++;
  else
    blame(person, "a tick fails");
}

static void judge_failure(struct crowd *crowd, struct person *person)
{
  int is_unknown = person->op.result == QK_EUNKNOWN;
  if (is_unknown)
    crowd->unknown++;
  else
    crowd->refused++;
  /* A tick of all queues goes on to the next one where a connection breaks twice. */
  if (!crowd->may_fail && !(crowd->may_repeat && person->ticks && !person->op.queue))
    blame(person, "nothing was in its way");
  if (!person->ticks && (person->ticket.state != QK_NONE || person->ticket.number != 0))
    blame(person, "a failure with a place");
  if (is_unknown && person->verb != QK_POLL && !person->ticks)
    person->doubt = person->verb;
}

void person_judge(struct crowd *crowd, struct person *person)
{
  const qk_op *op = &person->op;
  if (atomic_exchange(&person->is_away, 0) != 1) {
    complain("the op of %s came back twice", person->user);
    return;
  }
  if (op->verb != person->verb || op->data != person || op->ticket != &person->ticket ||
      op->report != &person->report || op->size != sizeof *op)
    complain("the library has changed the op of %s", person->user);
  if (op->result == QK_ESTORE || op->result == QK_EUNKNOWN)
    judge_failure(crowd, person);
  else if (person->ticks)
    judge_tick(crowd, person);
  else
    judge_answer(crowd, person);
  fill(person);
}
