#include "unit.h"
#include "runner.h"

int main(void)
{
  static TCase *(*const cases[])(void) = {reply_case, settings_case, slot_case};
  Suite *suite = suite_create("redis unit");
  for (size_t i = 0; i < COUNT(cases); i++)
    suite_add_tcase(suite, cases[i]());
  return runner_main(suite);
}
