/* The conformance suite on the memory backend. */
#include "conformance.h"
#include "memory.h"
#include "runner.h"

int main(void)
{
  return runner_main(conformance_suite(&memory_fixture));
}
