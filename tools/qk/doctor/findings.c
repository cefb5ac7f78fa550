#include "findings.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/qk/sample.h"
#include "tools/qk/say.h"

/* ---- Collecting ---- */

static char *copy(const char *text)
{
  char *out = strdup(text);
  if (out == NULL)
    say_no_memory();
  return out;
}

static struct finding *find(struct findings *findings, enum level level, const char *what, const char *text,
                            const char *advice)
{
  for (size_t i = 0; i < findings->count; i++) {
    struct finding *finding = &findings->list[i];
    if (finding->level == level && strcmp(finding->what, what) == 0 && strcmp(finding->text, text) == 0 &&
        strcmp(finding->advice, advice) == 0)
      return finding;
  }
  return NULL;
}

static struct finding *add(struct findings *findings)
{
  if (findings->count == findings->room) {
    size_t room = 2 * findings->room + 32;
    struct finding *list = realloc(findings->list, room * sizeof *list);
    if (list == NULL)
      say_no_memory();
    findings->list = list;
    findings->room = room;
  }
  return &findings->list[findings->count++];
}

static void add_node(struct finding *finding, const char *node)
{
  size_t len = strlen(finding->nodes), more = strlen(node);
  char *nodes = realloc(finding->nodes, len + more + 3);
  if (nodes == NULL)
    say_no_memory();
  snprintf(nodes + len, more + 3, "%s%s", len > 0 ? ", " : "", node);
  finding->nodes = nodes;
  finding->node_count++;
}

void found(struct findings *findings, enum level level, const char *what, const char *node,
           const char *advice, const char *format, ...)
{
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  struct finding *finding = find(findings, level, what, text, advice);
  if (finding == NULL) {
    finding = add(findings);
    *finding = (struct finding){.level = level, .what = what};
    finding->text = copy(text);
    finding->advice = copy(advice);
    finding->nodes = copy("");
  }
  if (node != NULL)
    add_node(finding, node);
}

size_t findings_count(const struct findings *findings, enum level level)
{
  size_t count = 0;
  for (size_t i = 0; i < findings->count; i++)
    count += findings->list[i].level == level;
  return count;
}

void findings_finish(struct findings *findings)
{
  for (size_t i = 0; i < findings->count; i++) {
    free(findings->list[i].text);
    free(findings->list[i].advice);
    free(findings->list[i].nodes);
  }
  free(findings->list);
}

/* ---- Showing ---- */

static const char *const names[] = {[FINE] = "ok", [NOTE] = "note", [WARN] = "warn", [FAIL] = "FAIL"};

static void print_one(struct page *page, const struct finding *finding, size_t nodes)
{
  static const enum style styles[] = {[FINE] = GOOD, [NOTE] = NOTICE, [WARN] = CARE, [FAIL] = BAD};
  page_put(page, styles[finding->level], names[finding->level]);
  page_pad(page, 6);
  page_put(page, BOLD, finding->what);
  /* True of every server: there is nobody to single out. */
  if (finding->node_count > 0 && nodes > 1 && finding->node_count < nodes) {
    page_put(page, PLAIN, " (");
    page_put(page, PLAIN, finding->nodes);
    page_put(page, PLAIN, ")");
  }
  page_put(page, PLAIN, ": ");
  page_put(page, PLAIN, finding->text);
  page_put(page, PLAIN, ".");
  if (*finding->advice != '\0') {
    page_put(page, PLAIN, " ");
    page_put(page, PLAIN, finding->advice);
  }
  page_end_line(page);
}

void findings_print(const struct findings *findings, int color)
{
  struct page page;
  page_init(&page, color);
  for (size_t i = 0; i < findings->count; i++)
    print_one(&page, &findings->list[i], findings->nodes);
  page_print(&page);
  page_finish(&page);
}

void findings_print_json(const struct findings *findings, const char *place)
{
  json_t *list = json_array();
  for (size_t i = 0; i < findings->count; i++) {
    const struct finding *finding = &findings->list[i];
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "level", names[finding->level], "what", finding->what, "node",
                  finding->nodes, "finding", finding->text, "advice", finding->advice);
    if (json_array_append_new(list, object) != 0)
      say_no_memory();
  }
  print_json(json_pack("{s:s, s:I, s:I, s:o}", "uri", place, "failed",
                       (json_int_t)findings_count(findings, FAIL), "warnings",
                       (json_int_t)findings_count(findings, WARN), "findings", list));
}
