#include "spread.h"

#include <string.h>

void spread_init(struct spread *spread, double width)
{
  memset(spread, 0, sizeof *spread);
  spread->width = width;
}

void spread_add(struct spread *spread, double value)
{
  double bin = value / spread->width;
  spread->bins[bin < SPREAD_BINS - 1 ? (int)bin : SPREAD_BINS - 1]++;
  spread->count++;
  spread->max = value > spread->max ? value : spread->max;
}

double spread_quantile(const struct spread *spread, double share)
{
  uint64_t wanted = (uint64_t)(share * (double)spread->count), seen = 0;
  if (spread->count == 0)
    return 0;
  for (int i = 0; i < SPREAD_BINS - 1; i++) {
    seen += spread->bins[i];
    if (seen > wanted)
      return (i + 1) * spread->width < spread->max ? (i + 1) * spread->width : spread->max;
  }
  return spread->max;
}

double spread_share_above(const struct spread *spread, double value)
{
  uint64_t above = 0;
  for (int i = SPREAD_BINS - 1; i >= 0 && (i + 0.5) * spread->width >= value; i--)
    above += spread->bins[i];
  return spread->count > 0 ? (double)above / (double)spread->count : 0;
}
