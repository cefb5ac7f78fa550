#include "base64.h"

#include <stdint.h>

/* What a character stands for, plus 1; 0 = a foreign one. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64};

/* The value of a character; a foreign one gives all bits above 6. */
static uint32_t value_of(char c)
{
  return (uint32_t)values[(unsigned char)c] - 1;
}

size_t qki_base64_read(unsigned char *out, const char *text, size_t len)
{
  uint32_t bad = 0;
  size_t size = 0;
  for (; len >= 4; len -= 4, text += 4) {
    uint32_t a = value_of(text[0]), b = value_of(text[1]), c = value_of(text[2]), d = value_of(text[3]);
    uint32_t three = a << 18 | b << 12 | c << 6 | d;
    bad |= a | b | c | d;
    out[size++] = (unsigned char)(three >> 16);
    out[size++] = (unsigned char)(three >> 8);
    out[size++] = (unsigned char)three;
  }
  if (len == 1)
    return 0;
  if (len > 1) {
    uint32_t a = value_of(text[0]), b = value_of(text[1]), c = len == 3 ? value_of(text[2]) : 0;
    uint32_t two = a << 10 | b << 4 | c >> 2;
    bad |= a | b | c;
    out[size++] = (unsigned char)(two >> 8);
    if (len == 3)
      out[size++] = (unsigned char)two;
    if (len == 3 ? (c & 3) != 0 : (two & 0xff) != 0)
      return 0;
  }
  return bad < 64 ? size : 0;
}
