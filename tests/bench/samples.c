#include <stdlib.h>
#include <string.h>
#include "samples.h"

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void sort_figure(const struct samples *samples, size_t size, int side, enum figure figure,
                        double *sorted)
{
  for (size_t i = 0; i < samples->rounds; i++)
    sorted[i] = samples->run[size][side][i].figure[figure];
  qsort(sorted, samples->rounds, sizeof *sorted, compare);
}

static double middle(const double *sorted, size_t count)
{
  return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

double samples_median(const struct samples *samples, size_t size, int side, enum figure figure)
{
  double sorted[SAMPLES_ROUNDS] = {0};
  sort_figure(samples, size, side, figure, sorted);
  return middle(sorted, samples->rounds);
}

double samples_worst(const struct samples *samples, size_t size, int side, enum figure figure)
{
  double sorted[SAMPLES_ROUNDS] = {0};
  sort_figure(samples, size, side, figure, sorted);
  return sorted[samples->rounds - 1];
}

double samples_median_rush_s(const struct samples *samples)
{
  double sorted[SAMPLES_ROUNDS];
  memcpy(sorted, samples->rush_s, sizeof sorted);
  qsort(sorted, samples->rounds, sizeof *sorted, compare);
  return middle(sorted, samples->rounds);
}
