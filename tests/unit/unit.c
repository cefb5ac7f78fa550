#include "unit.h"
#include "runner.h"

int main(void)
{
  static TCase *(*const cases[])(void) = {names_case,  uri_case,   limits_case, window_case, pacing_case,
                                          token_case,  pool_case,  index_case,  lane_case,   deadlines_case,
                                          people_case, known_case, cursor_case, told_case,   histogram_case};
  Suite *suite = suite_create("unit");
  for (size_t i = 0; i < COUNT(cases); i++)
    suite_add_tcase(suite, cases[i]());
  return runner_main(suite);
}
