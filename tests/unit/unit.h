/* Unit tests of internal modules: one file per module, one test case each, one program. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Like Check's assertions, but free while they hold: Check writes a message at each that it passes, and these
 * stand in loops of millions. */
#define EXPECT_MSG(condition, ...)                                                                           \
  do {                                                                                                       \
    if (!(condition))                                                                                        \
      ck_abort_msg(__VA_ARGS__);                                                                             \
  } while (0)
#define EXPECT(condition) EXPECT_MSG(condition, "%s", #condition)
#define EXPECT_EQ(a, b)                                                                                      \
  do {                                                                                                       \
    long long a_ = (long long)(a), b_ = (long long)(b);                                                      \
    EXPECT_MSG(a_ == b_, "%s is %lld, not %lld", #a, a_, b_);                                                \
  } while (0)

/* Random numbers that are the same in every run: xorshift64*, Marsaglia 2003, Vigna 2016. *state is not 0. */
static inline uint64_t unit_random(uint64_t *state)
{
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(2685821657736338717);
}

/* One of 0 to below - 1. */
static inline uint32_t unit_pick(uint64_t *state, uint32_t below)
{
  return (uint32_t)((unit_random(state) >> 32) % below);
}

TCase *names_case(void);
TCase *uri_case(void);
TCase *limits_case(void);
TCase *window_case(void);
TCase *pacing_case(void);
TCase *token_case(void);
TCase *pool_case(void);
TCase *index_case(void);
TCase *lane_case(void);
TCase *deadlines_case(void);
TCase *people_case(void);
TCase *known_case(void);
TCase *cursor_case(void);
TCase *told_case(void);
TCase *histogram_case(void);

#endif
