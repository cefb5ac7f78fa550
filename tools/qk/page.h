/* Lines of text with columns and colours, put together in memory: for standard output as it comes, or for a
 * screen that is redrawn. */
#ifndef QK_PAGE_H
#define QK_PAGE_H

#include <stddef.h>

enum style { PLAIN, BOLD, DIM, GOOD, NOTICE, CARE, BAD };

struct page {
  char *text;
  size_t len, room;
  int width;  /* what goes beyond it is cut off; 0: nothing is */
  int column; /* where the next character goes */
  int color;  /* styles show */
  int live;   /* a terminal that is redrawn: the rest of each line is erased */
};

/* 1 if the terminal's character set is UTF-8, as main() has set the locale. */
int page_is_utf8(void);
/* 1 if styles shall show on standard output: a terminal, and nobody said no. */
int page_has_color(int no_color);

void page_init(struct page *page, int color);
void page_finish(struct page *page);
/* Add UTF-8 text. What the terminal cannot show, or what would steer it, is a question mark. */
void page_put(struct page *page, enum style style, const char *text);
void page_format(struct page *page, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Spaces up to column. */
void page_pad(struct page *page, int column);
void page_end_line(struct page *page);
/* Add bytes as they are. */
void page_raw(struct page *page, const char *bytes, size_t len);
/* Write it to standard output and begin anew. */
void page_print(struct page *page);

/* Columns that text takes. */
int text_columns(const char *text);

#endif
