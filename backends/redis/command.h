/* A command under construction: arguments are copied, then formatted at once by hiredis. */
#ifndef QKR_COMMAND_H
#define QKR_COMMAND_H

#include "buffer.h"
#include "wire.h"

struct qkr_command {
  struct qkr_buffer bytes; /* the arguments, one behind the other */
  size_t *lens;
  const char **arguments; /* only while formatting */
  size_t count, room;
  int failed; /* an argument found no memory */
};

void qkr_command_init(struct qkr_command *command);
void qkr_command_finish(struct qkr_command *command);
/* Begin a new one. */
void qkr_command_clear(struct qkr_command *command);
void qkr_add_number(struct qkr_command *command, int64_t number);
/* Append it to out in the protocol's form. QK_OK or QK_ENOMEM, with out unchanged. */
int qkr_command_format(struct qkr_command *command, struct qkr_buffer *out);

#endif
