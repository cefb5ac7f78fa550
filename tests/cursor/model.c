#include "model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fixture.h"
#include "walk.h"

#define FAILURES_SHOWN 3

static int read_number(const char *text, uint64_t *out)
{
  char *end;
  *out = strtoull(text, &end, 10);
  return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

static int read_settings(int argc, char **argv, struct cursor_model *out)
{
  for (int i = 1; i < argc; i += 2) {
    uint64_t *value = strcmp(argv[i], "--seed") == 0     ? &out->seed
                      : strcmp(argv[i], "--ops") == 0    ? &out->ops
                      : strcmp(argv[i], "--traces") == 0 ? &out->traces
                                                         : NULL;
    if (!value || i + 1 == argc || !read_number(argv[i + 1], value))
      return 0;
  }
  return out->traces > 0 && out->ops >= out->traces;
}

/* The cases that make the test worth running. 1 if all of them came about. */
static int show_counts(const struct walk_counts *counts)
{
  const struct {
    const char *name;
    uint64_t value;
  } needed[] = {{"polls", counts->polls},          {"from the cursor", counts->cursor},
                {"from the store", counts->store}, {"over", counts->over},
                {"waiting", counts->waiting},      {"left", counts->left},
                {"dropped", counts->dropped},      {"reborn", counts->reborn},
                {"passed", counts->passed},        {"risen by lower classes", counts->lower}};
  int all = 1;
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
    printf("%s%s %" PRIu64, i ? ", " : "", needed[i].name, needed[i].value);
    all = all && needed[i].value > 0;
  }
  printf(", of a life before %" PRIu64 "; %.2f places too high in the mean\n", counts->old_life,
         counts->waiting ? (double)counts->loose / (double)counts->waiting : 0);
  return all;
}

int cursor_model_main(int argc, char **argv, const struct cursor_model *model)
{
  struct cursor_model settings = *model;
  struct walk_counts counts = {0};
  uint64_t failed = 0;
  if (!read_settings(argc, argv, &settings)) {
    fprintf(stderr, "usage: %s [--seed N] [--ops N] [--traces N]\n", argv[0]);
    return 2;
  }
  uint64_t each = settings.ops / settings.traces;
  printf("cursor on %s: %" PRIu64 " traces of %" PRIu64 " operations, seeds from %" PRIu64 "\n",
         fixture->name, settings.traces, each, settings.seed);
  fflush(stdout);
  for (uint64_t i = 0; i < settings.traces; i++) {
    struct walk_verdict verdict = {0};
    walk_run(settings.seed + i, (size_t)each, settings.hosts, &counts, &verdict);
    if (verdict.failed && failed++ < FAILURES_SHOWN)
      printf("FAILED: seed %" PRIu64 ", operation %zu: %s\n  again: --seed %" PRIu64
             " --traces 1 --ops %" PRIu64 "\n",
             settings.seed + i, verdict.op, verdict.text, settings.seed + i, each);
  }
  int met = show_counts(&counts);
  if (!met && model->meets_all && settings.traces >= model->traces) {
    printf("FAILED: a case never came about\n");
    failed++;
  }
  printf("%" PRIu64 " passed, %" PRIu64 " failed, 0 skipped\n",
         settings.traces > failed ? settings.traces - failed : 0, failed);
  return failed == 0 ? 0 : 1;
}
