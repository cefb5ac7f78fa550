#include <qk.h>
#include <stdio.h>
#include <string.h>

#include "tools/qk/run.h"
#include "tools/qk/say.h"
#include "tools/qk/text.h"
#include "tools/qk/uri.h"
#include "examine.h"

#ifndef QK_WITH_REDIS
int examine(const struct args *args, struct findings *findings, size_t *reached)
{
  (void)args;
  (void)findings;
  *reached = 0;
  return say_error(QK_EINVAL, "doctor: this build has no Redis");
}
#endif

static void print_summary(const struct findings *findings)
{
  size_t failures = findings_count(findings, FAIL), warnings = findings_count(findings, WARN);
  printf("\n%zu failure%s, %zu warning%s\n", failures, failures == 1 ? "" : "s", warnings,
         warnings == 1 ? "" : "s");
}

static int verdict(const struct args *args, const struct findings *findings, size_t reached)
{
  if (reached == 0)
    return STATUS_STORE;
  size_t bad = findings_count(findings, FAIL) + (args->strict ? findings_count(findings, WARN) : 0);
  return bad > 0 ? STATUS_NO : STATUS_OK;
}

int run_doctor(const struct args *args)
{
  struct findings findings = {0};
  char place[URI_SIZE];
  size_t reached = 1;
  int status = STATUS_OK;
  uri_show(args->uri, place, sizeof place);
  if (uri_is_memory(args->uri))
    found(&findings, NOTE, "store", NULL, "",
          "memory: is of one process alone, and has no server to look at");
  else if (strncmp(args->uri, "redis", 5) != 0)
    status =
        say_error(QK_EINVAL, "doctor: knows redis:, redis+unix:, redis+sentinel: and redis+cluster: alone");
  else
    status = examine(args, &findings, &reached);
  if (status == STATUS_OK) {
    if (args->json)
      findings_print_json(&findings, place);
    else
      findings_print(&findings, page_has_color((int)args->no_color));
    if (!args->json)
      print_summary(&findings);
    status = verdict(args, &findings, reached);
  }
  findings_finish(&findings);
  return status;
}
