/* wcwidth() is of XSI. */
#undef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 /* NOLINT(bugprone-reserved-identifier): that is how it is asked for */
#include "page.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "say.h"

int page_is_utf8(void)
{
  return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int page_has_color(int no_color)
{
  const char *forbidden = getenv("NO_COLOR"), *terminal = getenv("TERM");
  return !no_color && isatty(STDOUT_FILENO) && (forbidden == NULL || forbidden[0] == '\0') &&
         terminal != NULL && strcmp(terminal, "dumb") != 0;
}

void page_init(struct page *page, int color)
{
  *page = (struct page){.color = color};
}

void page_finish(struct page *page)
{
  free(page->text);
  page->text = NULL;
}

void page_raw(struct page *page, const char *bytes, size_t len)
{
  if (page->room - page->len < len) {
    size_t room = 2 * page->room + len + 256;
    char *text = realloc(page->text, room);
    if (text == NULL)
      say_no_memory();
    page->text = text;
    page->room = room;
  }
  memcpy(page->text + page->len, bytes, len);
  page->len += len;
}

/* Of the character that text begins with: its bytes, and its columns, -1 if it cannot be shown. */
static size_t measure(const char *text, int *columns)
{
  wchar_t wide;
  mbstate_t state = {0};
  size_t len = mbrtowc(&wide, text, strlen(text), &state);
  if (len != (size_t)-1 && len != (size_t)-2 && len != 0) {
    *columns = wcwidth(wide);
    if (*columns >= 0)
      return len;
  }
  /* All bytes of an UTF-8 character are one question mark. */
  *columns = -1;
  for (len = 1; ((unsigned char)text[len] & 0xc0) == 0x80; len++)
    ;
  return len;
}

int text_columns(const char *text)
{
  int total = 0, columns;
  while (*text != '\0') {
    text += measure(text, &columns);
    total += columns >= 0 ? columns : 1;
  }
  return total;
}

static const char *style_code(enum style style)
{
  static const char *const codes[] = {
      [PLAIN] = "",          [BOLD] = "\033[1m",  [DIM] = "\033[2m",   [GOOD] = "\033[32m",
      [NOTICE] = "\033[36m", [CARE] = "\033[33m", [BAD] = "\033[1;31m"};
  return codes[style];
}

void page_put(struct page *page, enum style style, const char *text)
{
  int styled = page->color && style != PLAIN && *text != '\0', columns;
  if (styled)
    page_raw(page, style_code(style), strlen(style_code(style)));
  while (*text != '\0') {
    size_t len = measure(text, &columns);
    int wide = columns >= 0 ? columns : 1;
    /* The last column stays free: some terminals wrap there. */
    if (page->width == 0 || page->column + wide < page->width) {
      page_raw(page, columns >= 0 ? text : "?", columns >= 0 ? len : 1);
      page->column += wide;
    }
    text += len;
  }
  if (styled)
    page_raw(page, "\033[0m", 4);
}

void page_format(struct page *page, enum style style, const char *format, ...)
{
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  page_put(page, style, text);
}

void page_pad(struct page *page, int column)
{
  while (page->column < column && (page->width == 0 || page->column + 1 < page->width))
    page_put(page, PLAIN, " ");
}

void page_end_line(struct page *page)
{
  if (page->live)
    page_raw(page, "\033[K", 3);
  page_raw(page, "\n", 1);
  page->column = 0;
}

void page_print(struct page *page)
{
  fwrite(page->text, 1, page->len, stdout);
  page->len = 0;
}
