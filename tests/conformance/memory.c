/* The conformance suite on the memory backend. */
#include <stddef.h>
#include "conformance.h"
#include "runner.h"

static qk_store *open_memory(const qk_options *options)
{
  qk_store *store;
  return qk_open(&store, "memory:", options, NULL) == QK_OK ? store : NULL;
}

static const struct fixture memory = {.name = "memory", .open = open_memory, .second = NULL, .check = NULL};

int main(void)
{
  return runner_main(conformance_suite(&memory));
}
