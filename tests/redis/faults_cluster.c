/* What may happen to a Redis cluster and to replicas, and what must not happen then. */
#include <stddef.h>
#include "faults.h"

int main(void)
{
  static void (*const adds[])(TCase *) = {add_cluster_tests, add_replica_tests, NULL};
  return faults_main("faults: cluster", adds);
}
