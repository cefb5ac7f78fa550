#include "grid.h"

#include <stdlib.h>
#include <string.h>

#include "say.h"

#define GAP 2 /* between columns */

void grid_init(struct grid *grid, const char *sides)
{
  *grid = (struct grid){.sides = sides, .columns = strlen(sides)};
}

void grid_clear(struct grid *grid)
{
  for (size_t i = 0; i < grid->count; i++)
    free(grid->cells[i].text);
  grid->count = 0;
}

void grid_finish(struct grid *grid)
{
  grid_clear(grid);
  free(grid->cells);
  grid->cells = NULL;
}

void grid_put(struct grid *grid, enum style style, const char *text)
{
  size_t column = grid->count % grid->columns;
  int wide = text_columns(text);
  if (grid->count == grid->room) {
    size_t room = 2 * grid->room + grid->columns;
    struct cell *cells = realloc(grid->cells, room * sizeof *cells);
    if (cells == NULL)
      say_no_memory();
    grid->cells = cells;
    grid->room = room;
  }
  struct cell *cell = &grid->cells[grid->count++];
  cell->style = style;
  cell->text = strdup(text);
  if (cell->text == NULL)
    say_no_memory();
  if (wide > grid->widths[column])
    grid->widths[column] = wide;
}

size_t grid_rows(const struct grid *grid)
{
  return grid->count / grid->columns;
}

int grid_width(const struct grid *grid)
{
  int width = -GAP;
  for (size_t i = 0; i < grid->columns; i++)
    if (!grid->hidden[i])
      width += grid->widths[i] + GAP;
  return width;
}

void grid_draw(const struct grid *grid, size_t row, struct page *page)
{
  int edge = page->column;
  for (size_t i = 0; i < grid->columns; i++) {
    const struct cell *cell = &grid->cells[row * grid->columns + i];
    if (grid->hidden[i])
      continue;
    int shift = grid->sides[i] == 'r' ? grid->widths[i] - text_columns(cell->text) : 0;
    if (*cell->text != '\0') {
      page_pad(page, edge + shift);
      page_put(page, cell->style, cell->text);
    }
    edge += grid->widths[i] + GAP;
  }
}

void grid_draw_all(const struct grid *grid, struct page *page)
{
  for (size_t row = 0; row < grid_rows(grid); row++) {
    grid_draw(grid, row, page);
    page_end_line(page);
  }
}
