#include <errno.h>
#include <inttypes.h>
#include <qk.h>
#include <stdlib.h>

#include "options.h"
#include "say.h"

#define AT(field) offsetof(struct args, field)
#define DAY_MS 86400000

static int bad(const struct option *option, const char *must)
{
  return say_error(QK_EINVAL, "--%s: must be %s", option->name, must);
}

static int read_flag(const struct option *option, struct args *args, const char *value)
{
  (void)value;
  *(uint32_t *)(void *)((char *)args + option->offset) = 1;
  return STATUS_OK;
}

static int read_text(const struct option *option, struct args *args, const char *value)
{
  *(const char **)(void *)((char *)args + option->offset) = value;
  return STATUS_OK;
}

static int read_count(const struct option *option, struct args *args, const char *value)
{
  char *end = NULL;
  errno = 0;
  unsigned long long number = *value >= '0' && *value <= '9' ? strtoull(value, &end, 10) : 0;
  if (end == NULL || *end != '\0' || errno != 0 || number < 1 || number > DAY_MS)
    return bad(option, "a number from 1 to 86400000");
  *(uint64_t *)(void *)((char *)args + option->offset) = number;
  return STATUS_OK;
}

static int read_seconds(const struct option *option, struct args *args, const char *value)
{
  char *end = NULL;
  double seconds = *value >= '0' && *value <= '9' ? strtod(value, &end) : 0;
  if (end == NULL || *end != '\0' || !(seconds >= 0.1 && seconds <= 3600))
    return bad(option, "seconds, from 0.1 to 3600");
  *(uint64_t *)(void *)((char *)args + option->offset) = (uint64_t)(seconds * 1000 + 0.5);
  return STATUS_OK;
}

const struct option option_table[] = {
    {"interval", "SECONDS", 'n', TAKES_WATCH, read_seconds, AT(interval_ms), "look this often; 2"},
    {"count", "N", 0, TAKES_WATCH, read_count, AT(rounds), "end after so many looks"},
    {"ascii", NULL, 0, TAKES_WATCH, read_flag, AT(ascii), "draw with ASCII alone"},
    {"load", "FILE", 0, TAKES_LOAD, read_text, AT(load),
     "set the policies in a JSON file; -: standard input"},
    {"create", NULL, 0, TAKES_CREATE, read_flag, AT(create), "make the queue if there is none"},
    {"yes", NULL, 'y', TAKES_YES, read_flag, AT(yes), "do not ask"},
    {"strict", NULL, 0, TAKES_STRICT, read_flag, AT(strict), "exit with 1 on a warning too"},
    {"json", NULL, 0, 0, read_flag, AT(json), "write JSON, errors too"},
    {"timeout", "MS", 0, 0, read_count, AT(timeout_ms), "how long one call to the store may take; 5000"},
    {"key", "FILE", 0, 0, read_text, AT(key), "the secret that signs tokens; else the store's own"},
    {"no-color", NULL, 0, 0, read_flag, AT(no_color), "no colours, as with NO_COLOR in the environment"},
    {"help", NULL, 'h', 0, read_flag, AT(help), "help, for the command if one is named"},
    {"version", NULL, 'V', 0, read_flag, AT(version), "the version"},
};
const size_t option_count = sizeof option_table / sizeof option_table[0];
