/* The conformance suite on a Redis server. */
#include "conformance.h"
#include "redis.h"
#include "runner.h"

int main(void)
{
  int status = servers_missing();
  if (status)
    return status;
  status = runner_main(conformance_suite(redis_start_server("")));
  redis_stop();
  return status;
}
