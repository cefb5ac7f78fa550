#include <stdlib.h>
#include <check.h>
#include "fixture.h"

const struct fixture *fixture;
int64_t fixture_now_ms;
static uint64_t random_state;

void fixture_advance(int64_t ms)
{
  fixture_now_ms += ms;
}

static int64_t read_clock(void *arg)
{
  (void)arg;
  return fixture_now_ms;
}

/* xorshift64*: Marsaglia 2003, Vigna 2016. The same bytes in every run. */
static int fill_random(void *arg, void *buf, size_t len)
{
  unsigned char *bytes = buf;
  (void)arg;
  for (size_t i = 0; i < len; i++) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    bytes[i] = (unsigned char)((random_state * UINT64_C(2685821657736338717)) >> 56);
  }
  return 0;
}

void fixture_options(qk_options *options)
{
  fixture_now_ms = FIXTURE_START;
  random_state = UINT64_C(0x9e3779b97f4a7c15);
  qk_options_init(options);
  options->clock = read_clock;
  options->random = fill_random;
}

qk_store *fixture_open(const qk_options *options)
{
  qk_options defaults;
  if (!options) {
    fixture_options(&defaults);
    options = &defaults;
  }
  qk_store *store = fixture->open(options);
  ck_assert_msg(store != NULL, "%s: cannot open a store", fixture->name);
  return store;
}

void fixture_policy(qk_policy *policy)
{
  qk_policy_init(policy);
  policy->max_active = 10;
  policy->ready_ms = 30000;
  policy->active_ms = 60000;
  policy->eager = 0;
  policy->clock_step_ms = 0;
}
