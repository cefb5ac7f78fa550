/* A store under test: the conformance suite and the model test are written against this, and each backend
 * adds one small file that fills a struct fixture. */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include <qk.h>

struct fixture {
  const char *name; /* what the test case is called after */
  /* Open a fresh, empty store. NULL fails the test. */
  qk_store *(*open)(const qk_options *options);
  /* Another handle on the data of store, as a second host has it; NULL where the backend cannot share. */
  qk_store *(*second)(qk_store *store, const qk_options *options);
  /* Walk the backend's own invariants, after every step of a test: aborts with a message if one is broken.
   * May be NULL. */
  void (*check)(qk_store *store);
};

/* The fixture of the running test. */
extern const struct fixture *fixture;

/* The host clock of every store that these open: tests move it, it never moves by itself. Starts anew at
 * FIXTURE_START for each test. */
#define FIXTURE_START INT64_C(1750000000000)
extern int64_t fixture_now_ms;
void fixture_advance(int64_t ms);

/* Options with the fixture's clock and a deterministic random source; change them before fixture_open(). */
void fixture_options(qk_options *options);
/* Open with options (NULL = fixture_options). Fails the running test if that fails. */
qk_store *fixture_open(const qk_options *options);
/* A policy whose step never gets in the way: 10 seats, no rate, ready 30,000 ms, active 60,000 ms, eager off,
 * clock_step_ms 0. */
void fixture_policy(qk_policy *policy);

#endif
