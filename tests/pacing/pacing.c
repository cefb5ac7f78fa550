/* Simulates 300,000 people who wait and poll when they are told to, and prints what that costs the hosts,
 * how good the expected wait was, and how late people learned that it is their turn. Virtual time: the same
 * seed gives the same figures on every machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "report.h"
#include "simulate.h"

static const struct column {
  const char *scene;
  uint32_t idle_ms;
  int cursor;
} columns[] = {{"changing", 0, 0},
               {"changing", SCENE_IDLE_MS, 0},
               {"changing", SCENE_IDLE_MS, 1},
               {"steady", 0, 0},
               {"steady", SCENE_IDLE_MS, 0},
               {"steady", SCENE_IDLE_MS, 1},
               {"seats", SCENE_IDLE_MS, 0},
               {"patient", 0, 0}};

#define COLUMNS (sizeof columns / sizeof columns[0])

struct options {
  uint64_t people, seed;
  const char *scene, *json;
};

static double seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int parse(struct options *options, int argc, char **argv)
{
  *options = (struct options){.people = 310000, .seed = 1};
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc)
      return -1;
    if (strcmp(argv[i], "--people") == 0)
      options->people = strtoull(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--seed") == 0)
      options->seed = strtoull(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--scene") == 0)
      options->scene = argv[i + 1];
    else if (strcmp(argv[i], "--json") == 0)
      options->json = argv[i + 1];
    else
      return -1;
  }
  struct scene scene;
  int is_known = options->scene == NULL || scene_init(&scene, options->scene, options->people, 1) == 0;
  return is_known && options->people >= 1000 && options->people <= 5000000 ? 0 : -1;
}

static int run(const struct options *options, const struct column *column, struct result *result)
{
  double started_s = seconds();
  if (scene_init(&result->scene, column->scene, options->people, options->seed) != 0)
    return QK_EINVAL;
  result->scene.idle_ms = column->idle_ms;
  result->scene.cursor = column->cursor;
  int code = simulate(&result->scene, &result->figures);
  result->took_s = seconds() - started_s;
  return code;
}

int main(int argc, char **argv)
{
  struct options options;
  struct result results[COLUMNS];
  size_t count = 0;
  if (parse(&options, argc, argv) != 0) {
    (void)fprintf(stderr,
                  "usage: pacing [--people 1000-5000000] [--seed N] [--scene steady|changing|patient|seats] "
                  "[--json FILE]\n");
    return 2;
  }
  for (size_t i = 0; i < COLUMNS; i++) {
    if (options.scene != NULL && strcmp(options.scene, columns[i].scene) != 0)
      continue;
    int code = run(&options, &columns[i], &results[count]);
    if (code != QK_OK) {
      (void)fprintf(stderr, "pacing: %s: %s\n", columns[i].scene, qk_strerror(code));
      return 1;
    }
    count++;
  }
  if (options.json == NULL || strcmp(options.json, "-") != 0)
    report_table(results, count);
  return options.json != NULL && report_json(results, count, options.json) != 0;
}
