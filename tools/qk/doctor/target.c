#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *scheme;
  int port;
} kinds[] = {[SINGLE] = {"redis:", 6379},
             [UNIX] = {"redis+unix:", 0},
             [SENTINEL] = {"redis+sentinel:", 26379},
             [CLUSTER] = {"redis+cluster:", 6379}};

/* The index of the URI's scheme, or -1. */
static int kind_of(const char *uri)
{
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (strncmp(uri, kinds[i].scheme, strlen(kinds[i].scheme)) == 0)
      return (int)i;
  return -1;
}

int target_is_redis(const char *uri)
{
  return kind_of(uri) >= 0;
}

/* ---- Pieces ---- */

static int hex(char c)
{
  static const char digits[] = "0123456789abcdef0123456789ABCDEF";
  const char *at = c != '\0' ? strchr(digits, c) : NULL;
  return at != NULL ? (int)(at - digits) % 16 : -1;
}

/* Percent-decode in place. */
static int decode(char *text)
{
  char *to = text;
  for (const char *from = text; *from != '\0'; from++) {
    int high = *from == '%' ? hex(from[1]) : 0, low = *from == '%' && high >= 0 ? hex(from[2]) : 0;
    if (high < 0 || low < 0 || (*from == '%' && high + low == 0))
      return -1;
    *to++ = *from == '%' ? (char)(high * 16 + low) : *from;
    from += *from == '%' ? 2 : 0;
  }
  *to = '\0';
  return 0;
}

static int read_number(const char *text, long most, long *out)
{
  char *end = NULL;
  *out = *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : -1;
  return end != NULL && *end == '\0' && *out >= 0 && *out <= most ? 0 : -1;
}

/* "host", "host:port", "[v6]:port". */
static int add_address(struct target *target, char *text)
{
  char *host = text, *rest;
  long port = kinds[target->kind].port;
  if (target->address_count == ADDRESSES || decode(text) != 0)
    return -1;
  if (*text == '[') {
    host = text + 1;
    rest = strchr(host, ']');
    if (rest == NULL)
      return -1;
    *rest++ = '\0';
  } else {
    rest = text + strcspn(text, ":");
  }
  if (*rest == ':') {
    *rest++ = '\0';
    if (read_number(rest, 65535, &port) != 0)
      return -1;
  } else if (*rest != '\0') {
    return -1;
  }
  struct address *address = &target->addresses[target->address_count++];
  address->port = (int)port;
  return *host != '\0' &&
                 snprintf(address->host, sizeof address->host, "%s", host) < (int)sizeof address->host
             ? 0
             : -1;
}

/* ---- Parts ---- */

static int take_login(struct target *target, char *login)
{
  char *colon = strchr(login, ':');
  if (colon != NULL)
    *colon++ = '\0';
  if (decode(login) != 0 || (colon != NULL && decode(colon) != 0))
    return -1;
  target->user = *login != '\0' ? login : NULL;
  target->password = colon != NULL && (*colon != '\0' || target->user != NULL) ? colon : NULL;
  return 0;
}

static int take_authority(struct target *target, char *authority)
{
  char *at = strrchr(authority, '@'), *host = at != NULL ? at + 1 : authority;
  if (at != NULL) {
    *at = '\0';
    if (take_login(target, authority) != 0)
      return -1;
  }
  while (*host != '\0') {
    char *comma = host + strcspn(host, ","), *next = *comma == ',' ? comma + 1 : comma;
    *comma = '\0';
    if (add_address(target, host) != 0)
      return -1;
    host = next;
  }
  return 0;
}

/* The path without its slash: a socket, a master's name, or a database. */
static int take_path(struct target *target, char *path)
{
  long number = 0;
  struct address *socket = &target->addresses[0];
  if (decode(path) != 0)
    return -1;
  if (target->kind == SENTINEL) {
    target->master = path;
    return *path != '\0' ? 0 : -1;
  }
  if (target->kind == UNIX) {
    target->address_count = 1;
    return *path != '\0' &&
                   snprintf(socket->host, sizeof socket->host, "/%s", path) < (int)sizeof socket->host
               ? 0
               : -1;
  }
  if (*path != '\0' && read_number(path, INT32_MAX, &number) != 0)
    return -1;
  target->database = (unsigned)number;
  return 0;
}

static int take_setting(struct target *target, char *setting)
{
  long number;
  char *value = strchr(setting, '=');
  if (value == NULL)
    return -1;
  *value++ = '\0';
  if (decode(setting) != 0 || decode(value) != 0)
    return -1;
  /* Of the others the library says what is wrong. */
  if (read_number(value, INT32_MAX, &number) != 0)
    return 0;
  if (strcmp(setting, "db") == 0)
    target->database = (unsigned)number;
  else if (strcmp(setting, "replicas") == 0)
    target->replicas = (unsigned)number;
  else if (strcmp(setting, "allow_eviction") == 0)
    target->allow_eviction = number == 1;
  return 0;
}

static int take_settings(struct target *target, char *query)
{
  while (*query != '\0') {
    char *end = query + strcspn(query, "&"), *next = *end == '&' ? end + 1 : end;
    *end = '\0';
    if (take_setting(target, query) != 0)
      return -1;
    query = next;
  }
  return 0;
}

int target_parse(struct target *target, const char *uri)
{
  int kind = kind_of(uri);
  *target = (struct target){0};
  if (kind < 0 || snprintf(target->text, sizeof target->text, "%s", uri) >= (int)sizeof target->text)
    return -1;
  target->kind = (enum kind)kind;
  char *rest = target->text + strlen(kinds[kind].scheme), empty[] = "";
  char *query = rest + strcspn(rest, "?");
  if (*query == '?')
    *query++ = '\0';
  if (strncmp(rest, "//", 2) != 0)
    return -1;
  rest += 2;
  char *path = rest + strcspn(rest, "/");
  if (*path == '/')
    *path++ = '\0';
  else
    path = empty;
  if (take_authority(target, rest) != 0 || take_path(target, path) != 0 || take_settings(target, query) != 0)
    return -1;
  return target->address_count > 0 ? 0 : -1;
}

void address_show(const struct address *address, char *out, size_t size)
{
  if (address->port == 0)
    snprintf(out, size, "%s", address->host);
  else
    snprintf(out, size, strchr(address->host, ':') != NULL ? "[%s]:%d" : "%s:%d", address->host,
             address->port);
}
