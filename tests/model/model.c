#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fixture.h"
#include "isolate.h"
#include "model.h"
#include "shrink.h"

#define DEFAULT_SEED UINT64_C(20240601)
#define DEFAULT_OPS 240000
#define DEFAULT_TRACES 300
#define TRACE_S 120 /* a trace that takes longer hangs */
#define SHRINK_S 60
#define FAILURES_SHOWN 3 /* after so many the rest is only counted */

struct settings {
  uint64_t seed, ops, traces;
};

static int read_number(const char *text, uint64_t *out)
{
  char *end;
  *out = strtoull(text, &end, 10);
  return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

static int read_settings(int argc, char **argv, struct settings *out)
{
  *out = (struct settings){DEFAULT_SEED, DEFAULT_OPS, DEFAULT_TRACES};
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

static void show_failure(struct trace *trace, struct verdict *verdict, uint64_t ops)
{
  printf("FAILED: %s, seed %" PRIu64 ", operation %zu: ", fixture->name, trace->seed, verdict->op);
  trace_print_op(stdout, &trace->ops[verdict->op]);
  printf("%s  again: --seed %" PRIu64 " --traces 1 --ops %" PRIu64 "\n", verdict->text, trace->seed, ops);
  fflush(stdout);
  shrink(trace, verdict, SHRINK_S);
  printf("shrunk to %zu operations:\n", trace->count);
  trace_print(stdout, trace);
  fflush(stdout);
  isolate_run(trace, verdict, TRACE_S, 0); /* once more, for what it says on standard error */
  printf("which fails at %zu:\n%s", verdict->op, verdict->text);
}

static int run_one(uint64_t seed, uint64_t ops, int show, struct verdict *verdict)
{
  struct trace trace;
  trace_create(&trace, seed, ops);
  isolate_run(&trace, verdict, TRACE_S, 0);
  int passed = !verdict->failed;
  if (!passed && show)
    show_failure(&trace, verdict, ops);
  trace_destroy(&trace);
  return passed;
}

int model_main(int argc, char **argv)
{
  struct settings settings;
  uint64_t passed = 0, failed = 0;
  if (!read_settings(argc, argv, &settings)) {
    fprintf(stderr, "usage: %s [--seed N] [--ops N] [--traces N]\n", argv[0]);
    return 2;
  }
  uint64_t each = settings.ops / settings.traces;
  struct verdict *verdict = isolate_create();
  printf("%s: %" PRIu64 " traces of %" PRIu64 " operations, seeds from %" PRIu64 "\n", fixture->name,
         settings.traces, each, settings.seed);
  for (uint64_t i = 0; i < settings.traces; i++) {
    if (run_one(settings.seed + i, each, failed < FAILURES_SHOWN, verdict))
      passed++;
    else
      failed++;
  }
  isolate_destroy(verdict);
  printf("%" PRIu64 " passed, %" PRIu64 " failed, 0 skipped\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
