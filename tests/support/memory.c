#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "backends/memory/memory.h"
#include "lib/store.h"

static qk_store *open_memory(const qk_options *options)
{
  qk_store *store;
  return qk_open(&store, "memory:", options, NULL) == QK_OK ? store : NULL;
}

static void check_memory(qk_store *store)
{
  const char *broken = qkm_check(store->backend);
  if (!broken)
    return;
  fprintf(stderr, "memory: %s\n", broken);
  abort();
}

const struct fixture memory_fixture = {.name = "memory", .open = open_memory, .check = check_memory};
