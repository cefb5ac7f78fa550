#include "store.h"

#include <stdio.h>
#include <string.h>

#include "key.h"
#include "say.h"
#include "uri.h"

#define WARNING 1 /* and worse */

/* A host without a key has the store draw a secret. Only to look is no reason for that, and without tokens
 * any key will do. */
static const char no_secret[] = "qk signs and checks no token";

/* Calls return a code; the sentence that belongs to it comes by the log. */
static void keep(void *arg, int level, const char *text, size_t len)
{
  struct store *store = arg;
  if (level <= WARNING)
    snprintf(store->log, sizeof store->log, "%.*s", (int)len, text);
}

int store_options(struct store *store, const struct args *args, qk_options *options)
{
  *store = (struct store){0};
  qk_options_init(options);
  options->log = keep;
  options->log_arg = store;
  options->create = 0;
  if (args->timeout_ms > 0)
    options->timeout_ms = (uint32_t)args->timeout_ms;
  return key_read(args, options);
}

static int open_with(struct store *store, const struct args *args, const qk_options *options)
{
  qk_error error;
  int code = qk_open(&store->handle, args->uri, options, &error);
  store->log[0] = '\0';
  return code == QK_OK ? STATUS_OK : say_error(code, "%s", error.text);
}

int store_open_for_tokens(struct store *store, const struct args *args)
{
  qk_options options;
  int status = store_options(store, args, &options);
  return status == STATUS_OK ? open_with(store, args, &options) : status;
}

int store_open(struct store *store, const struct args *args)
{
  qk_options options;
  int status = store_options(store, args, &options);
  if (options.key == NULL) {
    options.key = no_secret;
    options.key_len = sizeof no_secret - 1;
  }
  if (status == STATUS_OK)
    status = open_with(store, args, &options);
  if (status == STATUS_OK && uri_is_memory(args->uri))
    say_warning("memory: is a store of this process alone, and empty; ask the service that has the queues");
  return status;
}

void store_close(struct store *store)
{
  qk_close(store->handle);
  store->handle = NULL;
}

void store_describe(const struct store *store, int code, const char *queue, char *out, size_t size)
{
  if (code == QK_ENOTFOUND && queue != NULL)
    snprintf(out, size, "%s: no such queue", queue);
  else if (code == QK_EINVAL && queue != NULL)
    snprintf(out, size, "%s: not the name of a queue: 1 to 64 bytes of UTF-8 without control bytes", queue);
  else if (store->log[0] != '\0')
    snprintf(out, size, "%s", store->log);
  else if (code == QK_ESTATE && queue != NULL)
    snprintf(out, size, "%s: %s", queue, qk_strerror(code));
  else
    snprintf(out, size, "%s", qk_strerror(code));
}

int store_fail(const struct store *store, int code, const char *queue)
{
  char text[512];
  store_describe(store, code, queue, text, sizeof text);
  return say_error(code, "%s", text);
}
