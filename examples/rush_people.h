/* What people do: they arrive, look when they are told to, claim their seat, stay, extend, go; or they do
 * not. Each person has one or two devices; a device is a node of the timers and has one verb to do next. */
#ifndef RUSH_PEOPLE_H
#define RUSH_PEOPLE_H

#include <stddef.h>
#include <stdint.h>
#include <qk.h>
#include "rush_audit.h"
#include "rush_options.h"
#include "rush_timers.h"

struct person {
  uint64_t number;   /* what this person was told last; 0: nothing yet */
  uint32_t position; /* likewise; UINT32_MAX: nothing yet */
  int32_t leave_ms;  /* when the stay inside is over */
  uint8_t fate, looks_left, flags;
  uint8_t verb[2]; /* of each device */
};

/* The people's own account. */
struct tally {
  uint64_t arrived;
  uint64_t accepted, refused, gone; /* newcomers: in, turned away, not served within --patience-ms */
  uint64_t second_devices, fresh, left, completed;
  uint64_t polls, paced_ms; /* polls of people in line; how long they were told to wait before these polls */
};

struct people {
  const struct rush_options *options;
  struct timers *timers;
  struct audit *audit;
  struct person *people;
  size_t count, next; /* next: who comes next */
  uint64_t host;      /* serves its share of them, of options->hosts; 0 of 1: everybody */
  struct tally tally;
};

/* Returns 0, or -1 without memory. */
int people_init(struct people *people, const struct rush_options *options, struct timers *timers,
                struct audit *audit, uint64_t host);
void people_finish(struct people *people);

/* Let everybody come whose moment is not after now_ms. */
void people_arrive(struct people *people, int64_t now_ms);

/* The verb that node does next. */
int people_verb(const struct people *people, uint32_t node);
/* Fill op with what node does next, all but its ticket; id: room for the user's id, as long as op lives.
 * Returns 0 if it does nothing after all: it was to come at due_ms and now is now_ms. */
int people_ask(struct people *people, uint32_t node, int64_t due_ms, int64_t now_ms, qk_op *op,
               char id[AUDIT_ID_SIZE]);
/* Take the answer: op has its result and its ticket, and was under way in span. */
void people_answer(struct people *people, uint32_t node, int64_t now_ms, const qk_op *op,
                   const struct span *span);
/* Add what another host has counted. */
void tally_add(struct tally *tally, const struct tally *other);
/* How many of the totals that people could count by their answers are not those of the events. */
uint64_t people_disagree(const struct people *people);

#endif
