#include "uri.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

/* The settings that the library takes itself. */
static const char *const own_settings[] = {"timeout_ms", "window", "cursor_ms", NULL};

static int is_scheme_char(char c, int first)
{
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
    return 1;
  return !first && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.');
}

/* Cut the scheme off. Returns what follows the colon, or NULL. */
static char *parse_scheme(struct qki_uri *out)
{
  char *at = out->text;
  while (is_scheme_char(*at, at == out->text))
    at++;
  if (at == out->text || *at != ':')
    return NULL;
  *at = '\0';
  out->uri.scheme = out->text;
  return at + 1;
}

static int hex(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/* Percent-decode in place. */
static int decode(char *text, const char *part, qk_error *err)
{
  char *to = text;
  for (const char *from = text; *from; from++) {
    if (*from != '%') {
      *to++ = *from;
      continue;
    }
    int high = hex(from[1]), low = high < 0 ? -1 : hex(from[2]);
    if (low < 0 || (high == 0 && low == 0))
      return qk_error_set(err, QK_EINVAL, "URI: bad %%-escape in the %s", part);
    *to++ = (char)(high * 16 + low);
    from += 2;
  }
  *to = '\0';
  return QK_OK;
}

static int parse_user(struct qki_uri *out, char *info, qk_error *err)
{
  char *colon = strchr(info, ':');
  if (colon) {
    *colon = '\0';
    out->uri.password = colon + 1;
    if (decode(colon + 1, "password", err) != QK_OK)
      return QK_EINVAL;
  }
  out->uri.user = info;
  return decode(info, "user", err);
}

/* No message quotes a host or a port: what looks like one may be part of a password that was not
 * percent-encoded. */
static int check_host(const char *host, qk_error *err)
{
  const char *colon = strrchr(host, ':');
  const char *bracket = strrchr(host, ']');
  if (*host == '\0' || colon == host)
    return qk_error_set(err, QK_EINVAL, "URI: a host is empty");
  if (*host == '[' && !bracket)
    return qk_error_set(err, QK_EINVAL, "URI: bad host: ']' is missing");
  if (!colon || (bracket && colon < bracket))
    return QK_OK;
  char *end;
  long port = colon[1] >= '0' && colon[1] <= '9' ? strtol(colon + 1, &end, 10) : 0;
  if (port < 1 || port > 65535 || *end != '\0')
    return qk_error_set(err, QK_EINVAL, "URI: bad port: not 1 to 65535");
  return QK_OK;
}

static int parse_hosts(struct qki_uri *out, char *list, qk_error *err)
{
  for (char *host = list; host;) {
    char *comma = strchr(host, ',');
    if (comma)
      *comma = '\0';
    if (out->uri.host_count == QKI_URI_HOSTS)
      return qk_error_set(err, QK_EINVAL, "URI: more than %d hosts", QKI_URI_HOSTS);
    if (decode(host, "host", err) != QK_OK || check_host(host, err) != QK_OK)
      return QK_EINVAL;
    out->hosts[out->uri.host_count++] = host;
    host = comma ? comma + 1 : NULL;
  }
  return QK_OK;
}

/* user:password@host,host; *authority ends in NUL. What has a path may have no host: a socket. */
static int parse_authority(struct qki_uri *out, char *authority, int has_path, qk_error *err)
{
  char *at = strrchr(authority, '@');
  if (at) {
    *at = '\0';
    if (parse_user(out, authority, err) != QK_OK)
      return QK_EINVAL;
    authority = at + 1;
  }
  return *authority == '\0' && (!at || has_path) ? QK_OK : parse_hosts(out, authority, err);
}

static int add_setting(struct qki_uri *out, char *pair, qk_error *err)
{
  char *equals = strchr(pair, '=');
  size_t n = out->uri.setting_count;
  if (!equals)
    return qk_error_set(err, QK_EINVAL, "URI: setting '%s' has no value", pair);
  *equals = '\0';
  if (n == QKI_URI_SETTINGS)
    return qk_error_set(err, QK_EINVAL, "URI: more than %d settings", QKI_URI_SETTINGS);
  if (decode(pair, "name of a setting", err) != QK_OK ||
      decode(equals + 1, "value of a setting", err) != QK_OK)
    return QK_EINVAL;
  for (size_t i = 0; i < n; i++)
    if (!strcmp(out->names[i], pair))
      return qk_error_set(err, QK_EINVAL, "URI: setting '%s' is given twice", pair);
  out->names[n] = pair;
  out->values[n] = equals + 1;
  out->uri.setting_count++;
  return QK_OK;
}

static int parse_settings(struct qki_uri *out, char *query, qk_error *err)
{
  for (char *pair = query; pair && *pair;) {
    char *next = strchr(pair, '&');
    if (next)
      *next++ = '\0';
    if (add_setting(out, pair, err) != QK_OK)
      return QK_EINVAL;
    pair = next;
  }
  return QK_OK;
}

/* Nothing after the host holds an '@': if it does, it was meant to end a password. */
static int check_ends(const char *rest, qk_error *err)
{
  if (strchr(rest, '#'))
    return qk_error_set(err, QK_EINVAL, "URI: a '#' must be written %%23");
  if (!strncmp(rest, "//", 2) && strchr(rest + 2 + strcspn(rest + 2, "/?"), '@'))
    return qk_error_set(err, QK_EINVAL,
                        "URI: in user and password write '/' as %%2F, '?' as %%3F, '@' as %%40");
  return QK_OK;
}

/* authority, path and query, cut apart from the back. */
static int parse_rest(struct qki_uri *out, char *rest, qk_error *err)
{
  if (check_ends(rest, err) != QK_OK)
    return QK_EINVAL;
  char *query = strchr(rest, '?');
  if (query)
    *query++ = '\0';
  char *path = rest;
  if (rest[0] == '/' && rest[1] == '/') {
    char *authority = rest + 2;
    path = strchr(authority, '/');
    if (path)
      *path++ = '\0';
    if (parse_authority(out, authority, path != NULL, err) != QK_OK)
      return QK_EINVAL;
  } else if (*path == '/') {
    path++;
  }
  out->uri.path = path ? path : "";
  if (path && decode(path, "path", err) != QK_OK)
    return QK_EINVAL;
  return parse_settings(out, query, err);
}

int qki_uri_parse(struct qki_uri *out, const char *text, qk_error *err)
{
  size_t len = strnlen(text, sizeof out->text);
  memset(&out->uri, 0, sizeof out->uri);
  out->uri.hosts = out->hosts;
  out->uri.names = out->names;
  out->uri.values = out->values;
  if (len == sizeof out->text)
    return qk_error_set(err, QK_EINVAL, "URI: longer than %zu bytes", sizeof out->text - 1);
  memcpy(out->text, text, len + 1);
  char *rest = parse_scheme(out);
  return rest ? parse_rest(out, rest, err) : qk_error_set(err, QK_EINVAL, "URI: no scheme before a colon");
}

static void drop_setting(struct qki_uri *uri, size_t i)
{
  size_t last = --uri->uri.setting_count;
  uri->names[i] = uri->names[last];
  uri->values[i] = uri->values[last];
}

int qki_uri_take(struct qki_uri *uri, const char *name, uint64_t min, uint64_t max, uint64_t *value,
                 qk_error *err)
{
  for (size_t i = 0; i < uri->uri.setting_count; i++) {
    if (strcmp(uri->names[i], name) != 0)
      continue;
    const char *text = uri->values[i];
    char *end = NULL;
    errno = 0;
    unsigned long long number = *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
    if (!end || *end != '\0' || errno != 0 || number < min || number > max)
      return qk_error_set(err, QK_EINVAL, "URI: %s: '%s' is not a number in %" PRIu64 " to %" PRIu64, name,
                          text, min, max);
    *value = number;
    drop_setting(uri, i);
    return 1;
  }
  return 0;
}

static const char *nearest_setting(const char *name, const char *const *known)
{
  const char *candidates[3] = {qki_nearest(name, own_settings), NULL, NULL};
  if (known && *known)
    candidates[1] = qki_nearest(name, known);
  return qki_nearest(name, candidates);
}

int qki_uri_check_rest(const struct qki_uri *uri, const char *const *known, qk_error *err)
{
  for (size_t i = 0; i < uri->uri.setting_count; i++) {
    const char *const *one = known;
    while (one && *one && strcmp(*one, uri->names[i]) != 0)
      one++;
    if (!one || !*one)
      return qk_error_set(err, QK_EINVAL, "URI: unknown setting '%s'; did you mean '%s'?", uri->names[i],
                          nearest_setting(uri->names[i], known));
  }
  return QK_OK;
}
