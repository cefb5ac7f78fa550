/* The checks, from outside the library: an account of every person, kept from the events and the tickets
 * alone, and compared with what the library says of itself. */
#ifndef RUSH_AUDIT_H
#define RUSH_AUDIT_H

#include <stddef.h>
#include <stdint.h>
#include <qk.h>
#include "rush_options.h"

enum place { NOBODY, WAITING, READY, ACTIVE, OVER };

/* One person, as the events tell it. */
struct account {
  uint64_t number;
  int32_t entered_ms, admitted_ms, ends_ms; /* of the run; admitted_ms -1: not yet; ends_ms: of a seat */
  uint32_t told_position;                   /* the last one; UINT32_MAX: none yet */
  uint8_t place, vip, lives; /* lives: how often this person entered after an earlier entry was over */
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
  struct account *people;
  size_t count;
  /* by events */
  uint64_t waiting[2], ready, active; /* waiting: the others, and those of --vip */
  struct line lines[2];               /* likewise */
  int cut_short; /* people still there at the end are not lost: the user stopped the run */
  uint64_t entered, admitted, activated, extended;
  uint64_t left, dropped, lapsed, expired, completed;
  uint64_t peak_waiting, peak_inside;
  int64_t last_admitted_ms;
  int64_t *recent; /* a ring of the moments of the last `rate` admissions, by the store's clock */
  /* what must be 0 */
  uint64_t out_of_order, over_capacity, admitted_twice, two_places, out_of_turn, fell_back, over_rate,
      unbalanced, surprises, disagree;
};

/* A check and what it found; it holds if found is 0. */
struct check {
  const char *name, *meaning;
  uint64_t found;
};
#define AUDIT_CHECKS 10

/* Returns 0, or -1 without memory. */
int audit_init(struct audit *audit, const struct rush_options *options, const int64_t *now_ms);
void audit_finish(struct audit *audit);

/* qk_options.on_event, with the audit as event_arg. */
void audit_event(void *audit, const qk_event *event);
/* A verb of person showed ticket. */
void audit_ticket(struct audit *audit, uint32_t person, const qk_ticket *ticket);
/* A call has returned: count who is inside now. */
void audit_after_call(struct audit *audit);
/* Compare with the library's own totals; exact: no call is under way. */
void audit_compare(struct audit *audit, const qk_stats *stats, int exact);

/* Whether person has a place whose time is not up. */
int audit_has_place(const struct audit *audit, uint32_t person);
uint64_t audit_waiting(const struct audit *audit);
uint64_t audit_inside(const struct audit *audit);
uint64_t audit_over(const struct audit *audit); /* entries that have ended */

/* Fill checks with all of them. Returns how many do not hold. */
size_t audit_checks(const struct audit *audit, struct check checks[AUDIT_CHECKS]);

/* The id of person: out holds AUDIT_ID_SIZE bytes. */
#define AUDIT_ID_SIZE 16
void audit_id(uint32_t person, char *out);

#endif
