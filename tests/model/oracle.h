/* The oracle: what a queue does, said a second time and as plainly as possible. Arrays, linear searches,
 * every count counted anew. Written from design.md and api.md alone: it shares no line with the library's
 * rules. */
#ifndef TESTS_MODEL_ORACLE_H
#define TESTS_MODEL_ORACLE_H

#include <stddef.h>
#include <qk.h>
#include "names.h"

#define ORACLE_ALL UINT32_MAX /* instead of a queue: every queue */

struct person {
  uint32_t user, cls, extends;
  int32_t state;
  uint64_t number;
  int64_t entered_ms, polled_ms, end_ms; /* logical */
};

struct admission {
  int64_t made_ms; /* logical */
  int64_t rate_ms; /* as the rate window takes it; -1: no longer in it */
};

struct line {
  int exists;
  uint64_t epoch; /* 0 until the driver has learned it from the library */
  qk_policy policy;
  int64_t time_ms, clock_ms; /* L and last */
  int64_t all_polled_ms;     /* everyone waiting counts as having polled then */
  uint64_t last_number, highest[8];
  qk_stats totals;       /* entered to completed; the rest is counted anew */
  struct person *people; /* by number */
  size_t count, room;
  struct admission *admissions;
  size_t admission_count, admission_room;
};

struct happening {
  int32_t type;
  uint32_t queue, user, cls;
  uint64_t number;
};

struct oracle {
  uint32_t budget, create;
  qk_policy defaults;
  int64_t now_ms; /* the store's clock: the driver sets it */
  struct line lines[NAMES_QUEUES];
  struct happening *events; /* what happened, in order; the driver empties it by setting event_count to 0 */
  size_t event_count, event_room;
};

struct oracle_call {
  int32_t verb; /* QK_ENTER to QK_RELEASE */
  uint32_t queue, user, cls;
  uint32_t by_token; /* 1: epoch and number name the entry */
  uint64_t epoch, number;
};

void oracle_init(struct oracle *oracle, const qk_policy *defaults, uint32_t budget, uint32_t create);
void oracle_finish(struct oracle *oracle);

/* Each returns the code that the library owes and fills *out as it must, except poll_after_ms, elapsed_us and
 * epoch, which stay 0. All input is valid. */
int oracle_verb(struct oracle *oracle, const struct oracle_call *call, qk_ticket *out);
int oracle_tick(struct oracle *oracle, uint32_t queue, qk_tick_report *out);
void oracle_set_policy(struct oracle *oracle, uint32_t queue, const qk_policy *policy);
void oracle_set_mode(struct oracle *oracle, uint32_t queue, uint32_t mode);
int oracle_remove(struct oracle *oracle, uint32_t queue);
int oracle_stats(const struct oracle *oracle, uint32_t queue, qk_stats *out);
int oracle_cursor(const struct oracle *oracle, uint32_t queue, qk_cursor *out);
int oracle_list(const struct oracle *oracle, uint32_t queue, uint32_t cls, uint64_t after, qk_ticket *out,
                size_t max);

/* The time of a call made now. */
int64_t oracle_time(const struct oracle *oracle, uint32_t queue);

#endif
