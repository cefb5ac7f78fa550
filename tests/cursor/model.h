/* The random test of the cursor over one backend: model [--seed N] [--ops N] [--traces N]. */
#ifndef TESTS_CURSOR_MODEL_H
#define TESTS_CURSOR_MODEL_H

#include <stdint.h>

struct cursor_model {
  uint64_t seed, ops, traces; /* where the command line says nothing; ops: in all */
  int hosts;                  /* handles on the data; 1 where the fixture has no second */
  int meets_all;              /* 1: so many traces meet every case, or the test fails */
};

/* Run it on the fixture that is set. Returns the exit status. */
int cursor_model_main(int argc, char **argv, const struct cursor_model *model);

#endif
