#include "uri.h"

#include <errno.h>
#include <qk.h>
#include <stdio.h>
#include <string.h>

#include "say.h"

static int read_file(struct args *args, const char *path)
{
  FILE *file = fopen(path, "r");
  if (file == NULL)
    return say_error(QK_EINVAL, "%s: %s", path, strerror(errno));
  int got = fgets(args->uri, sizeof args->uri, file) != NULL;
  fclose(file);
  args->uri[got ? strcspn(args->uri, "\r\n") : 0] = '\0';
  return args->uri[0] != '\0' ? STATUS_OK : say_error(QK_EINVAL, "%s: its first line is not a URI", path);
}

int uri_read(struct args *args)
{
  const char *operand = args->operands[0];
  if (operand[0] == '@')
    return read_file(args, operand + 1);
  size_t len = strlen(operand);
  if (len >= sizeof args->uri)
    return say_error(QK_EINVAL, "URI: longer than %zu bytes", sizeof args->uri - 1);
  memcpy(args->uri, operand, len + 1);
  return STATUS_OK;
}

int uri_is_memory(const char *uri)
{
  return strncmp(uri, "memory:", 7) == 0;
}

void uri_show(const char *uri, char *out, size_t size)
{
  const char *place = strstr(uri, "//"), *at = strrchr(uri, '@');
  if (place != NULL && at != NULL && at > place)
    snprintf(out, size, "%.*s***%s", (int)(place + 2 - uri), uri, at);
  else
    snprintf(out, size, "%s", uri);
}
