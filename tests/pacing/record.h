/* What happened in a simulation, as it happened: who was admitted when, who saw it when, what every poll was
 * told, how many polls came in each second. */
#ifndef PACING_RECORD_H
#define PACING_RECORD_H

#include <stddef.h>
#include <stdint.h>

enum { RECORD_SECONDS = 7200 }; /* that a scene may take */

#define RECORD_NEVER (-1)

/* A poll that was answered WAITING. */
struct answer {
  uint32_t person;
  int32_t at_ms;
  int32_t eta_ms; /* -1 = unknown; cut at INT32_MAX */
  float slack;    /* estimated place over true place; 0 where the place is not estimated */
};

struct record {
  uint64_t people;
  int32_t *admitted_ms, *noticed_ms; /* per person; RECORD_NEVER */
  struct answer *answers;
  size_t count, room;
  uint32_t polls[RECORD_SECONDS], waiting[RECORD_SECONDS]; /* waiting: at the second's end */
  uint64_t estimated;                                      /* polls answered from the cursor */
  uint64_t strangers; /* polls and claims of people whom the queue did not know any more */
};

/* 0, or -1 without memory. */
int record_init(struct record *record, uint64_t people);
void record_finish(struct record *record);
/* 0, or -1 without memory. */
int record_answer(struct record *record, const struct answer *answer);

#endif
