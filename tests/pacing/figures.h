/* What a record says of pacing and of the expected wait. */
#ifndef PACING_FIGURES_H
#define PACING_FIGURES_H

#include "record.h"
#include "scene.h"

/* Answers by what could be known. The flow counts 60 s: an answer lags while a change is in them, and is
 * overtaken if a change comes before the person's turn, which nobody can foresee. */
enum eta_kind { ETA_ALL, ETA_STEADY, ETA_LAGGING, ETA_OVERTAKEN, ETA_KINDS };

enum { WAIT_BUCKETS = 6 }; /* by true wait: below 10 s, 30 s, 1 min, 3 min, 10 min, and above */

/* Shares of how far answers were off, in parts of the true wait (of at least 1 s). */
struct eta_error {
  uint64_t answers;
  double median, p95;             /* either way */
  double short_share;             /* told less than the true wait, by more than a tenth */
  double short_median, short_p95; /* by how much, of those */
};

struct notice {
  uint64_t people;
  double median_ms, p95_ms, max_ms, late_share; /* late: by more than 3 s */
};

struct figures {
  uint64_t peak_waiting, answers, unknown; /* unknown: answers with eta_ms -1 */
  uint64_t estimated, strangers, unseen, dropped;
  int64_t seconds;
  double polls_mean, polls_p99, polls_max, polls_minute; /* a second; minute: the busiest minute's mean */
  double polls_limit;                                    /* 12,000 per 300,000 who wait */
  struct eta_error eta[ETA_KINDS], wait[WAIT_BUCKETS];
  struct notice notice, notice_change; /* of everybody; of those admitted within 60 s of a change */
  double slack_median, slack_p95;      /* estimated place over true place, where estimated */
};

/* 0, or -1 without memory. */
int figures_make(struct figures *figures, const struct scene *scene, const struct record *record);

#endif
