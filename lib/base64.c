#include "base64.h"

#include <stdint.h>

/* What a character stands for, with the bit KNOWN; 0 = a foreign one. */
#define KNOWN 0x40u
static const uint8_t values[256] = {
    ['A'] = 64,  ['B'] = 65,  ['C'] = 66,  ['D'] = 67,  ['E'] = 68,  ['F'] = 69,  ['G'] = 70,  ['H'] = 71,
    ['I'] = 72,  ['J'] = 73,  ['K'] = 74,  ['L'] = 75,  ['M'] = 76,  ['N'] = 77,  ['O'] = 78,  ['P'] = 79,
    ['Q'] = 80,  ['R'] = 81,  ['S'] = 82,  ['T'] = 83,  ['U'] = 84,  ['V'] = 85,  ['W'] = 86,  ['X'] = 87,
    ['Y'] = 88,  ['Z'] = 89,  ['a'] = 90,  ['b'] = 91,  ['c'] = 92,  ['d'] = 93,  ['e'] = 94,  ['f'] = 95,
    ['g'] = 96,  ['h'] = 97,  ['i'] = 98,  ['j'] = 99,  ['k'] = 100, ['l'] = 101, ['m'] = 102, ['n'] = 103,
    ['o'] = 104, ['p'] = 105, ['q'] = 106, ['r'] = 107, ['s'] = 108, ['t'] = 109, ['u'] = 110, ['v'] = 111,
    ['w'] = 112, ['x'] = 113, ['y'] = 114, ['z'] = 115, ['0'] = 116, ['1'] = 117, ['2'] = 118, ['3'] = 119,
    ['4'] = 120, ['5'] = 121, ['6'] = 122, ['7'] = 123, ['8'] = 124, ['9'] = 125, ['-'] = 126, ['_'] = 127};

static uint32_t value_of(char c)
{
  return values[(unsigned char)c];
}

size_t qki_base64_read(unsigned char *out, const char *text, size_t len)
{
  static const uint32_t marks = KNOWN << 18 | KNOWN << 12 | KNOWN << 6 | KNOWN;
  uint32_t known = KNOWN;
  unsigned char *at = out;
  for (; len >= 4; len -= 4, text += 4, at += 3) {
    uint32_t a = value_of(text[0]), b = value_of(text[1]), c = value_of(text[2]), d = value_of(text[3]);
    uint32_t three = ((a << 18) + (b << 12) + (c << 6) + d) - marks;
    known &= a & b & c & d;
    at[0] = (unsigned char)(three >> 16);
    at[1] = (unsigned char)(three >> 8);
    at[2] = (unsigned char)three;
  }
  if (len == 1)
    return 0;
  if (len > 1) {
    uint32_t a = value_of(text[0]), b = value_of(text[1]), c = len == 3 ? value_of(text[2]) : KNOWN;
    uint32_t three = ((a << 18) + (b << 12) + (c << 6) + KNOWN) - marks;
    known &= a & b & c;
    *at++ = (unsigned char)(three >> 16);
    if (len == 3)
      *at++ = (unsigned char)(three >> 8);
    if ((three & (len == 3 ? 0xff : 0xffff)) != 0)
      return 0;
  }
  return known ? (size_t)(at - out) : 0;
}
