/* What the tool says on standard error, and the exit status that belongs to it. */
#ifndef QK_SAY_H
#define QK_SAY_H

/* Exit statuses; qk(1) promises them. */
enum status {
  STATUS_OK = 0,
  STATUS_NO = 1,    /* the answer is no */
  STATUS_USAGE = 2, /* the command line, the URI or a value in it is wrong */
  STATUS_STORE = 3, /* the store cannot be reached, or refuses; or the output cannot be written */
  STATUS_QUEUE = 4  /* no such queue */
};

/* From now on in JSON, an object for each message. */
void say_as_json(void);

/* Say what went wrong. Returns the exit status that belongs to a code of qk.h. */
int say_error(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Out of memory: say so and exit. */
_Noreturn void say_no_memory(void);

/* "QK_ESTORE" and so on. */
const char *code_name(int code);

#endif
