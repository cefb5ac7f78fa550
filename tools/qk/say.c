#include "say.h"

#include <jansson.h>
#include <qk.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SENTENCE 1024

static int as_json;

void say_as_json(void)
{
  as_json = 1;
}

const char *code_name(int code)
{
  static const char *const names[] = {
      "QK_OK",       "QK_EINVAL",   "QK_ENOMEM", "QK_ENOTFOUND", "QK_ENOTREADY", "QK_ENOTACTIVE",
      "QK_EEXPIRED", "QK_ELIMIT",   "QK_EFULL",  "QK_ECLOSED",   "QK_ETOKEN",    "QK_EAGAIN",
      "QK_ESTORE",   "QK_EUNKNOWN", "QK_ESTATE", "QK_EVERSION",  "QK_EFORK",     "QK_EDENIED"};
  const int count = (int)(sizeof names / sizeof names[0]);
  return code <= 0 && code > -count ? names[-code] : "UNKNOWN";
}

static int status_of(int code)
{
  if (code == QK_EINVAL)
    return STATUS_USAGE;
  return code == QK_ENOTFOUND ? STATUS_QUEUE : STATUS_STORE;
}

static void print(const char *kind, const char *code, const char *text)
{
  json_t *message = as_json ? json_pack("{s:{s:s,s:s}}", kind, "code", code, "text", text) : NULL;
  /* What is not UTF-8 cannot be JSON: better as it is than not at all. */
  if (message == NULL || json_dumpf(message, stderr, JSON_COMPACT) != 0)
    fprintf(stderr, "qk: %s", text);
  fputc('\n', stderr);
  json_decref(message);
}

int say_error(int code, const char *format, ...)
{
  char text[SENTENCE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  print("error", code_name(code), text);
  return status_of(code);
}

void say_warning(const char *format, ...)
{
  char text[SENTENCE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  print("warning", "QK_OK", text);
}

void say_no_memory(void)
{
  exit(say_error(QK_ENOMEM, "%s", qk_strerror(QK_ENOMEM)));
}
