/* The checks, from outside the library: an account of every person, kept from the events and the tickets
 * alone, and compared with what the library says of itself. One of several hosts sees but a part: it writes
 * down what it sees (rush_ledger.h), and the accounts are made when all are done (rush_merge.h). */
#ifndef RUSH_AUDIT_H
#define RUSH_AUDIT_H

#include <stddef.h>
#include <stdint.h>
#include <qk.h>
#include "rush_calls.h"
#include "rush_options.h"

struct ledger;

#define AUDIT_CODES 32

enum place { NOBODY, WAITING, READY, ACTIVE, OVER };

/* One person, as the events tell it. */
struct account {
  uint64_t number;
  int32_t entered_ms, admitted_ms; /* of the run; admitted_ms -1: not yet */
  int32_t ends_ms;                 /* of a seat, by the store's clock since its first event */
  uint8_t place, vip, lives;       /* lives: how often this person entered after an earlier entry was over */
};

/* The line of one class as people joined it; front: nobody before it waits any more. */
struct line {
  struct joined {
    uint64_t number;
    uint32_t person;
  } * people;
  size_t front, end, room;
};

struct audit {
  const struct rush_options *options;
  const int64_t *now_ms; /* the run's */
  struct ledger *ledger; /* of one of several hosts; NULL: the accounts are kept here */
  int coarse;            /* events of one ms come in no order */
  struct account *people;
  size_t count;
  int64_t base_ms, ahead_ms; /* the store's clock: at the first event; at least so far ahead of the run's */
  /* by events */
  uint64_t waiting[2], ready, active; /* waiting: the others, and those of --vip */
  struct line lines[2];               /* likewise */
  int cut_short; /* people still there at the end are not lost: the user stopped the run */
  uint64_t entered, admitted, activated, extended;
  uint64_t left, dropped, lapsed, expired, completed;
  uint64_t last_number;
  uint64_t peak_waiting, peak_inside;
  int64_t last_admitted_ms;
  int64_t *recent; /* a ring of the moments of the last `rate` admissions, by the store's clock */
  /* what must be 0 */
  uint64_t out_of_order, overtaken, over_capacity, admitted_twice, two_places, out_of_turn, fell_back,
      over_rate, unbalanced, surprises, disagree;
  uint64_t unheard;            /* events that never came, by the library's totals at the end */
  uint64_t codes[AUDIT_CODES]; /* how often each code was a surprise, by -code */
};

/* A check and what it found; it holds if found is 0. */
struct check {
  const char *name, *meaning;
  uint64_t found;
};
#define AUDIT_CHECKS 11

/* ledger NULL: keep the accounts. Returns 0, or -1 without memory. */
int audit_init(struct audit *audit, const struct rush_options *options, const int64_t *now_ms,
               struct ledger *ledger);
void audit_finish(struct audit *audit);

/* qk_options.on_event, with the audit as event_arg. */
void audit_event(void *audit, const qk_event *event);
/* A verb of person, under way in span, showed a ticket. */
void audit_ticket(struct audit *audit, uint32_t person, const qk_op *op, const struct span *span);
/* A verb had a result that nobody could expect. */
void audit_surprise(struct audit *audit, int code);
/* A verb of person, who had been told number, found nobody. */
void audit_nobody(struct audit *audit, uint32_t person, uint64_t number);
/* A call has returned: count who is inside now. */
void audit_after_call(struct audit *audit);
/* Compare with the library's own totals; exact: no call is under way. */
void audit_compare(struct audit *audit, const qk_stats *stats, int exact);

uint64_t audit_waiting(const struct audit *audit);
uint64_t audit_inside(const struct audit *audit);
uint64_t audit_over(const struct audit *audit); /* entries that have ended */

/* Fill checks with all of them. Returns how many do not hold. */
size_t audit_checks(const struct audit *audit, struct check checks[AUDIT_CHECKS]);

/* The id of person: out holds AUDIT_ID_SIZE bytes. */
#define AUDIT_ID_SIZE 16
void audit_id(uint32_t person, char *out);

#endif
