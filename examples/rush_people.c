#include <stdlib.h>
#include "rush_people.h"

enum fate { PLAIN, ABANDONS, NO_SHOW, LEAVES, OVERSTAYS };
/* Flags: a device has entered, and has not heard that it is over; one is inside; a release is on its way. */
enum { ENTERED = 1, CLAIMED = 2, GOING = 4, VIP = 8 };

#define NOT_YET UINT32_MAX

/* The longest time between a person's first and second device, and after a failed call. */
#define SECOND_DEVICE_MS 8000
#define RETRY_MS 1000

int people_init(struct people *people, const struct rush_options *options, struct timers *timers,
                struct audit *audit, uint64_t host)
{
  *people = (struct people){.options = options, .timers = timers, .audit = audit, .host = host};
  people->count = (size_t)options_people(options);
  people->people = calloc(people->count, sizeof *people->people);
  return people->people != NULL ? 0 : -1;
}

void people_finish(struct people *people)
{
  free(people->people);
  people->people = NULL;
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(uint64_t *state)
{
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static uint64_t draw_below(uint64_t *state, uint64_t bound)
{
  return draw(state) % bound;
}

/* A person's own source, so that what one does never depends on what the others did. */
static uint64_t source_of(const struct people *people, uint32_t person)
{
  uint64_t state = people->options->seed + person * UINT64_C(0xd1342543de82ef95);
  draw(&state);
  return state;
}

static enum fate draw_fate(const struct rush_options *options, uint64_t *source)
{
  uint64_t ppm = draw_below(source, 1000000);
  uint64_t bound = options->abandon;
  if (ppm < bound)
    return ABANDONS;
  if (ppm < (bound += options->no_show))
    return NO_SHOW;
  if (ppm < (bound += options->leave))
    return LEAVES;
  return ppm < bound + options->overstay ? OVERSTAYS : PLAIN;
}

static void do_at(struct people *people, uint32_t node, int verb, int64_t at_ms)
{
  people->people[node / 2].verb[node % 2] = (uint8_t)verb;
  timers_add(people->timers, node, at_ms);
}

static void arrive(struct people *people, uint32_t number, int64_t at_ms)
{
  const struct rush_options *options = people->options;
  struct person *person = &people->people[number];
  uint64_t source = source_of(people, number);
  person->fate = (uint8_t)draw_fate(options, &source);
  person->looks_left = (uint8_t)(1 + draw_below(&source, 3));
  if (draw_below(&source, 1000000) < options->vip)
    person->flags |= VIP;
  /* Until the seat is claimed this is how long the stay will be. */
  person->leave_ms =
      (int32_t)(options->stay_min_ms + draw_below(&source, options->stay_max_ms - options->stay_min_ms + 1));
  do_at(people, number * 2, QK_ENTER, at_ms);
  if (draw_below(&source, 1000000) < options->twice) {
    int64_t later_ms = 1 + (int64_t)draw_below(&source, SECOND_DEVICE_MS);
    do_at(people, number * 2 + 1, QK_ENTER, at_ms + later_ms);
  }
}

/* People are dealt out to the hosts as a load balancer does it, by a hash. */
static int is_served_here(const struct people *people, uint64_t person)
{
  return draw_below(&person, people->options->hosts) == people->host;
}

void people_arrive(struct people *people, int64_t now_ms)
{
  for (; people->next < people->count; people->next++) {
    int64_t at_ms = options_arrival_ms(people->options, people->next);
    if (at_ms > now_ms)
      return;
    if (!is_served_here(people, people->next))
      continue;
    arrive(people, (uint32_t)people->next, at_ms);
    people->tally.arrived++;
  }
}

int people_verb(const struct people *people, uint32_t node)
{
  return people->people[node / 2].verb[node % 2];
}

int people_ask(struct people *people, uint32_t node, int64_t due_ms, int64_t now_ms, qk_op *op,
               char id[AUDIT_ID_SIZE])
{
  struct person *person = &people->people[node / 2];
  int verb = people_verb(people, node);
  if (verb == QK_ENTER && node % 2 == 0 && now_ms - due_ms > (int64_t)people->options->patience_ms) {
    people->tally.gone++;
    return 0;
  }
  /* The second device comes only for the place that the first one has. */
  if (verb == QK_ENTER && node % 2 == 1 && (person->flags & (ENTERED | GOING)) != ENTERED)
    return 0;
  if (verb == QK_RELEASE)
    person->flags |= GOING;
  audit_id(node / 2, id);
  *op = (qk_op){
      .size = sizeof *op, .verb = verb, .queue = people->options->queue, .user = id, .ticket = op->ticket};
  if (people->options->vip > 0 && !(person->flags & VIP))
    op->cls = 1;
  return 1;
}

static void wait_on(struct people *people, uint32_t node, int64_t now_ms, uint32_t poll_after_ms)
{
  struct person *person = &people->people[node / 2];
  int leaves = person->fate == ABANDONS || person->fate == LEAVES;
  if (leaves && person->looks_left == 0) {
    if (person->fate == LEAVES)
      do_at(people, node, QK_RELEASE, now_ms);
    return;
  }
  if (leaves)
    person->looks_left--;
  people->tally.polls++;
  people->tally.paced_ms += poll_after_ms;
  do_at(people, node, QK_POLL, now_ms + (poll_after_ms > 0 ? poll_after_ms : 1));
}

/* Enter and poll: see where one is. */
static void look(struct people *people, uint32_t node, int64_t now_ms, const qk_ticket *ticket)
{
  if (ticket->state == QK_WAITING)
    wait_on(people, node, now_ms, ticket->poll_after_ms);
  else if (ticket->state == QK_READY && people->people[node / 2].fate != NO_SHOW)
    do_at(people, node, QK_ACTIVATE, now_ms);
}

/* The seat has its whole time before it: stay, or come back for more when three quarters of it are over. */
static void stay(struct people *people, uint32_t node, int64_t now_ms)
{
  const struct person *person = &people->people[node / 2];
  int64_t active_ms = (int64_t)people->options->active_ms;
  if (person->fate == OVERSTAYS)
    return;
  if (person->leave_ms <= now_ms + active_ms * 7 / 8)
    do_at(people, node, QK_RELEASE, person->leave_ms);
  else
    do_at(people, node, QK_EXTEND, now_ms + active_ms * 3 / 4);
}

static void claim(struct people *people, uint32_t node, int64_t now_ms)
{
  struct person *person = &people->people[node / 2];
  if (person->flags & CLAIMED)
    return;
  person->flags |= CLAIMED;
  person->leave_ms += (int32_t)now_ms;
  stay(people, node, now_ms);
}

/* What a ticket shows must follow from what the person was told before. */
static void hear(struct people *people, struct person *person, const qk_op *op)
{
  const qk_ticket *ticket = op->ticket;
  if (person->number == 0 || (op->verb == QK_ENTER && ticket->fresh)) {
    person->number = ticket->number;
    person->position = NOT_YET;
  }
  if (ticket->number > person->number)
    people->audit->two_places++;
  if (ticket->number != person->number || ticket->state != QK_WAITING || ticket->estimated ||
      people->options->vip > 0)
    return;
  uint32_t position = (uint32_t)ticket->position;
  if (position > person->position)
    people->audit->fell_back++;
  person->position = position;
}

static void answer_ok(struct people *people, uint32_t node, int64_t now_ms, const qk_op *op)
{
  struct person *person = &people->people[node / 2];
  switch (op->verb) {
  case QK_ENTER:
    people->tally.fresh += (uint64_t)op->ticket->fresh;
    people->tally.accepted += 1 - node % 2;
    person->flags |= ENTERED;
    people->tally.second_devices += node % 2;
    look(people, node, now_ms, op->ticket);
    break;
  case QK_POLL:
    look(people, node, now_ms, op->ticket);
    break;
  case QK_ACTIVATE:
    claim(people, node, now_ms);
    break;
  case QK_EXTEND:
    stay(people, node, now_ms);
    break;
  default:
    if (person->flags & CLAIMED)
      people->tally.completed++;
    else
      people->tally.left++;
  }
}

/* What the library may answer instead: it is over (nobody there, or too many extensions), or it is full. */
static void answer_refusal(struct people *people, uint32_t node, int64_t now_ms, const qk_op *op)
{
  struct person *person = &people->people[node / 2];
  switch (op->result) {
  case QK_ENOTFOUND:
    if (op->verb == QK_ENTER)
      audit_surprise(people->audit, op->result);
    else
      audit_nobody(people->audit, node / 2, person->number);
    person->flags &= (uint8_t)~ENTERED;
    break;
  case QK_ELIMIT:
    do_at(people, node, QK_RELEASE, now_ms + (int64_t)people->options->active_ms / 8);
    break;
  case QK_EFULL:
  case QK_ECLOSED:
    people->tally.refused += 1 - node % 2;
    break;
  case QK_ESTORE:
  case QK_EUNKNOWN:
    do_at(people, node, op->verb, now_ms + RETRY_MS);
    audit_surprise(people->audit, op->result);
    break;
  default:
    audit_surprise(people->audit, op->result);
  }
}

uint64_t people_disagree(const struct people *people)
{
  const struct audit *audit = people->audit;
  uint64_t differ = people->tally.fresh != audit->entered;
  differ += people->tally.left != audit->left;
  differ += people->tally.completed != audit->completed;
  return differ;
}

void tally_add(struct tally *tally, const struct tally *other)
{
  tally->arrived += other->arrived;
  tally->accepted += other->accepted;
  tally->refused += other->refused;
  tally->gone += other->gone;
  tally->second_devices += other->second_devices;
  tally->fresh += other->fresh;
  tally->left += other->left;
  tally->completed += other->completed;
  tally->polls += other->polls;
  tally->paced_ms += other->paced_ms;
}

void people_answer(struct people *people, uint32_t node, int64_t now_ms, const qk_op *op,
                   const struct span *span)
{
  if (op->result != QK_OK) {
    answer_refusal(people, node, now_ms, op);
    return;
  }
  hear(people, &people->people[node / 2], op);
  audit_ticket(people->audit, node / 2, op, span);
  answer_ok(people, node, now_ms, op);
}
