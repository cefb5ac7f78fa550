/* qk_metrics() in memory, as it is and behind an asynchronous wrapper. */
#include "memory.h"
#include "metrics.h"
#include "runner.h"
#include "wrap.h"

static qk_store *open_late(const qk_options *options)
{
  qk_store *store;
  return qk_open(&store, "late+memory:", options, NULL) == QK_OK ? store : NULL;
}

static const struct fixture late = {.name = "late+memory", .open = open_late};

static void take_memory(void)
{
  fixture = &memory_fixture;
}

static void take_late(void)
{
  fixture = &late;
}

int main(void)
{
  if (late_register("memory") != QK_OK)
    return 1;
  Suite *suite = suite_create("metrics");
  suite_add_tcase(suite, metrics_case(&memory_fixture, take_memory));
  suite_add_tcase(suite, metrics_case(&late, take_late));
  return runner_main(suite);
}
