/* lib/pacing.c: eta and the time of the next poll, by the formulas of api.md. */
#include <string.h>
#include "lib/pacing.h"
#include "lib/window.h"
#include "unit.h"

static qk_queue_state make_state(uint32_t idle_ms)
{
  qk_queue_state state;
  memset(&state, 0, sizeof state);
  qk_policy_init(&state.policy);
  state.policy.idle_ms = idle_ms;
  state.epoch = 12345;
  return state;
}

static qk_ticket pace(const qk_queue_state *state, int64_t time_ms, uint64_t position, uint64_t number)
{
  qk_ticket ticket;
  memset(&ticket, 0, sizeof ticket);
  ticket.number = number;
  ticket.epoch = state->epoch;
  qk_pace pace = qki_pace_at(state, time_ms);
  qk_pace_ticket(&pace, position, &ticket);
  return ticket;
}

static uint32_t refused(const qk_queue_state *state, uint64_t who)
{
  qk_pace pace = qki_pace_at(state, 5000);
  return qk_pace_refused(&pace, who);
}

START_TEST(the_flow_is_counted_over_sixty_seconds_that_have_begun)
{
  qk_queue_state state = make_state(0);
  for (int64_t second = 0; second < 200; second++) {
    qki_window_add(&state.outflow, second, (uint64_t)second);
    int64_t time_ms = second * 1000 + 999;
    uint64_t sum = 0;
    for (int64_t s = second < 59 ? 0 : second - 59; s <= second; s++)
      sum += (uint64_t)s;
    struct qki_flow flow = qki_flow_at(&state, time_ms);
    ck_assert_uint_eq(flow.n, sum);
    ck_assert_int_eq(flow.span_ms, time_ms < 60000 ? time_ms : 60000);
  }
}
END_TEST

START_TEST(eta_is_rounded_up_and_unknown_without_a_flow)
{
  struct qki_flow none = {.n = 0, .span_ms = 60000}, young = {.n = 5, .span_ms = 9999};
  struct qki_flow flow = {.n = 7, .span_ms = 10000}, one = {.n = 1, .span_ms = 60000};
  ck_assert_int_eq(qki_flow_eta_ms(&none, 1), -1);
  ck_assert_int_eq(qki_flow_eta_ms(&young, 1), -1);
  ck_assert_double_eq(qki_flow_per_s(&none), -1.0);
  ck_assert_double_eq(qki_flow_per_s(&young), -1.0);
  ck_assert_int_eq(qki_flow_eta_ms(&flow, 1), 1429);
  ck_assert_int_eq(qki_flow_eta_ms(&flow, 7), 10000);
  ck_assert_int_eq(qki_flow_eta_ms(&flow, 8), 11429);
  ck_assert_double_eq_tol(qki_flow_per_s(&flow), 0.7, 1e-12);
  ck_assert_int_eq(qki_flow_eta_ms(&one, 10000000), INT64_C(600000000000));
  ck_assert_int_ge(qki_flow_eta_ms(&one, QK_INTEGER_MAX), INT64_C(1) << 52);
}
END_TEST

START_TEST(nobody_who_stands_still_has_an_eta)
{
  qk_queue_state state = make_state(0);
  qki_window_add(&state.outflow, 5, 100);
  for (uint32_t mode = 0; mode <= QK_MODE_BYPASS; mode++) {
    state.policy.mode = mode;
    qk_ticket ticket = pace(&state, 10000, 10, 1);
    ck_assert_int_eq(ticket.eta_ms, mode == QK_MODE_HOLD || mode == QK_MODE_CLOSED ? -1 : 1000);
    ck_assert_uint_eq(ticket.position, 10);
  }
}
END_TEST

START_TEST(polls_are_a_second_apart_near_the_head_and_thirty_far_back)
{
  qk_queue_state state = make_state(0);
  state.waiting[0] = 300000;
  uint32_t least = UINT32_MAX, most = 0;
  for (uint64_t number = 1; number <= 2000; number++) {
    qk_ticket near = pace(&state, 5000, 1, number), far = pace(&state, 5000, 300000, number);
    ck_assert_uint_ge(near.poll_after_ms, 850);
    ck_assert_uint_le(near.poll_after_ms, 1150);
    ck_assert_uint_ge(far.poll_after_ms, 25500);
    ck_assert_uint_le(far.poll_after_ms, 34500);
    least = far.poll_after_ms < least ? far.poll_after_ms : least;
    most = far.poll_after_ms > most ? far.poll_after_ms : most;
  }
  ck_assert_uint_lt(least, 26000); /* the whole 15 % either way is used */
  ck_assert_uint_gt(most, 34000);
}
END_TEST

/* The mean over many numbers: what the jitter is around. */
static double mean_pause_ms(const qk_queue_state *state, int64_t time_ms, uint64_t position)
{
  double sum = 0;
  for (uint64_t number = 1; number <= 2000; number++)
    sum += pace(state, time_ms, position, number).poll_after_ms;
  return sum / 2000;
}

/* 10 people a second; a line so short that it is taken to move no slower. */
START_TEST(the_pause_is_a_second_more_than_the_wait_then_two_more_than_half)
{
  static const struct {
    uint64_t position;
    double pause_ms;
  } cases[] = {{5, 1500}, {20, 3000}, {40, 4000}, {200, 12000}, {560, 30000}, {5000, 30000}};
  qk_queue_state state = make_state(0);
  qki_window_add(&state.outflow, 60, 600);
  for (size_t i = 0; i < COUNT(cases); i++) {
    double mean_ms = mean_pause_ms(&state, 60000, cases[i].position);
    ck_assert_double_eq_tol(mean_ms, cases[i].pause_ms, cases[i].pause_ms / 100);
  }
}
END_TEST

/* Held, long after the last admission, or so slow that it will take hours. */
START_TEST(a_long_line_is_taken_to_be_through_in_ten_minutes)
{
  for (int flows = 0; flows <= 1; flows++) {
    qk_queue_state state = make_state(0);
    state.waiting[0] = 300000;
    state.policy.mode = flows ? QK_MODE_OPEN : QK_MODE_HOLD;
    qki_window_add(&state.outflow, 1000, flows ? 60 : 0);
    ck_assert_double_eq_tol(mean_pause_ms(&state, 1000000, 1), 1000, 10);
    ck_assert_double_eq_tol(mean_pause_ms(&state, 1000000, 1001), 3000, 30);
    ck_assert_double_eq_tol(mean_pause_ms(&state, 1000000, 10001), 12000, 120);
    ck_assert_double_eq_tol(mean_pause_ms(&state, 1000000, 30001), 30000, 300);
  }
}
END_TEST

START_TEST(a_short_line_is_taken_to_move_a_place_in_two_seconds)
{
  qk_queue_state state = make_state(0);
  state.waiting[0] = 100;
  ck_assert_double_eq_tol(mean_pause_ms(&state, 1000000, 1), 1000, 10);
  ck_assert_double_eq_tol(mean_pause_ms(&state, 1000000, 2), 3000, 30);
  ck_assert_double_eq_tol(mean_pause_ms(&state, 1000000, 11), 12000, 120);
  ck_assert_double_eq_tol(mean_pause_ms(&state, 1000000, 100), 30000, 300);
}
END_TEST

START_TEST(numbers_beyond_all_people_are_far_back_or_near)
{
  qk_queue_state state = make_state(0);
  ck_assert_uint_ge(pace(&state, 5000, QK_INTEGER_MAX, 1).poll_after_ms, 25500);
  state.waiting[0] = QK_INTEGER_MAX;
  ck_assert_uint_ge(pace(&state, 5000, QK_INTEGER_MAX, 1).poll_after_ms, 25500);
  ck_assert_uint_le(pace(&state, 5000, 1, 1).poll_after_ms, 1150);
}
END_TEST

START_TEST(a_longer_wait_never_shortens_the_pause_but_for_the_jitter)
{
  qk_queue_state state = make_state(0);
  for (uint64_t n = 0; n <= 1000; n += 500) {
    state.outflow = (qk_window){0};
    qki_window_add(&state.outflow, 19, n);
    for (uint64_t position = 1; position < 1000000; position += position / 3 + 1) {
      double here = pace(&state, 20000, position, 7).poll_after_ms;
      double back = pace(&state, 20000, position * 2, 7).poll_after_ms;
      ck_assert_double_ge(back / 0.85, here / 1.15);
    }
  }
}
END_TEST

START_TEST(no_pause_exceeds_a_third_of_the_idle_time_and_people_stay_spread_out)
{
  static const uint32_t idle_ms[] = {3000, 10000, 30000, 60000, 90000, 1000000};
  for (size_t i = 0; i < COUNT(idle_ms); i++) {
    qk_queue_state state = make_state(idle_ms[i]);
    uint32_t least = UINT32_MAX, most = 0;
    for (uint64_t number = 1; number <= 500; number++) {
      uint32_t after = pace(&state, 5000, 300000, number).poll_after_ms;
      ck_assert_uint_le(after, idle_ms[i] / 3);
      ck_assert_uint_gt(after, 0);
      least = after < least ? after : least;
      most = after > most ? after : most;
    }
    ck_assert_msg(most - least > most / 10, "idle %u: everybody polls after %u to %u ms", idle_ms[i], least,
                  most);
  }
}
END_TEST

START_TEST(the_jitter_depends_on_epoch_number_and_second_alone)
{
  qk_queue_state state = make_state(0);
  uint32_t first = pace(&state, 5000, 300000, 7).poll_after_ms;
  int other_number = 0, other_second = 0, other_epoch = 0;
  ck_assert_uint_eq(pace(&state, 5999, 300000, 7).poll_after_ms, first);
  for (int i = 1; i <= 20; i++) {
    other_number += pace(&state, 5000, 300000, 7 + (uint64_t)i).poll_after_ms != first;
    other_second += pace(&state, 5000 + 1000 * i, 300000, 7).poll_after_ms != first;
    state.epoch++;
    other_epoch += pace(&state, 5000, 300000, 7).poll_after_ms != first;
  }
  ck_assert_int_gt(other_number, 15);
  ck_assert_int_gt(other_second, 15);
  ck_assert_int_gt(other_epoch, 15);
}
END_TEST

START_TEST(three_hundred_thousand_people_make_about_ten_thousand_polls_a_second)
{
  static const uint64_t people_per_s[] = {0, 100, 500};
  for (size_t i = 0; i < COUNT(people_per_s); i++) {
    qk_queue_state state = make_state(0);
    state.waiting[0] = 300000;
    double polls_per_s = 0;
    for (int64_t second = 0; second < 60; second++)
      qki_window_add(&state.outflow, second, people_per_s[i]);
    for (uint64_t position = 1; position <= 300000; position++)
      polls_per_s += 1000.0 / pace(&state, 60000, position, position).poll_after_ms;
    ck_assert_double_gt(polls_per_s, 9000);
    ck_assert_double_lt(polls_per_s, 12050);
  }
}
END_TEST

START_TEST(whoever_is_refused_is_paced_as_the_last_in_line)
{
  qk_queue_state state = make_state(0);
  ck_assert_uint_le(refused(&state, 1), 1150);
  state.waiting[3] = 300000;
  ck_assert_uint_ge(refused(&state, 1), 25500);
  int spread = 0;
  for (uint64_t who = 2; who < 22; who++)
    spread += refused(&state, who) != refused(&state, 1);
  ck_assert_int_gt(spread, 15);
}
END_TEST

START_TEST(whoever_finds_the_door_shut_comes_back_late_however_short_the_line)
{
  for (uint32_t mode = 0; mode <= QK_MODE_BYPASS; mode++) {
    qk_queue_state state = make_state(0);
    state.policy.mode = mode;
    if (mode == QK_MODE_DRAIN || mode == QK_MODE_CLOSED)
      ck_assert_uint_ge(refused(&state, 1), 25500);
    else
      ck_assert_uint_le(refused(&state, 1), 1150);
  }
}
END_TEST

TCase *pacing_case(void)
{
  TCase *tests = tcase_create("pacing");
  tcase_add_test(tests, the_flow_is_counted_over_sixty_seconds_that_have_begun);
  tcase_add_test(tests, eta_is_rounded_up_and_unknown_without_a_flow);
  tcase_add_test(tests, nobody_who_stands_still_has_an_eta);
  tcase_add_test(tests, polls_are_a_second_apart_near_the_head_and_thirty_far_back);
  tcase_add_test(tests, the_pause_is_a_second_more_than_the_wait_then_two_more_than_half);
  tcase_add_test(tests, a_long_line_is_taken_to_be_through_in_ten_minutes);
  tcase_add_test(tests, a_short_line_is_taken_to_move_a_place_in_two_seconds);
  tcase_add_test(tests, numbers_beyond_all_people_are_far_back_or_near);
  tcase_add_test(tests, a_longer_wait_never_shortens_the_pause_but_for_the_jitter);
  tcase_add_test(tests, no_pause_exceeds_a_third_of_the_idle_time_and_people_stay_spread_out);
  tcase_add_test(tests, the_jitter_depends_on_epoch_number_and_second_alone);
  tcase_add_test(tests, three_hundred_thousand_people_make_about_ten_thousand_polls_a_second);
  tcase_add_test(tests, whoever_is_refused_is_paced_as_the_last_in_line);
  tcase_add_test(tests, whoever_finds_the_door_shut_comes_back_late_however_short_the_line);
  return tests;
}
