#include "pacing.h"
#include "rules.h"
#include "window.h"

#define FLOW_SECONDS 60
#define FLOW_KNOWN_MS 10000
#define NEAR_MS 1000       /* between polls near the head */
#define FAR_MS 30000       /* and far back */
#define LONG_MS 60000      /* a wait that is far back */
#define LINE_US 600000000u /* a line may be through in this, */
#define PLACE_US 2000000u  /* and move by a place */

static int64_t span_at(int64_t time_ms)
{
  return time_ms < FLOW_SECONDS * 1000 ? time_ms : FLOW_SECONDS * 1000;
}

struct qki_flow qki_flow_at(const qk_queue_state *state, int64_t time_ms)
{
  struct qki_flow flow;
  flow.n = qki_window_sum(&state->outflow, time_ms / 1000 - (FLOW_SECONDS - 1));
  flow.span_ms = span_at(time_ms);
  return flow;
}

static int known(const struct qki_flow *flow)
{
  return flow->n > 0 && flow->span_ms >= FLOW_KNOWN_MS;
}

double qki_flow_per_s(const struct qki_flow *flow)
{
  return known(flow) ? 1000.0 * (double)flow->n / (double)flow->span_ms : -1.0;
}

int64_t qki_flow_eta_ms(const struct qki_flow *flow, uint64_t position)
{
  if (!known(flow))
    return -1;
  uint64_t span = (uint64_t)flow->span_ms;
  if (position > QK_INTEGER_MAX / span)
    return (int64_t)QK_INTEGER_MAX;
  return (int64_t)((position * span + flow->n - 1) / flow->n);
}

#define ODD_A UINT64_C(0x9e3779b97f4a7c15)
#define ODD_B UINT64_C(0xd1342543de82ef95)

/* splitmix64's finalizer: Steele, Lea, Flood 2014. */
static uint64_t mix(uint64_t x)
{
  x ^= x >> 30;
  x *= UINT64_C(0xbf58476d1ce4e5b9);
  x ^= x >> 27;
  x *= UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* The longest wait that is reckoned with, whatever the last minute was like: a line that is held, or was let
 * go just now, may be through in ten minutes, and a short one may move by a place in two seconds. */
static int64_t line_ms(uint64_t waiting, uint64_t position)
{
  uint64_t ahead = position > 0 ? position - 1 : 0;
  uint64_t place_us = waiting > LINE_US / PLACE_US ? LINE_US / waiting + 1 : PLACE_US;
  return ahead < LONG_MS * 1000 / place_us ? (int64_t)(ahead * place_us / 1000) : LONG_MS;
}

/* A second after the expected wait, but no later than two seconds after half of it: who is told too much
 * finds out in time, and far back it is 30 s. The figures come of tests/pacing/, with 300,000 people in
 * virtual time: a line of waiting people costs waiting / 30 polls a second and 3.8 for each that it lets in,
 * counted as at least waiting / 600; that is 12,000 for 300,000. A larger share of the wait, or a line that
 * is trusted to stand still, and people who are let in earlier than they were told learn it too late; a
 * smaller one costs more polls. The spread of 15 % either way depends on (epoch, number, second) alone, so
 * that a repeated trace gets repeated answers. */
static uint32_t poll_after_ms(const qk_pace *pace, int64_t wait_ms, uint64_t number)
{
  int64_t all = wait_ms + NEAR_MS, half = wait_ms / 2 + 2 * NEAR_MS;
  int64_t base = all < half ? all : half;
  base = base < FAR_MS ? base : FAR_MS;
  int64_t most = pace->idle_ms > 0 ? pace->idle_ms / 3 : INT64_MAX;
  base = base < most ? base : most;
  int64_t low = base * 17 / 20, high = base * 23 / 20;
  high = high < most ? high : most;
  uint64_t second = (uint64_t)(pace->time_ms / 1000);
  uint64_t random = mix(pace->epoch + number * ODD_A + second * ODD_B) >> 32;
  return (uint32_t)(low + (int64_t)(random * (uint64_t)(high - low + 1) >> 32));
}

static int64_t expected_ms(const qk_pace *pace, int64_t eta_ms, uint64_t position)
{
  int64_t most_ms = line_ms(pace->waiting, position);
  return eta_ms >= 0 && eta_ms < most_ms ? eta_ms : most_ms;
}

static struct qki_flow flow_of(const qk_pace *pace)
{
  return (struct qki_flow){.n = pace->admitted, .span_ms = span_at(pace->time_ms)};
}

qk_pace qki_pace_at(const qk_queue_state *state, int64_t time_ms)
{
  return (qk_pace){.epoch = state->epoch,
                   .time_ms = time_ms,
                   .admitted = qki_flow_at(state, time_ms).n,
                   .waiting = qki_waiting(state),
                   .mode = state->policy.mode,
                   .idle_ms = state->policy.idle_ms};
}

void qk_pace_ticket(const qk_pace *pace, uint64_t position, qk_ticket *ticket)
{
  struct qki_flow flow = flow_of(pace);
  int64_t eta_ms = qki_flow_eta_ms(&flow, position);
  int stands = pace->mode == QK_MODE_HOLD || pace->mode == QK_MODE_CLOSED;
  ticket->position = position;
  ticket->eta_ms = stands ? -1 : eta_ms;
  ticket->poll_after_ms = poll_after_ms(pace, expected_ms(pace, eta_ms, position), ticket->number);
}

/* Nobody counts those who are sent away from a closed door, so each of them is far back. */
uint32_t qk_pace_refused(const qk_pace *pace, uint64_t who)
{
  struct qki_flow flow = flow_of(pace);
  uint64_t position = pace->waiting + 1;
  int is_shut = pace->mode == QK_MODE_DRAIN || pace->mode == QK_MODE_CLOSED;
  int64_t wait_ms = is_shut ? LONG_MS : expected_ms(pace, qki_flow_eta_ms(&flow, position), position);
  return poll_after_ms(pace, wait_ms, who);
}

double qk_pace_outflow(const qk_pace *pace)
{
  struct qki_flow flow = flow_of(pace);
  return qki_flow_per_s(&flow);
}
