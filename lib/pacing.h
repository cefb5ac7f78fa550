/* What a waiting person is told about time: the expected wait, and when to ask again. Pure functions. */
#ifndef QKI_PACING_H
#define QKI_PACING_H

#include <qk_backend.h>

/* Recent admissions: n in the last span_ms of logical time. */
struct qki_flow {
  uint64_t n;
  int64_t span_ms;
};

/* The admissions of the logical seconds floor(time/1000)-59 to floor(time/1000). */
struct qki_flow qki_flow_at(const qk_queue_state *state, int64_t time_ms);
/* -1 while unknown. */
double qki_flow_per_s(const struct qki_flow *flow);
/* ceil(position * span / n); -1 while unknown. */
int64_t qki_flow_eta_ms(const struct qki_flow *flow, uint64_t position);

/* What qk_pace_ticket() and qk_pace_refused() need of a queue. */
qk_pace qki_pace_at(const qk_queue_state *state, int64_t time_ms);

#endif
