#include "names.h"

#include <stdint.h>
#include <string.h>

#define EVERY_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* Whether any of the eight bytes is below 0x20, is 0x7f, or is not ASCII: "Determine if a word has a byte
 * less than n", Anderson, Bit Twiddling Hacks. */
static int word_is_odd(uint64_t word)
{
  uint64_t below = (word - EVERY_BYTE(0x20)) & ~word;
  uint64_t del = word ^ EVERY_BYTE(0x7f);
  uint64_t is_del = (del - EVERY_BYTE(1)) & ~del;
  return ((below | is_del | word) & EVERY_BYTE(0x80)) != 0;
}

static int is_continuation(unsigned char byte)
{
  return (byte & 0xc0) == 0x80;
}

/* Length of the well-formed sequence at text, 0 if there is none: Unicode 15, table 3-7. */
static size_t utf8_sequence(const unsigned char *text, size_t left)
{
  unsigned char a = text[0];
  if (a < 0x80)
    return 1;
  if (a < 0xc2 || a > 0xf4)
    return 0;
  size_t need = a < 0xe0 ? 2 : a < 0xf0 ? 3 : 4;
  if (left < need)
    return 0;
  unsigned char low = a == 0xe0 ? 0xa0 : a == 0xf0 ? 0x90 : 0x80;
  unsigned char high = a == 0xed ? 0x9f : a == 0xf4 ? 0x8f : 0xbf;
  if (text[1] < low || text[1] > high)
    return 0;
  for (size_t i = 2; i < need; i++)
    if (!is_continuation(text[i]))
      return 0;
  return need;
}

/* Whether all of text is printable ASCII, which nearly every name is. The last word overlaps the one before;
 * a text shorter than a word is filled up with harmless bytes. */
static int is_plain(const char *text, size_t len)
{
  uint64_t word = EVERY_BYTE('a');
  if (len < sizeof word) {
    memcpy(&word, text, len);
    return !word_is_odd(word);
  }
  for (size_t at = 0; at + sizeof word < len; at += sizeof word) {
    memcpy(&word, text + at, sizeof word);
    if (word_is_odd(word))
      return 0;
  }
  memcpy(&word, text + len - sizeof word, sizeof word);
  return !word_is_odd(word);
}

const char *qki_bytes_check(const char *text, size_t len)
{
  const unsigned char *bytes = (const unsigned char *)text;
  if (is_plain(text, len))
    return NULL;
  for (size_t at = 0; at < len;) {
    if (bytes[at] < 0x20 || bytes[at] == 0x7f)
      return "holds a control byte";
    size_t step = utf8_sequence(bytes + at, len - at);
    if (step == 0)
      return "is not UTF-8";
    at += step;
  }
  return NULL;
}

const char *qki_name_check(const char *text, size_t max, size_t *len)
{
  *len = 0;
  if (!text)
    return "is NULL";
  size_t n = strnlen(text, max + 1);
  if (n == 0)
    return "is empty";
  if (n > max)
    return "is too long";
  *len = n;
  return qki_bytes_check(text, n);
}

#define NEAREST_MAX 32

static size_t least(size_t a, size_t b, size_t c)
{
  size_t ab = a < b ? a : b;
  return ab < c ? ab : c;
}

/* Edit distance of a and b, both cut to NEAREST_MAX bytes: Wagner and Fischer 1974, one row at a time. */
static size_t distance(const char *a, const char *b)
{
  size_t row[NEAREST_MAX + 1];
  size_t na = strnlen(a, NEAREST_MAX), nb = strnlen(b, NEAREST_MAX);
  for (size_t j = 0; j <= nb; j++)
    row[j] = j;
  for (size_t i = 1; i <= na; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= nb; j++) {
      size_t above = row[j];
      row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[nb];
}

const char *qki_nearest(const char *word, const char *const *known)
{
  const char *best = known[0];
  for (; *known; known++)
    if (distance(word, *known) < distance(word, best))
      best = *known;
  return best;
}
