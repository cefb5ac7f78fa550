/* Figures over time, drawn with characters. */
#ifndef QK_SPARK_H
#define QK_SPARK_H

#include "page.h"
#include "tracks.h"

/* The last looks, the newest at the right end of so many columns; the highest of them is as high as a line.
 */
void spark_draw(struct page *page, const struct track *track, enum curve curve, size_t columns, int is_ascii);
/* Row number row of rows, from the top, of a sparkline that is higher than a line. */
void spark_draw_row(struct page *page, const struct track *track, enum curve curve, size_t columns, int row,
                    int rows, int is_ascii);
/* A bar that is full at most. */
void spark_bar(struct page *page, enum style style, uint64_t value, uint64_t most, size_t columns,
               int is_ascii);

#endif
