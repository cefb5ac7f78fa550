#include <stdio.h>
#include <string.h>
#include "names.h"

const char *names_queue(uint32_t queue)
{
  static const char *const names[NAMES_QUEUES] = {
      "a",
      "a:b",
      "{a}",
      "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
      "gr\xc3\xb6\xc3\x9f e",
      "A"};
  return names[queue % NAMES_QUEUES];
}

/* Fill text up to length bytes. The number comes first, so that the ids differ early and stay distinct. */
static void pad_to(char *text, size_t length)
{
  size_t have = strlen(text);
  memset(text + have, '-', length - have);
  text[length] = '\0';
}

void names_user(uint32_t user, char out[NAMES_USER_SIZE])
{
  static const size_t lengths[] = {0, 128, 0, 37, 36, 0, 16, 0};
  static const char *const forms[] = {"u%u", "%u",    "\xc3\xa9%u\xf0\x9f\x98\x80", "%u", "%u", "{a}:%u",
                                      "%u",  "u %u%%"};
  size_t form = user % 8;
  snprintf(out, NAMES_USER_SIZE, forms[form], user);
  if (lengths[form])
    pad_to(out, lengths[form]);
}
