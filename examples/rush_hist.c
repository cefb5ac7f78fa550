#include "rush_hist.h"

static unsigned highest_bit(uint64_t value)
{
  unsigned bit = 0;
  for (unsigned step = 32; step > 0; step /= 2) {
    if (value >> step) {
      value >>= step;
      bit += step;
    }
  }
  return bit;
}

/* Cells 0 to 63 are the values 0 to 63; from there each power of two has 64 cells. */
static unsigned cell_of(uint64_t value)
{
  if (value < HIST_STEPS)
    return (unsigned)value;
  unsigned shift = highest_bit(value) - HIST_STEP_BITS;
  return (shift + 1) * HIST_STEPS + (unsigned)(value >> shift) - HIST_STEPS;
}

/* The highest value that falls into cell. */
static uint64_t cell_top(unsigned cell)
{
  if (cell < HIST_STEPS)
    return cell;
  unsigned shift = cell / HIST_STEPS - 1;
  uint64_t low = (uint64_t)(cell % HIST_STEPS + HIST_STEPS) << shift;
  return low + (UINT64_C(1) << shift) - 1;
}

void hist_add(struct hist *hist, uint64_t value)
{
  if (value > HIST_MAX)
    value = HIST_MAX;
  hist->cells[cell_of(value)]++;
  hist->count++;
  if (value > hist->max)
    hist->max = value;
}

void hist_add_all(struct hist *hist, const struct hist *other)
{
  for (unsigned cell = 0; cell < HIST_CELLS; cell++)
    hist->cells[cell] += other->cells[cell];
  hist->count += other->count;
  if (other->max > hist->max)
    hist->max = other->max;
}

uint64_t hist_quantile(const struct hist *hist, double share)
{
  double wanted = share * (double)hist->count;
  uint64_t seen = 0;
  for (unsigned cell = 0; cell < HIST_CELLS; cell++) {
    seen += hist->cells[cell];
    if (seen > 0 && (double)seen >= wanted)
      return cell_top(cell) < hist->max ? cell_top(cell) : hist->max;
  }
  return hist->max;
}
