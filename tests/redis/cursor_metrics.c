/* qk_metrics() on a Redis server. */
#include "redis.h"
#include "runner.h"
#include "tests/cursor/metrics.h"

static const struct fixture *server_fixture;

static void take_server(void)
{
  fixture = server_fixture;
}

int main(void)
{
  int status = servers_missing();
  if (status)
    return status;
  server_fixture = redis_start_server("");
  Suite *suite = suite_create("metrics: redis");
  suite_add_tcase(suite, metrics_case(server_fixture, take_server));
  status = runner_main(suite);
  redis_stop();
  return status;
}
