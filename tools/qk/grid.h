/* Cells in columns, each as wide as its widest cell. */
#ifndef QK_GRID_H
#define QK_GRID_H

#include "page.h"

enum { GRID_COLUMNS = 16 };

struct cell {
  char *text;
  enum style style;
};

struct grid {
  const char *sides;        /* a letter for each column: l, or r for one that ends at its right edge */
  int widths[GRID_COLUMNS]; /* so far */
  int hidden[GRID_COLUMNS]; /* columns that do not show */
  struct cell *cells;
  size_t columns, count, room;
};

void grid_init(struct grid *grid, const char *sides);
void grid_finish(struct grid *grid);
/* Forget the cells; columns stay as wide as they were. */
void grid_clear(struct grid *grid);
/* Add the next cell, row by row. */
void grid_put(struct grid *grid, enum style style, const char *text);
size_t grid_rows(const struct grid *grid);
/* Columns of the screen that a row takes. */
int grid_width(const struct grid *grid);
/* Add one row to the page, without ending the line. */
void grid_draw(const struct grid *grid, size_t row, struct page *page);
/* Add all of them, as lines. */
void grid_draw_all(const struct grid *grid, struct page *page);

#endif
