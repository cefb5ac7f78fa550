#include "key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "say.h"

enum { KEY_MAX = 4096, KEY_LEAST = 16 };

int key_read(const struct args *args, qk_options *options)
{
  static char bytes[KEY_MAX + 1];
  FILE *file = args->key != NULL ? fopen(args->key, "rb") : NULL;
  if (args->key == NULL)
    return STATUS_OK;
  if (file == NULL)
    return say_error(QK_EINVAL, "%s: %s", args->key, strerror(errno));
  size_t len = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  if (len < KEY_LEAST || len > KEY_MAX)
    return say_error(QK_EINVAL, "%s: a key has %d to %d bytes", args->key, KEY_LEAST, KEY_MAX);
  options->key = bytes;
  options->key_len = len;
  /* Whoever wrote it with an editor and whoever took it from there may differ on the line end: both are good.
   */
  if (len > KEY_LEAST && bytes[len - 1] == '\n') {
    options->key2 = bytes;
    options->key2_len = len - 1;
  }
  return STATUS_OK;
}
