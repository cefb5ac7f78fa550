#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "compare.h"

void verdict_add(struct verdict *v, const char *what, const char *format, ...)
{
  size_t have = strlen(v->text);
  va_list args;
  if (!v->failed)
    snprintf(v->what, sizeof v->what, "%s", what);
  v->failed = 1;
  va_start(args, format);
  int wrote = snprintf(v->text + have, sizeof v->text - have, "  %s: ", what);
  have += wrote > 0 ? (size_t)wrote : 0;
  if (have < sizeof v->text)
    wrote = vsnprintf(v->text + have, sizeof v->text - have, format, args);
  va_end(args);
  have = strlen(v->text);
  if (have + 1 < sizeof v->text)
    memcpy(v->text + have, "\n", 2);
}

void compare_number(struct verdict *v, const char *what, int64_t want, int64_t got)
{
  if (want != got)
    verdict_add(v, what, "expected %" PRId64 ", got %" PRId64, want, got);
}

void compare_code(struct verdict *v, const char *what, int want, int got)
{
  if (want != got)
    verdict_add(v, what, "expected %d (%s), got %d (%s)", want, qk_strerror(want), got, qk_strerror(got));
}

void compare_text(struct verdict *v, const char *what, const char *want, const char *got)
{
  if (strcmp(want, got) != 0)
    verdict_add(v, what, "expected \"%s\", got \"%s\"", want, got);
}

static void compare_double(struct verdict *v, const char *what, double want, double got)
{
  if (!(fabs(want - got) <= 1e-12 * fabs(want)))
    verdict_add(v, what, "expected %.17g, got %.17g", want, got);
}

static void compare_zero(struct verdict *v, const char *what, const void *bytes, size_t size)
{
  const unsigned char *p = bytes;
  for (size_t i = 0; i < size; i++)
    if (p[i] != 0) {
      verdict_add(v, what, "byte %zu is not 0", i);
      return;
    }
}

#define NUMBER(struct_name, field)                                                                           \
  compare_number(v, struct_name "." #field, (int64_t)want->field, (int64_t)got->field)

void compare_ticket(struct verdict *v, const qk_ticket *want, const qk_ticket *got)
{
  NUMBER("ticket", state);
  NUMBER("ticket", fresh);
  NUMBER("ticket", cls);
  NUMBER("ticket", extends);
  NUMBER("ticket", number);
  NUMBER("ticket", position);
  NUMBER("ticket", waiting);
  NUMBER("ticket", epoch);
  NUMBER("ticket", eta_ms);
  NUMBER("ticket", expires_at_ms);
  NUMBER("ticket", estimated);
  compare_text(v, "ticket.queue", want->queue, got->queue);
  compare_text(v, "ticket.user", want->user, got->user);
  compare_zero(v, "ticket.pad_", got->pad_, sizeof got->pad_);
  compare_zero(v, "ticket.reserved", got->reserved, sizeof got->reserved);
}

void compare_poll_after(struct verdict *v, const qk_ticket *got, int told, uint32_t idle_ms)
{
  uint32_t value = got->poll_after_ms;
  if (!told)
    compare_number(v, "ticket.poll_after_ms", 0, value);
  else if (value < 850 || value > 34500 || (idle_ms != 0 && value > idle_ms / 3))
    verdict_add(v, "ticket.poll_after_ms", "got %" PRIu32 ", out of bounds with idle_ms %" PRIu32, value,
                idle_ms);
}

void compare_blank_ticket(struct verdict *v, const char *what, const qk_ticket *got)
{
  compare_zero(v, what, got, offsetof(qk_ticket, queue));
  compare_zero(v, what, got->pad_, sizeof got->pad_);
  compare_zero(v, what, got->reserved, sizeof got->reserved);
}

void compare_report(struct verdict *v, const qk_tick_report *want, const qk_tick_report *got)
{
  NUMBER("report", queues);
  NUMBER("report", admitted);
  NUMBER("report", lapsed);
  NUMBER("report", expired);
  NUMBER("report", dropped);
  NUMBER("report", waiting);
  NUMBER("report", ready);
  NUMBER("report", active);
  NUMBER("report", skipped);
  NUMBER("report", more);
  NUMBER("report", next_ms);
  NUMBER("report", pad_);
  compare_zero(v, "report.reserved", got->reserved, sizeof got->reserved);
}

void compare_stats(struct verdict *v, const qk_stats *want, const qk_stats *got)
{
  NUMBER("stats", waiting);
  NUMBER("stats", ready);
  NUMBER("stats", active);
  NUMBER("stats", entered);
  NUMBER("stats", admitted);
  NUMBER("stats", activated);
  NUMBER("stats", left);
  NUMBER("stats", dropped);
  NUMBER("stats", lapsed);
  NUMBER("stats", expired);
  NUMBER("stats", completed);
  NUMBER("stats", last_number);
  NUMBER("stats", now_ms);
  NUMBER("stats", head_age_ms);
  compare_double(v, "stats.outflow_per_s", want->outflow_per_s, got->outflow_per_s);
  compare_zero(v, "stats.reserved", got->reserved, sizeof got->reserved);
}

void compare_cursor(struct verdict *v, const qk_cursor *want, const qk_cursor *got)
{
  NUMBER("cursor", epoch);
  NUMBER("cursor", last);
  NUMBER("cursor", lost_from);
  NUMBER("cursor", lost_to);
  NUMBER("cursor", at_ms);
  for (size_t c = 0; c < 8; c++) {
    NUMBER("cursor", highest[c]);
    NUMBER("cursor", head[c]);
    NUMBER("cursor", waiting[c]);
  }
  compare_double(v, "cursor.outflow_per_s", want->outflow_per_s, got->outflow_per_s);
  compare_zero(v, "cursor.reserved", got->reserved, sizeof got->reserved);
}

void compare_policy(struct verdict *v, const qk_policy *want, const qk_policy *got)
{
  NUMBER("policy", size);
  NUMBER("policy", mode);
  NUMBER("policy", max_active);
  NUMBER("policy", max_waiting);
  NUMBER("policy", rate);
  NUMBER("policy", rate_window_ms);
  NUMBER("policy", ready_ms);
  NUMBER("policy", active_ms);
  NUMBER("policy", max_extends);
  NUMBER("policy", idle_ms);
  NUMBER("policy", eager);
  NUMBER("policy", clock_step_ms);
  NUMBER("policy", lanes);
  compare_zero(v, "policy.reserved", got->reserved, sizeof got->reserved);
}
