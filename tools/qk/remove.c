#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "sample.h"
#include "say.h"
#include "store.h"
#include "text.h"

/* 1: yes. */
static int ask(const char *queue, const qk_stats *stats)
{
  char answer[16];
  printf("%s: %s waiting, %s inside. Remove it, and end everybody's place? [y/N] ", queue,
         text_count(stats->waiting).s, text_count(stats->ready + stats->active).s);
  fflush(stdout);
  if (fgets(answer, sizeof answer, stdin) == NULL)
    return 0;
  answer[strcspn(answer, "\n")] = '\0';
  return strcmp(answer, "y") == 0 || strcmp(answer, "yes") == 0;
}

static int consent(const struct args *args, const char *queue, const qk_stats *stats)
{
  if (args->yes)
    return STATUS_OK;
  if (args->json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
    return say_error(QK_EINVAL, "remove: ends the place of everybody in %s; if that is meant, say --yes",
                     queue);
  if (ask(queue, stats))
    return STATUS_OK;
  puts("nothing was removed");
  return STATUS_NO;
}

static void report(const struct args *args, const char *queue, const qk_stats *stats)
{
  uint64_t inside = stats->ready + stats->active;
  if (args->json)
    print_json(json_pack("{s:s, s:I, s:I}", "removed", queue, "waiting", (json_int_t)stats->waiting, "inside",
                         (json_int_t)inside));
  else
    printf("%s: removed, with %s waiting and %s inside\n", queue, text_count(stats->waiting).s,
           text_count(inside).s);
}

static int end_queue(const struct store *store, const struct args *args)
{
  const char *queue = args->operands[1];
  qk_stats stats;
  int code = qk_get_stats(store->handle, queue, &stats);
  /* A damaged queue can be removed, and often has to be. */
  if (code != QK_OK && code != QK_ESTATE)
    return store_fail(store, code, queue);
  int status = consent(args, queue, &stats);
  if (status != STATUS_OK)
    return status;
  code = qk_remove(store->handle, queue);
  if (code != QK_OK)
    return store_fail(store, code, queue);
  report(args, queue, &stats);
  return STATUS_OK;
}

int run_remove(const struct args *args)
{
  struct store store;
  int status = store_open(&store, args);
  if (status != STATUS_OK)
    return status;
  status = end_queue(&store, args);
  store_close(&store);
  return status;
}
