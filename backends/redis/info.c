#include "info.h"

#include <string.h>

/* The value of "name:" if the line begins so. */
static const char *value_of(const char *line, size_t len, const char *name, size_t *value_len)
{
  size_t name_len = strlen(name);
  if (len <= name_len || memcmp(line, name, name_len) != 0 || line[name_len] != ':')
    return NULL;
  *value_len = len - name_len - 1;
  return line + name_len + 1;
}

static int starts(const char *value, size_t len, const char *with)
{
  return len >= strlen(with) && !memcmp(value, with, strlen(with));
}

/* 13 hexadecimal digits; 0 if they are none. */
static uint64_t read_run(const char *value, size_t len)
{
  static const char digits[] = "0123456789abcdef";
  uint64_t run = 0;
  for (size_t i = 0; i < 13; i++) {
    const char *digit = i < len && value[i] ? strchr(digits, value[i]) : NULL;
    if (!digit)
      return 0;
    run = run << 4 | (uint64_t)(digit - digits);
  }
  return run;
}

/* "7.0.15" as 0x07000f. */
static uint32_t read_version(const char *value, size_t len)
{
  uint32_t parts[3] = {0};
  size_t part = 0;
  for (size_t i = 0; i < len && part < 3; i++) {
    if (value[i] == '.')
      part++;
    else if (value[i] >= '0' && value[i] <= '9' && parts[part] < 25)
      parts[part] = parts[part] * 10 + (uint32_t)(value[i] - '0');
    else
      break;
  }
  return parts[0] << 16 | parts[1] << 8 | (parts[2] & 0xff);
}

/* "slave0:ip=...,port=...,state=online,...": 1 if it counts. */
static int is_online_replica(const char *line, size_t len)
{
  static const char state[] = "state=online";
  size_t digits = 5;
  if (!starts(line, len, "slave"))
    return 0;
  while (digits < len && line[digits] >= '0' && line[digits] <= '9')
    digits++;
  if (digits == 5 || digits == len || line[digits] != ':')
    return 0;
  for (size_t i = digits; i + sizeof state - 1 <= len; i++)
    if (!memcmp(line + i, state, sizeof state - 1))
      return 1;
  return 0;
}

static void read_line(struct qkr_info *info, const char *line, size_t len)
{
  size_t n;
  const char *value;
  if ((value = value_of(line, len, "run_id", &n)))
    info->run = read_run(value, n);
  else if ((value = value_of(line, len, "redis_version", &n)))
    info->version = read_version(value, n);
  else if ((value = value_of(line, len, "redis_mode", &n)))
    info->is_cluster = starts(value, n, "cluster");
  else if ((value = value_of(line, len, "role", &n)))
    info->is_replica = starts(value, n, "slave") || starts(value, n, "replica");
  else if ((value = value_of(line, len, "maxmemory_policy", &n)))
    info->evicts = starts(value, n, "allkeys-");
  else if (value_of(line, len, "connected_slaves", &n))
    info->replicas = 0; /* the lines that follow say which of them are in step */
  else if (info->replicas >= 0 && is_online_replica(line, len))
    info->replicas++;
}

void qkr_info_read(struct qkr_info *info, const char *text, size_t len)
{
  const char *end = text + len;
  while (text < end) {
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    size_t n = (size_t)((stop ? stop : end) - text);
    size_t bare = n > 0 && text[n - 1] == '\r' ? n - 1 : n;
    read_line(info, text, bare);
    text += n + (stop != NULL);
  }
}
