/* What may happen on the way to a Redis server, and what must not happen then. */
#include <stddef.h>
#include "faults.h"
#include "net.h"

int main(void)
{
  static void (*const adds[])(TCase *) = {add_byte_tests, add_time_tests, add_line_tests, NULL};
  return faults_main("faults: net", adds);
}
