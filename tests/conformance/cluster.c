/* The conformance suite on a Redis cluster. */
#include "conformance.h"
#include "redis.h"
#include "runner.h"

int main(void)
{
  int status = servers_missing();
  if (status)
    return status;
  status = runner_main(conformance_suite(redis_start_cluster("")));
  redis_stop();
  return status;
}
