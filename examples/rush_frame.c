#include <stdio.h>
#include <string.h>
#include "rush_frame.h"

static void append(struct frame *frame, const char *text, size_t len)
{
  /* Room is kept for the end of the line and of its style. */
  if (frame->len + len + 16 > sizeof frame->text)
    return;
  memcpy(frame->text + frame->len, text, len);
  frame->len += len;
}

static void append_text(struct frame *frame, const char *text)
{
  append(frame, text, strlen(text));
}

void frame_begin(struct frame *frame)
{
  int height;
  term_size(&frame->width, &height);
  frame->len = 0;
  frame->column = 0;
  frame->lines = 0;
  if (frame->drawn > 0) {
    char up[16];
    snprintf(up, sizeof up, "\033[%dA\r", frame->drawn < height ? frame->drawn : height - 1);
    append_text(frame, up);
  }
}

static const char *style_code(enum style style)
{
  static const char *const codes[] = {"", "\033[1m", "\033[2m", "\033[33m", "\033[32m", "\033[36m"};
  return codes[style];
}

void frame_put(struct frame *frame, enum style style, const char *text)
{
  int styled = frame->term.color && style != STYLE_PLAIN;
  if (styled)
    append_text(frame, style_code(style));
  while (*text != '\0') {
    size_t len = 1;
    while (((unsigned char)text[len] & 0xc0) == 0x80)
      len++;
    /* The last column stays free: some terminals wrap there. */
    if (frame->column + 1 < frame->width) {
      append(frame, text, len);
      frame->column++;
    }
    text += len;
  }
  if (styled)
    append_text(frame, "\033[0m");
}

void frame_pad(struct frame *frame, int column)
{
  while (frame->column < column && frame->column + 1 < frame->width)
    frame_put(frame, STYLE_PLAIN, " ");
}

void frame_spark(struct frame *frame, enum style style, double level)
{
  static const char *const utf8[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static const char *const ascii[] = {" ", "_", ".", "-", "=", "+", "*", "#", "@"};
  int eighths = (int)(level * 8 + 0.999);
  if (eighths < 0)
    eighths = 0;
  if (eighths > 8)
    eighths = 8;
  frame_put(frame, style, frame->term.utf8 ? utf8[eighths] : ascii[eighths]);
}

void frame_bar(struct frame *frame, enum style style, double level, int columns)
{
  static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  int eighths = (int)(level * 8 * columns);
  for (int i = 0; i < columns; i++) {
    int filled = eighths - 8 * i;
    if (filled >= 8)
      frame_put(frame, style, frame->term.utf8 ? "█" : "#");
    else if (filled > 0 && frame->term.utf8)
      frame_put(frame, style, parts[filled]);
    else
      frame_put(frame, STYLE_DIM, frame->term.utf8 ? "░" : ".");
  }
}

void frame_line(struct frame *frame)
{
  /* What an earlier, longer line has left is erased. */
  append_text(frame, "\033[K\n");
  frame->column = 0;
  frame->lines++;
}

void frame_show(struct frame *frame)
{
  term_write(frame->text, frame->len);
  frame->drawn = frame->lines;
}
