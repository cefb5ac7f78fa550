#include "base64.h"

#include <stdint.h>

/* clang-format off */
#define ALPHABET(X) \
  X('A', 0) X('B', 1) X('C', 2) X('D', 3) X('E', 4) X('F', 5) X('G', 6) X('H', 7) X('I', 8) X('J', 9) \
  X('K', 10) X('L', 11) X('M', 12) X('N', 13) X('O', 14) X('P', 15) X('Q', 16) X('R', 17) X('S', 18) \
  X('T', 19) X('U', 20) X('V', 21) X('W', 22) X('X', 23) X('Y', 24) X('Z', 25) X('a', 26) X('b', 27) \
  X('c', 28) X('d', 29) X('e', 30) X('f', 31) X('g', 32) X('h', 33) X('i', 34) X('j', 35) X('k', 36) \
  X('l', 37) X('m', 38) X('n', 39) X('o', 40) X('p', 41) X('q', 42) X('r', 43) X('s', 44) X('t', 45) \
  X('u', 46) X('v', 47) X('w', 48) X('x', 49) X('y', 50) X('z', 51) X('0', 52) X('1', 53) X('2', 54) \
  X('3', 55) X('4', 56) X('5', 57) X('6', 58) X('7', 59) X('8', 60) X('9', 61) X('-', 62) X('_', 63)
/* clang-format on */

/* By its place among four characters: the bits that a character gives to three bytes, the first byte lowest,
 * and a mark above them that it is one of the alphabet; 0 = it is not. */
#define FIRST(c, v) [c] = 1u << 24 | (v) << 2,
#define SECOND(c, v) [c] = 1u << 25 | (v) >> 4 | ((v)&15) << 12,
#define THIRD(c, v) [c] = 1u << 26 | (v) >> 2 << 8 | ((v)&3) << 22,
#define FOURTH(c, v) [c] = 1u << 27 | (v) << 16,
#define MARKS (15u << 24)

static const uint32_t bits[4][256] = {
    {ALPHABET(FIRST)}, {ALPHABET(SECOND)}, {ALPHABET(THIRD)}, {ALPHABET(FOURTH)}};

static uint32_t bits_of(size_t place, char c)
{
  return bits[place][(unsigned char)c];
}

/* The last two or three characters. Returns how many bytes they are; 0 if they are none. */
static size_t read_rest(unsigned char *out, const char *text, size_t len)
{
  uint32_t word =
      bits_of(0, text[0]) | bits_of(1, text[1]) | bits_of(2, len == 3 ? text[2] : 'A') | bits_of(3, 'A');
  uint32_t stray = len == 3 ? 0xff0000 : 0xffff00;
  if ((word & MARKS) != MARKS || (word & stray) != 0)
    return 0;
  out[0] = (unsigned char)word;
  if (len == 3)
    out[1] = (unsigned char)(word >> 8);
  return len - 1;
}

size_t qki_base64_read(unsigned char *out, const char *text, size_t len)
{
  size_t fours = len / 4, rest = len % 4, size = 3 * fours;
  uint32_t marks = MARKS;
  for (const char *end = text + 4 * fours; text < end; text += 4, out += 3) {
    uint32_t word = bits_of(0, text[0]) | bits_of(1, text[1]) | bits_of(2, text[2]) | bits_of(3, text[3]);
    marks &= word;
    out[0] = (unsigned char)word;
    out[1] = (unsigned char)(word >> 8);
    out[2] = (unsigned char)(word >> 16);
  }
  if ((marks & MARKS) != MARKS || rest == 1)
    return 0;
  if (rest == 0)
    return size;
  size_t last = read_rest(out, text, rest);
  return last ? size + last : 0;
}
