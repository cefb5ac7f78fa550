/* The model test over the example backend. It searches line by line, so it plays a tenth of what others play.
 */
#include "examples/backend/naive.h"
#include "fixture.h"
#include "model.h"

static qk_store *open_naive(const qk_options *options)
{
  qk_store *store;
  return qk_open(&store, "naive:", options, NULL) == QK_OK ? store : NULL;
}

static const struct fixture naive = {.name = "naive", .open = open_naive};

int main(int argc, char **argv)
{
  char *defaults[] = {argv[0], "--ops", "24000", "--traces", "30"};
  if (naive_register() != QK_OK)
    return 1;
  fixture = &naive;
  return argc > 1 ? model_main(argc, argv) : model_main(5, defaults);
}
