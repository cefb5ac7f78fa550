/* The model test over a Redis cluster where every verb travels in a batch with others: a tenth of what is
 * played in memory, since every operation is a few round trips. */
#include "crowd.h"
#include "model.h"
#include "redis.h"

int main(int argc, char **argv)
{
  char *defaults[] = {argv[0], "--ops", "24000", "--traces", "30"};
  int status = servers_missing();
  if (status)
    return status;
  if (crowd_register("redis") != QK_OK)
    return 1;
  fixture = redis_start_cluster("crowd+");
  status = argc > 1 ? model_main(argc, argv) : model_main(5, defaults);
  redis_stop();
  return status;
}
