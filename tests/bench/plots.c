/* Each picture is a gnuplot script beside this file; it finds its numbers in data blocks that are sent before
 * it: pairs of x and y. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "plots.h"

/* Returns how many points the block has. */
typedef size_t write_block(FILE *to, const struct report *report, const char *name, int side);

struct plot {
  const char *name;
  write_block *write;
  const char *blocks[3]; /* figures or spectra, each a block a side; NULL: no more */
};

/* Calls a second by the length of the line. */
static size_t write_rates(FILE *to, const struct report *report, const char *name, int side)
{
  size_t points = 0;
  for (size_t i = 0; i < report->figures; i++) {
    const struct figure *figure = &report->figure[i];
    if (strcmp(figure->section, "memory") != 0 || strcmp(figure->name, name) != 0 ||
        figure->rounds[side] == 0)
      continue;
    fprintf(to, "%u %.6g\n", figure->people, figure_median(figure, side));
    points++;
  }
  return points;
}

/* Latency in ns by share of the calls. */
static size_t write_quantiles(FILE *to, const struct report *report, const char *name, int side)
{
  for (size_t i = 0; i < report->spectra; i++) {
    const struct spectrum *spectrum = &report->spectrum[i];
    if (strcmp(spectrum->name, name) != 0 || spectrum->rounds[side] == 0)
      continue;
    for (int quantile = 0; quantile < QUANTILES; quantile++)
      fprintf(to, "%.6g %.6g\n", quantile_shares[quantile], spectrum_median(spectrum, side, quantile));
    return QUANTILES;
  }
  return 0;
}

static const struct plot plots[] = {
    {"throughput", write_rates, {"enters_per_s", "polls_per_s", "batch_polls_per_s"}},
    {"latency", write_quantiles, {"enter_64_threads", "poll_64_threads"}},
    {"tail", write_quantiles, {"tail"}},
};

#define PLOTS (sizeof plots / sizeof *plots)
#define BLOCKS (sizeof plots->blocks / sizeof *plots->blocks)

/* Text in quotes. */
static void write_quoted(FILE *to, const char *command, const char *folder, const char *name,
                         const char *ending)
{
  fprintf(to, "%s '", command);
  for (; *folder; folder++)
    fprintf(to, *folder == '\'' ? "''" : "%c", *folder);
  fprintf(to, "/%s%s'\n", name, ending);
}

/* Returns whether every block has points. */
static int write_blocks(FILE *to, const struct report *report, const struct plot *plot)
{
  static const char *const sides[SIDES] = {"libqueue", "peer"};
  int is_whole = 1;
  for (size_t i = 0; i < BLOCKS && plot->blocks[i]; i++) {
    for (int side = 0; side < SIDES; side++) {
      fprintf(to, "$%s_%s << END\n", plot->blocks[i], sides[side]);
      is_whole &= plot->write(to, report, plot->blocks[i], side) > 0;
      fprintf(to, "END\n");
    }
  }
  return is_whole;
}

static int run_gnuplot(const char *script, size_t length)
{
  FILE *gnuplot = popen("gnuplot", "w");
  if (!gnuplot)
    return -1;
  fwrite(script, 1, length, gnuplot);
  return pclose(gnuplot) == 0 ? 0 : -1;
}

static int draw(const struct report *report, const char *folder, const struct plot *plot)
{
  char *script = NULL;
  size_t length;
  FILE *to = open_memstream(&script, &length);
  if (!to)
    return -1;
  int is_whole = write_blocks(to, report, plot), rc = 0;
  write_quoted(to, "set output", folder, plot->name, ".svg");
  write_quoted(to, "load", BENCH_SCRIPTS, "style", ".gp");
  write_quoted(to, "load", BENCH_SCRIPTS, plot->name, ".gp");
  if (fclose(to) == 0 && is_whole)
    rc = run_gnuplot(script, length);
  if (rc != 0)
    fprintf(stderr, "bench: gnuplot cannot draw %s\n", plot->name);
  free(script);
  return rc;
}

int plots_draw(const struct report *report, const char *folder)
{
  int rc = 0;
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
    perror(folder);
    return -1;
  }
  for (size_t i = 0; i < PLOTS; i++)
    rc |= draw(report, folder, &plots[i]);
  return rc;
}
