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
  int32_t leave_ms; /* when the stay inside is over */
  uint8_t fate, looks_left, flags;
  uint8_t verb[2]; /* of each device */
};

struct people {
  const struct rush_options *options;
  struct timers *timers;
  struct audit *audit;
  struct person *people;
  size_t count, arrived;
  /* the people's own account */
  uint64_t accepted, refused, gone; /* newcomers: in, turned away, not served within --patience-ms */
  uint64_t second_devices, fresh, left, completed;
  uint64_t polls, paced_ms; /* polls of people in line; how long they were told to wait before these polls */
};

/* Returns 0, or -1 without memory. */
int people_init(struct people *people, const struct rush_options *options, struct timers *timers,
                struct audit *audit);
void people_finish(struct people *people);

/* Let everybody come whose moment is not after now_ms. */
void people_arrive(struct people *people, int64_t now_ms);

/* Fill op with what node does next, all but its ticket; id: room for the user's id, as long as op lives.
 * Returns 0 if it does nothing after all: it was to come at due_ms and now is now_ms. */
int people_ask(struct people *people, uint32_t node, int64_t due_ms, int64_t now_ms, qk_op *op,
               char id[AUDIT_ID_SIZE]);
/* Take the answer: op has its result and its ticket. */
void people_answer(struct people *people, uint32_t node, int64_t now_ms, const qk_op *op);
/* How many of the totals that people could count by their answers are not those of the events. */
uint64_t people_disagree(const struct people *people);

#endif
