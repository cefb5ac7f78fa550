/* The conformance suite on an asynchronous backend: the memory store behind "late+" of tests/support/wrap.h.
 */
#include <stddef.h>
#include "conformance.h"
#include "runner.h"
#include "wrap.h"

static qk_store *open_late(const qk_options *options)
{
  qk_store *store;
  return qk_open(&store, "late+memory:", options, NULL) == QK_OK ? store : NULL;
}

static const struct fixture late = {.name = "late+memory", .open = open_late, .second = NULL, .check = NULL};

int main(void)
{
  if (late_register("memory") != QK_OK)
    return 1;
  return runner_main(conformance_suite(&late));
}
