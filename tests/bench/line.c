#include <stdio.h>
#include "line.h"

int line_complain(const char *call, int code, const qk_error *error)
{
  fprintf(stderr, "bench: %s: %s\n", call, error && error->text[0] ? error->text : qk_strerror(code));
  return -1;
}

qk_store *line_open(const char *uri, uint32_t tick_budget)
{
  qk_store *store;
  qk_options options;
  qk_error error;
  qk_options_init(&options);
  options.tick_budget = tick_budget;
  int rc = qk_open(&store, uri, &options, &error);
  if (rc != QK_OK)
    line_complain(uri, rc, &error);
  return store;
}

int line_configure(qk_store *store, const qk_policy *policy)
{
  qk_error error;
  int rc = qk_set_policy(store, LINE_QUEUE, policy, &error);
  return rc == QK_OK ? 0 : line_complain("qk_set_policy", rc, &error);
}

int line_set_seats(qk_store *store, uint64_t max_active)
{
  qk_policy policy;
  qk_policy_init(&policy);
  policy.max_active = max_active;
  return line_configure(store, &policy);
}
