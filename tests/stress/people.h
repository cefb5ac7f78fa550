/* People, each with one op in flight at most, and what the answers to it must be.
 *
 * Nobody but a tick or somebody else's release touches a person from outside, and nobody's time is ever up.
 * So each answer follows from the last one, and the totals of the queues from all of them. After QK_EUNKNOWN
 * the next verb is a poll, which tells what has happened. */
#ifndef TESTS_PEOPLE_H
#define TESTS_PEOPLE_H

#include <stdatomic.h>
#include <stdint.h>
#include <qk.h>

enum { QUEUES_MAX = 16, EXTENDS_MAX = 2 };

/* What the answers say about one queue. */
struct tally {
  atomic_ullong entered, activated, left, completed;
  atomic_ullong in[QK_ACTIVE + 1]; /* by state, as far as is known */
};

struct crowd {
  int queues;
  int may_repeat; /* the library may ask again, where an answer is lost */
  int may_fail;   /* and give up */
  uint64_t seats;
  struct tally tallies[QUEUES_MAX];
  atomic_ullong refused, unknown, ticks; /* QK_ESTORE, QK_EUNKNOWN; ticks that succeeded */
};

struct person {
  /* The library's while is_away; else filled with a pattern, as the library has no business here. */
  qk_op op;
  qk_ticket ticket;
  qk_tick_report report;
  char user[16];
  atomic_int is_away;
  int index, ticks;    /* 1: no person, but a scheduler */
  int32_t verb, state; /* the last verb; the state, as far as is known */
  int32_t doubt;       /* the verb of an answer that was lost; 0 */
  int is_seen;         /* an answer has told the state; whoever clears it will know */
  uint32_t extends;
  uint64_t number; /* of the present entry, or of the last one */
  struct person *next;
};

/* Fill the op with a pattern. */
void person_init(struct person *person, int index, int ticks);
/* Make the next op: one of the verbs that fit, sometimes one that does not; any number draws it. settles:
 * only look. */
void person_prepare(struct crowd *crowd, struct person *person, uint32_t draw, int settles);
/* An op that qk_submit() did not take: as if it had not been prepared. */
void person_forget(struct person *person);
/* An op has come back: complain about what is wrong with it, remember what it says, fill it with the pattern.
 */
void person_judge(struct crowd *crowd, struct person *person);
/* Complain if the library has written to an op that was handed back. */
void person_check_pattern(const struct person *person);
const char *queue_of(const struct crowd *crowd, int index);

/* Note the first thing that is wrong: threads cannot fail a test. */
void complain(const char *format, ...);
/* What it was; "" if nothing. */
const char *complaint(void);

#endif
