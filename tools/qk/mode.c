#include <jansson.h>
#include <stdio.h>

#include "page.h"
#include "run.h"
#include "sample.h"
#include "say.h"
#include "store.h"

static int refuse_typo(const char *queue)
{
  return say_error(QK_ENOTFOUND, "%s: no such queue; --create makes it", queue);
}

static void report(const struct args *args, const char *queue, uint32_t mode, const char *was)
{
  const char *name = qk_mode_name(mode);
  struct page page;
  if (args->json) {
    print_json(json_pack("{s:s, s:s, s:s?}", "queue", queue, "mode", name, "was", was));
    return;
  }
  page_init(&page, page_has_color((int)args->no_color));
  page_put(&page, BOLD, queue);
  page_format(&page, PLAIN, ": %s, ", name);
  page_format(&page, PLAIN, was != NULL ? "was %s" : "a new queue", was);
  page_end_line(&page);
  page_print(&page);
  page_finish(&page);
}

static int change(const struct store *store, const struct args *args, uint32_t mode)
{
  const char *queue = args->operands[1];
  qk_policy policy;
  int code = qk_get_policy(store->handle, queue, &policy);
  int is_new = code == QK_ENOTFOUND;
  if (is_new && !args->create)
    return refuse_typo(queue);
  if (code == QK_OK || is_new)
    code = qk_set_mode(store->handle, queue, mode);
  if (code != QK_OK)
    return store_fail(store, code, queue);
  report(args, queue, mode, is_new ? NULL : qk_mode_name(policy.mode));
  return STATUS_OK;
}

static int run(const struct args *args, uint32_t mode)
{
  struct store store;
  int status = store_open(&store, args);
  if (status != STATUS_OK)
    return status;
  status = change(&store, args, mode);
  store_close(&store);
  return status;
}

int run_open(const struct args *args)
{
  return run(args, QK_MODE_OPEN);
}

int run_hold(const struct args *args)
{
  return run(args, QK_MODE_HOLD);
}

int run_drain(const struct args *args)
{
  return run(args, QK_MODE_DRAIN);
}

int run_close(const struct args *args)
{
  return run(args, QK_MODE_CLOSED);
}

int run_bypass(const struct args *args)
{
  return run(args, QK_MODE_BYPASS);
}
