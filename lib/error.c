#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const texts[] = {
    [-QK_OK] = "success",
    [-QK_EINVAL] = "invalid argument",
    [-QK_ENOMEM] = "out of memory",
    [-QK_ENOTFOUND] = "no such queue or nobody of that name in it",
    [-QK_ENOTREADY] = "still waiting",
    [-QK_ENOTACTIVE] = "not active",
    [-QK_EEXPIRED] = "the entry of this token is over",
    [-QK_ELIMIT] = "no extension left",
    [-QK_EFULL] = "the queue is full",
    [-QK_ECLOSED] = "the queue takes no new people",
    [-QK_ETOKEN] = "not a token of ours",
    [-QK_EAGAIN] = "the window is full",
    [-QK_ESTORE] = "the store cannot be reached or refuses; nothing happened",
    [-QK_EUNKNOWN] = "no answer came; it may have happened",
    [-QK_ESTATE] = "the store's data is damaged or not ours",
    [-QK_EVERSION] = "made by a newer version of this library",
    [-QK_EFORK] = "used in a child of the process that opened it",
    [-QK_EDENIED] = "the store denies; a person must act",
};

const char *qk_strerror(int code)
{
  if (code > 0 || code < -(int)(sizeof texts / sizeof *texts - 1))
    return "unknown code";
  return texts[-code];
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
