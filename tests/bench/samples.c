#include "median.h"
#include "samples.h"

static void copy_figure(const struct samples *samples, size_t size, int side, enum figure figure,
                        double *values)
{
  for (size_t i = 0; i < samples->rounds; i++)
    values[i] = samples->run[size][side][i].figure[figure];
}

double samples_median(const struct samples *samples, size_t size, int side, enum figure figure)
{
  double values[SAMPLES_ROUNDS] = {0};
  copy_figure(samples, size, side, figure, values);
  return median(values, samples->rounds);
}

double samples_worst(const struct samples *samples, size_t size, int side, enum figure figure)
{
  double values[SAMPLES_ROUNDS] = {0};
  copy_figure(samples, size, side, figure, values);
  return worst(values, samples->rounds);
}

double samples_median_rush_s(const struct samples *samples)
{
  return median(samples->rush_s, samples->rounds);
}
