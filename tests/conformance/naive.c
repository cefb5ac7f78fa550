/* The conformance suite on the example backend. */
#include <stddef.h>
#include "conformance.h"
#include "runner.h"
#include "examples/backend/naive.h"

static qk_store *open_naive(const qk_options *options)
{
  qk_store *store;
  return qk_open(&store, "naive:", options, NULL) == QK_OK ? store : NULL;
}

static const struct fixture naive = {.name = "naive", .open = open_naive, .second = NULL, .check = NULL};

int main(void)
{
  if (naive_register() != QK_OK)
    return 1;
  return runner_main(conformance_suite(&naive));
}
