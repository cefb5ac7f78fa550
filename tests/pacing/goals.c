/* The goals of pacing, in scenes of 20,000 people. Virtual time: the figures are the same on every machine.
 */
#include <string.h>
#include <check.h>
#include "report.h"
#include "simulate.h"
#include "tests/support/runner.h"

enum { PEOPLE = 20000, SEED = 1 };

/* Waiting people are never dropped; or they are, when they went away; or a cursor answers besides. */
enum { KEPT, DROPPED, CURSOR, WAYS };

static struct result play_scene(const char *name, int way, uint64_t seed)
{
  struct result result;
  memset(&result, 0, sizeof result);
  ck_assert_int_eq(scene_init(&result.scene, name, PEOPLE, seed), 0);
  result.scene.idle_ms = way == KEPT ? 0 : SCENE_IDLE_MS;
  result.scene.cursor = way == CURSOR;
  ck_assert_int_eq(simulate(&result.scene, &result.figures), QK_OK);
  return result;
}

static void check_polls(const struct result *result)
{
  ck_assert_msg(result_polls_met(result), "%.0f polls a second in the busiest minute, the goal is %.0f",
                result->figures.polls_minute, result->figures.polls_limit);
}

static void check_notice(const struct result *result)
{
  ck_assert_msg(result_notice_met(result), "READY is seen after %.0f ms at p95",
                result->figures.notice.p95_ms);
}

static void check_eta(const struct result *result)
{
  ck_assert_msg(result_eta_met(result), "the expected wait is off by %.1f %% at the median",
                100 * result->figures.eta[ETA_STEADY].median);
}

START_TEST(the_goals_are_met_while_the_rate_changes)
{
  struct result result = play_scene("changing", _i, SEED);
  check_polls(&result);
  check_notice(&result);
  check_eta(&result);
}
END_TEST

START_TEST(the_goals_are_met_while_the_rate_is_steady)
{
  struct result result = play_scene("steady", _i, SEED);
  check_polls(&result);
  check_notice(&result);
  check_eta(&result);
}
END_TEST

START_TEST(a_line_in_which_everybody_polls_costs_no_more)
{
  struct result result = play_scene("patient", KEPT, SEED);
  check_polls(&result);
  check_notice(&result);
  ck_assert_uint_eq(result.figures.dropped, 0);
  ck_assert_uint_eq(result.figures.unseen, 0);
}
END_TEST

/* Nobody can tell a sixth of the people within 3 s when all their seats are free at once. */
START_TEST(a_burst_is_seen_within_one_round_of_polls)
{
  struct result result = play_scene("seats", DROPPED, SEED);
  check_polls(&result);
  check_eta(&result);
  ck_assert_double_le(result.figures.notice.p95_ms, 20000);
  ck_assert_double_le(result.figures.notice.max_ms, 30000 * 1.15 + 200);
}
END_TEST

START_TEST(nobody_who_polls_in_time_is_dropped_or_loses_the_seat)
{
  struct result result = play_scene("changing", _i, SEED);
  ck_assert_uint_eq(result.figures.strangers, 0);
  ck_assert_int_eq(result.figures.dropped > PEOPLE / 10, _i != KEPT);
  ck_assert_int_eq(result.figures.unseen > PEOPLE / 10, _i == KEPT);
  ck_assert_int_eq(result.figures.estimated > result.figures.answers / 2, _i == CURSOR);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_figures)
{
  struct result first = play_scene("changing", DROPPED, SEED);
  struct result again = play_scene("changing", DROPPED, SEED);
  struct result other = play_scene("changing", DROPPED, SEED + 1);
  ck_assert_mem_eq(&first.figures, &again.figures, sizeof first.figures);
  ck_assert_uint_ne(first.figures.answers, other.figures.answers);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pacing");
  TCase *tests = tcase_create("goals");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, the_goals_are_met_while_the_rate_changes, KEPT, WAYS);
  tcase_add_loop_test(tests, the_goals_are_met_while_the_rate_is_steady, KEPT, WAYS);
  tcase_add_test(tests, a_line_in_which_everybody_polls_costs_no_more);
  tcase_add_test(tests, a_burst_is_seen_within_one_round_of_polls);
  tcase_add_loop_test(tests, nobody_who_polls_in_time_is_dropped_or_loses_the_seat, KEPT, WAYS);
  tcase_add_test(tests, the_same_seed_gives_the_same_figures);
  suite_add_tcase(suite, tests);
  return runner_main(suite);
}
