#include <stdio.h>
#include "runner.h"

int runner_main(Suite *suite)
{
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int run = srunner_ntests_run(runner);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  printf("%d passed, %d failed, 0 skipped\n", run - failed, failed);
  return run > 0 && failed == 0 ? 0 : 1;
}
