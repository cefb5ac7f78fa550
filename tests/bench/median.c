#include <stdlib.h>
#include <string.h>
#include "median.h"

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double median(const double *values, size_t count)
{
  double sorted[MEDIAN_MAX];
  memcpy(sorted, values, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, compare);
  return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

double worst(const double *values, size_t count)
{
  double most = values[0];
  for (size_t i = 1; i < count; i++)
    most = values[i] > most ? values[i] : most;
  return most;
}
