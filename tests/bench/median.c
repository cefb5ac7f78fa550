#include <stdlib.h>
#include <string.h>
#include "median.h"

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void sort(const double *values, size_t count, double sorted[MEDIAN_MAX])
{
  memcpy(sorted, values, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, compare);
}

double median(const double *values, size_t count)
{
  double sorted[MEDIAN_MAX];
  sort(values, count, sorted);
  return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

double spread(const double *values, size_t count)
{
  double sorted[MEDIAN_MAX], middle = median(values, count);
  sort(values, count, sorted);
  return middle > 0 ? (sorted[count - 1] - sorted[0]) / middle : 0;
}
