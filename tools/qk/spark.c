#include "spark.h"

#define EIGHTHS 8

/* level: 0 to 1, and what is beyond. */
static const char *block(double level, int is_ascii)
{
  static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static const char *const ascii[] = {" ", "_", ".", "-", "=", "+", "*", "#", "@"};
  int eighths = level <= 0 ? 0 : level >= 1 ? EIGHTHS : (int)(EIGHTHS * level + 0.999);
  return is_ascii ? ascii[eighths] : blocks[eighths];
}

void spark_draw_row(struct page *page, const struct track *track, enum curve curve, size_t columns, int row,
                    int rows, int is_ascii)
{
  const double *ring = track->past[curve];
  size_t count = columns < PAST ? columns : PAST;
  double highest = 0;
  count = track->looks < count ? track->looks : count;
  for (size_t i = track->looks - count; i < track->looks; i++)
    highest = ring[i % PAST] > highest ? ring[i % PAST] : highest;
  page_pad(page, page->column + (int)(columns - count));
  for (size_t i = track->looks - count; highest > 0 && i < track->looks; i++)
    page_put(page, NOTICE, block(ring[i % PAST] / highest * rows - (rows - 1 - row), is_ascii));
}

void spark_draw(struct page *page, const struct track *track, enum curve curve, size_t columns, int is_ascii)
{
  spark_draw_row(page, track, curve, columns, 0, 1, is_ascii);
}

void spark_bar(struct page *page, enum style style, uint64_t value, uint64_t most, size_t columns,
               int is_ascii)
{
  static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  double share = most > 0 ? (double)value / (double)most : 0;
  size_t eighths = (size_t)((share < 1 ? share : 1) * EIGHTHS * (double)columns);
  for (size_t i = 0; i < columns; i++) {
    size_t filled = eighths > EIGHTHS * i ? eighths - EIGHTHS * i : 0;
    if (filled >= EIGHTHS)
      page_put(page, style, is_ascii ? "#" : "█");
    else if (filled > 0 && !is_ascii)
      page_put(page, style, parts[filled]);
    else
      page_put(page, DIM, is_ascii ? "." : "░");
  }
}
