/* What may happen to one Redis server, and what must not happen then. */
#include <stddef.h>
#include "faults.h"

int main(void)
{
  static void (*const adds[])(TCase *) = {add_count_tests,   add_crash_tests, add_damage_tests,
                                          add_refusal_tests, add_hosts_tests, NULL};
  return faults_main("faults: server", adds);
}
