/* Short words for the tests of policies, which are spread over policies.c and load.c. */
#ifndef TESTS_POLICIES_H
#define TESTS_POLICIES_H

#include <check.h>
#include "calls.h"

void add_load_tests(TCase *tests); /* add_policy_tests() calls it */

/* The ends of the range of one field, and what is just beyond. */
struct range {
  const char *name;
  size_t offset, width;
  int good_count;
  uint64_t good[3];
  int bad_count;
  uint64_t bad[3];
};
enum { RANGES = 12 };
extern const struct range ranges[RANGES];

/* A policy that differs from every default in every field that may: mode HOLD. */
qk_policy odd_policy(void);

qk_policy policy_of(qk_store *store, const char *queue);
/* The policy of queue is want, to the last byte. */
#define CHECK_SAME_POLICY(store, queue, want) same_policy_at(__LINE__, store, queue, want)
void same_policy_at(int line, qk_store *store, const char *queue, const qk_policy *want);

/* A store whose new queues get policy (NULL = the library's default). */
qk_store *open_with_default(const qk_policy *policy, uint32_t create);

#endif
