/* The model test of the cursor on an asynchronous backend in memory. */
#include <stddef.h>
#include "fixture.h"
#include "model.h"
#include "wrap.h"

static qk_store *open_late(const qk_options *options)
{
  qk_store *store;
  return qk_open(&store, "late+memory:", options, NULL) == QK_OK ? store : NULL;
}

static const struct fixture late = {.name = "late+memory", .open = open_late};

int main(int argc, char **argv)
{
  const struct cursor_model model = {.seed = 4711, .ops = 60000, .traces = 60, .hosts = 1, .meets_all = 1};
  if (late_register("memory") != QK_OK)
    return 1;
  fixture = &late;
  return cursor_model_main(argc, argv, &model);
}
