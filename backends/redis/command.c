#include "command.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void qkr_command_init(struct qkr_command *command)
{
  *command = (struct qkr_command){0};
}

void qkr_command_finish(struct qkr_command *command)
{
  qkr_buffer_finish(&command->bytes);
  free(command->lens);
  free(command->arguments);
}

void qkr_command_clear(struct qkr_command *command)
{
  command->bytes.start = command->bytes.end = 0;
  command->count = 0;
  command->failed = 0;
}

static int grow(struct qkr_command *command)
{
  size_t room = command->room ? command->room * 2 : 64;
  size_t *lens = realloc(command->lens, room * sizeof *lens);
  if (!lens)
    return QK_ENOMEM;
  command->lens = lens;
  const char **arguments = realloc(command->arguments, room * sizeof *arguments);
  if (!arguments)
    return QK_ENOMEM;
  command->arguments = arguments;
  command->room = room;
  return QK_OK;
}

void qkr_add(struct qkr_command *command, const char *bytes, size_t len)
{
  if ((command->count == command->room && grow(command) != QK_OK) ||
      qkr_buffer_add(&command->bytes, bytes, len) != QK_OK) {
    command->failed = 1;
    return;
  }
  command->lens[command->count++] = len;
}

void qkr_add_text(struct qkr_command *command, const char *text)
{
  qkr_add(command, text, strlen(text));
}

void qkr_add_number(struct qkr_command *command, int64_t number)
{
  char text[24];
  snprintf(text, sizeof text, "%" PRId64, number);
  qkr_add_text(command, text);
}

int qkr_command_format(struct qkr_command *command, struct qkr_buffer *out)
{
  const char *at = command->bytes.bytes;
  char *formatted = NULL;
  if (command->failed)
    return QK_ENOMEM;
  for (size_t i = 0; i < command->count; i++) {
    command->arguments[i] = at;
    at += command->lens[i];
  }
  long long len = redisFormatCommandArgv(&formatted, (int)command->count, command->arguments, command->lens);
  if (len < 0)
    return QK_ENOMEM;
  int code = qkr_buffer_add(out, formatted, (size_t)len);
  redisFreeCommand(formatted);
  return code;
}
