/* The conformance suite on a Redis cluster where every verb travels in a batch with others. */
#include "conformance.h"
#include "crowd.h"
#include "redis.h"
#include "runner.h"

int main(void)
{
  int status = servers_missing();
  if (status)
    return status;
  if (crowd_register("redis") != QK_OK)
    return 1;
  status = runner_main(conformance_suite(redis_start_cluster("crowd+")));
  redis_stop();
  return status;
}
