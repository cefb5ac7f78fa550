#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
  const char *name, *text;
} codes[] = {
#define CODE(name, text) [-QK_##name] = {#name, text}
    CODE(OK, "success"),
    CODE(EINVAL, "invalid argument"),
    CODE(ENOMEM, "out of memory"),
    CODE(ENOTFOUND, "no such queue or nobody of that name in it"),
    CODE(ENOTREADY, "still waiting"),
    CODE(ENOTACTIVE, "not active"),
    CODE(EEXPIRED, "the entry of this token is over"),
    CODE(ELIMIT, "no extension left"),
    CODE(EFULL, "the queue is full"),
    CODE(ECLOSED, "the queue takes no new people"),
    CODE(ETOKEN, "not a token of ours"),
    CODE(EAGAIN, "the window is full"),
    CODE(ESTORE, "the store cannot be reached or refuses; nothing happened"),
    CODE(EUNKNOWN, "no answer came; it may have happened"),
    CODE(ESTATE, "the store's data is damaged or not ours"),
    CODE(EVERSION, "made by a newer version of this library"),
    CODE(EFORK, "used in a child of the process that opened it"),
    CODE(EDENIED, "the store denies; a person must act"),
};

static int is_known(int code)
{
  return code <= 0 && code > -(int)(sizeof codes / sizeof *codes);
}

const char *qk_strerror(int code)
{
  return is_known(code) ? codes[-code].text : "unknown code";
}

const char *qki_error_name(int code)
{
  return is_known(code) ? codes[-code].name : "UNKNOWN";
}

const char *qk_state_name(int state)
{
  static const char *const names[] = {"NONE", "WAITING", "READY", "ACTIVE"};
  return state >= QK_NONE && state <= QK_ACTIVE ? names[state] : "UNKNOWN";
}

const char *qk_mode_name(uint32_t mode)
{
  static const char *const names[] = {"OPEN", "HOLD", "DRAIN", "CLOSED", "BYPASS"};
  return mode <= QK_MODE_BYPASS ? names[mode] : "UNKNOWN";
}

void qki_error_clear(qk_error *err)
{
  if (err)
    memset(err, 0, sizeof *err);
}

int qki_error_is_trouble(int code)
{
  switch (code) {
  case QK_ENOMEM:
  case QK_ESTORE:
  case QK_EUNKNOWN:
  case QK_ESTATE:
  case QK_EVERSION:
  case QK_EDENIED:
    return 1;
  default:
    return 0;
  }
}

int qk_error_set(qk_error *err, int code, const char *format, ...)
{
  va_list args;
  if (!err)
    return code;
  err->code = code;
  va_start(args, format);
  vsnprintf(err->text, sizeof err->text, format, args);
  va_end(args);
  return code;
}
