#include "settings.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define PREFIX_MAX 64
#define DEFAULT_PREFIX "qk:"

const char *const qkr_setting_names[] = {"prefix", "replicas", "allow_eviction", "clock", "db", NULL};

/* ---- Parts ---- */

/* Digits alone, at most max. 1 and *out, or 0. */
static int read_number(const char *text, uint32_t max, uint32_t *out)
{
  uint64_t number = 0;
  size_t len = strspn(text, "0123456789");
  if (len == 0 || len > 10 || text[len] != '\0')
    return 0;
  for (size_t i = 0; i < len; i++)
    number = number * 10 + (uint64_t)(text[i] - '0');
  *out = (uint32_t)number;
  return number <= max;
}

static const char *find_setting(const qk_uri *uri, const char *name)
{
  for (size_t i = 0; i < uri->setting_count; i++)
    if (!strcmp(uri->names[i], name))
      return uri->values[i];
  return NULL;
}

static int take_kind(struct qkr_settings *settings, const qk_uri *uri, qk_error *err)
{
  static const char *const schemes[] = {[QKR_SINGLE] = "redis",
                                        [QKR_UNIX] = "redis+unix",
                                        [QKR_SENTINEL] = "redis+sentinel",
                                        [QKR_CLUSTER] = "redis+cluster"};
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    if (!strcmp(uri->scheme, schemes[i])) {
      settings->kind = (enum qkr_kind)i;
      return QK_OK;
    }
  return qk_error_set(err, QK_EINVAL,
                      "URI: unknown scheme; write redis, redis+unix, redis+cluster or redis+sentinel");
}

/* ---- Addresses. No message quotes one: part of a password may look like it. ---- */

static int take_address(struct qkr_address *address, const char *text, uint16_t port, qk_error *err)
{
  int in_brackets = *text == '[';
  const char *host = in_brackets ? text + 1 : text;
  size_t len = strcspn(host, in_brackets ? "]" : ":");
  const char *rest = host + len + (in_brackets && host[len] == ']');
  uint32_t number = port;
  if (*rest == ':' && strchr(rest + 1, ':'))
    return qk_error_set(err, QK_EINVAL, "URI: host: write an IPv6 address in brackets, as in [::1]:6379");
  if ((in_brackets && host[len] != ']') || len == 0 || len >= sizeof address->host ||
      (*rest != '\0' && *rest != ':'))
    return qk_error_set(err, QK_EINVAL,
                        "URI: host: write a name or an address of at most %zu bytes, then :port",
                        sizeof address->host - 1);
  if (*rest == ':' && (!read_number(rest + 1, UINT16_MAX, &number) || number == 0))
    return qk_error_set(err, QK_EINVAL, "URI: port: write a number in 1 to 65535");
  memcpy(address->host, host, len);
  address->host[len] = '\0';
  address->port = (uint16_t)number;
  return QK_OK;
}

static int take_socket(struct qkr_settings *settings, const qk_uri *uri, qk_error *err)
{
  struct qkr_address *address = &settings->addresses[0];
  const size_t max = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;
  size_t len = strlen(uri->path);
  if (uri->host_count > 0)
    return qk_error_set(err, QK_EINVAL, "URI: host: a socket has none; write redis+unix:///path");
  if (len == 0 || len + 1 > max)
    return qk_error_set(err, QK_EINVAL,
                        "URI: path: write a socket's path of at most %zu bytes, as in redis+unix:///path",
                        max);
  address->host[0] = '/';
  memcpy(address->host + 1, uri->path, len + 1);
  address->port = 0;
  settings->address_count = 1;
  return QK_OK;
}

static int take_addresses(struct qkr_settings *settings, const qk_uri *uri, qk_error *err)
{
  uint16_t port = settings->kind == QKR_SENTINEL ? 26379 : 6379;
  if (settings->kind == QKR_UNIX)
    return take_socket(settings, uri, err);
  if (settings->kind == QKR_SINGLE && uri->host_count != 1)
    return qk_error_set(err, QK_EINVAL,
                        "URI: host: redis takes exactly one; for several write redis+cluster or "
                        "redis+sentinel");
  if (uri->host_count == 0 || uri->host_count > QKR_ADDRESSES)
    return qk_error_set(err, QK_EINVAL, "URI: host: write 1 to %d of them, with commas between",
                        QKR_ADDRESSES);
  for (size_t i = 0; i < uri->host_count; i++)
    if (take_address(&settings->addresses[i], uri->hosts[i], port, err) != QK_OK)
      return QK_EINVAL;
  settings->address_count = uri->host_count;
  return QK_OK;
}

/* ---- Who, and which database ---- */

static int copy(char **out, const char *text)
{
  *out = strdup(text);
  return *out ? QK_OK : QK_ENOMEM;
}

/* An empty part counts as absent, but for the password of a named user: it may well be empty. */
static int take_login(struct qkr_settings *settings, const qk_uri *uri, qk_error *err)
{
  int has_user = uri->user && *uri->user;
  if (has_user && !uri->password)
    return qk_error_set(err, QK_EINVAL,
                        "URI: user: a password is missing; write user:password@, or :password@ for "
                        "a password alone");
  int code = has_user ? copy(&settings->user, uri->user) : QK_OK;
  if (code == QK_OK && uri->password && (has_user || *uri->password))
    code = copy(&settings->password, uri->password);
  return code;
}

static int take_master(struct qkr_settings *settings, const qk_uri *uri, qk_error *err)
{
  if (*uri->path == '\0')
    return qk_error_set(err, QK_EINVAL,
                        "URI: path: write the master's name there, as in redis+sentinel://host/name");
  if (strpbrk(uri->path, "/ \t\r\n"))
    return qk_error_set(err, QK_EINVAL,
                        "URI: path: write the master's name alone; a database goes into ?db=");
  return copy(&settings->master, uri->path);
}

static int take_database(struct qkr_settings *settings, const qk_uri *uri, qk_error *err)
{
  const char *db = find_setting(uri, "db");
  int in_path = (settings->kind == QKR_SINGLE || settings->kind == QKR_CLUSTER) && *uri->path != '\0';
  if (in_path && db)
    return qk_error_set(err, QK_EINVAL, "URI: db: the path names a database already; write it once");
  if (in_path)
    db = uri->path;
  if (db && !read_number(db, INT32_MAX, &settings->database))
    return qk_error_set(err, QK_EINVAL, "URI: %s: write a database's number", in_path ? "path" : "db");
  if (settings->kind == QKR_CLUSTER && settings->database != 0)
    return qk_error_set(err, QK_EINVAL, "URI: %s: a cluster has database 0 alone; leave it out",
                        in_path ? "path" : "db");
  return QK_OK;
}

/* ---- Settings ---- */

/* Braces would make hash tags of their own. */
static int take_prefix(struct qkr_settings *settings, const qk_uri *uri, qk_error *err)
{
  const char *prefix = find_setting(uri, "prefix");
  if (!prefix)
    prefix = DEFAULT_PREFIX;
  size_t len = strlen(prefix);
  int is_good = len <= PREFIX_MAX;
  for (size_t i = 0; i < len; i++)
    is_good &= prefix[i] > ' ' && prefix[i] < 0x7f && prefix[i] != '{' && prefix[i] != '}';
  if (!is_good)
    return qk_error_set(err, QK_EINVAL,
                        "URI: prefix: write at most %d printable ASCII bytes, no space and no brace",
                        PREFIX_MAX);
  return copy(&settings->prefix, prefix);
}

static int take_number(const qk_uri *uri, const char *name, uint32_t max, uint32_t *out, qk_error *err)
{
  const char *text = find_setting(uri, name);
  if (!text || read_number(text, max, out))
    return QK_OK;
  return qk_error_set(err, QK_EINVAL, "URI: %s: write a number in 0 to %u", name, (unsigned)max);
}

static int take_settings(struct qkr_settings *settings, const qk_uri *uri, qk_error *err)
{
  const char *clock = find_setting(uri, "clock");
  uint32_t allow = 0;
  if (take_number(uri, "replicas", 16, &settings->replicas, err) != QK_OK ||
      take_number(uri, "allow_eviction", 1, &allow, err) != QK_OK)
    return QK_EINVAL;
  settings->allow_eviction = (int)allow;
  settings->host_clock = clock != NULL;
  if (clock && strcmp(clock, "host") != 0)
    return qk_error_set(err, QK_EINVAL, "URI: clock: write host, or leave it out for the server's clock");
  return QK_OK;
}

/* ---- All ---- */

static int take_all(struct qkr_settings *settings, const qk_uri *uri, qk_error *err)
{
  static int (*const steps[])(struct qkr_settings *, const qk_uri *, qk_error *) = {
      take_kind, take_addresses, take_login, take_database, take_settings, take_prefix};
  int code = QK_OK;
  for (size_t i = 0; code == QK_OK && i < sizeof steps / sizeof *steps; i++)
    code = steps[i](settings, uri, err);
  if (code == QK_OK && settings->kind == QKR_SENTINEL)
    code = take_master(settings, uri, err);
  return code;
}

int qkr_settings_init(struct qkr_settings *settings, const qk_uri *uri, const qk_host *host, qk_error *err)
{
  memset(settings, 0, sizeof *settings);
  settings->timeout_ms = qk_host_timeout_ms(host);
  int code = take_all(settings, uri, err);
  if (code == QK_ENOMEM)
    qk_error_set(err, code, "%s", qk_strerror(code));
  if (code != QK_OK)
    qkr_settings_finish(settings);
  return code;
}

void qkr_settings_finish(struct qkr_settings *settings)
{
  if (settings->password)
    sodium_memzero(settings->password, strlen(settings->password));
  free(settings->user);
  free(settings->password);
  free(settings->master);
  free(settings->prefix);
  memset(settings, 0, sizeof *settings);
}
