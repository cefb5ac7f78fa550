#include "wire.h"

#include <string.h>

/* CRC16-CCITT (XMODEM): polynomial 0x1021, start 0 (Redis cluster specification, appendix A). */
static uint16_t crc16(const char *bytes, size_t len)
{
  uint32_t crc = 0;
  for (size_t i = 0; i < len; i++) {
    crc ^= (uint32_t)(unsigned char)bytes[i] << 8;
    for (int bit = 0; bit < 8; bit++)
      crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1;
  }
  return (uint16_t)crc;
}

/* Only what stands between the first brace and the next closing one counts, unless that is empty. */
int qkr_slot(const char *key, size_t len)
{
  const char *open = memchr(key, '{', len);
  if (open) {
    const char *tag = open + 1;
    const char *close = memchr(tag, '}', len - (size_t)(tag - key));
    if (close && close > tag)
      return crc16(tag, (size_t)(close - tag)) % 16384;
  }
  return crc16(key, len) % 16384;
}
