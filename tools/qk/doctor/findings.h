/* What the doctor found: a list of short sentences, each with what to do about it. */
#ifndef QK_DOCTOR_FINDINGS_H
#define QK_DOCTOR_FINDINGS_H

#include <stddef.h>

#include "tools/qk/page.h"

enum level { FINE, NOTE, WARN, FAIL };

struct finding {
  enum level level;
  const char *what; /* a word or two; a literal */
  char *text, *advice;
  char *nodes; /* the servers that it is true of, with commas; "" for the store as a whole */
  size_t node_count;
};

struct findings {
  struct finding *list;
  size_t count, room;
  size_t nodes; /* servers that were looked at */
};

/* Add one. node: the server, or NULL. advice: a whole sentence, or "". What is found word by word on several
 * servers is one finding. */
void found(struct findings *findings, enum level level, const char *what, const char *node,
           const char *advice, const char *format, ...) __attribute__((format(printf, 6, 7)));
size_t findings_count(const struct findings *findings, enum level level);
void findings_print(const struct findings *findings, int color);
void findings_print_json(const struct findings *findings, const char *place);
void findings_finish(struct findings *findings);

#endif
