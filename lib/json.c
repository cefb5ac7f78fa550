/* The public structs as JSON. Numbers stay below 2^53, epochs travel as strings. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "limits.h"

/* json_dumps() of jansson 2.14 leaves pieces of keys out when it cannot grow its buffer, so the buffer is
 * ours. */
static char *dump(const json_t *object)
{
  size_t size = json_dumpb(object, NULL, 0, JSON_COMPACT);
  char *text = size > 0 ? malloc(size + 1) : NULL;
  if (text && json_dumpb(object, text, size, JSON_COMPACT) != size) {
    free(text);
    return NULL;
  }
  if (text)
    text[size] = '\0';
  return text;
}

/* Ends the object: its text, or NULL if memory ran out anywhere on the way. Takes object. */
static char *render(json_t *object, int failed)
{
  char *text = object && !failed ? dump(object) : NULL;
  json_decref(object);
  return text;
}

static int put_number(json_t *object, const char *name, uint64_t value)
{
  return json_object_set_new(object, name, json_integer((json_int_t)value));
}

static int put_signed(json_t *object, const char *name, int64_t value)
{
  return json_object_set_new(object, name, json_integer(value));
}

static int put_real(json_t *object, const char *name, double value)
{
  return json_object_set_new(object, name, json_real(value));
}

static int put_text(json_t *object, const char *name, const char *text)
{
  return json_object_set_new(object, name, json_string(text));
}

static int put_epoch(json_t *object, uint64_t epoch)
{
  char text[24];
  snprintf(text, sizeof text, "%" PRIu64, epoch);
  return put_text(object, "epoch", text);
}

static int put_array(json_t *object, const char *name, const uint64_t values[QK_CLASSES])
{
  json_t *array = json_array();
  int failed = !array;
  for (int i = 0; i < QK_CLASSES; i++)
    failed |= json_array_append_new(array, json_integer((json_int_t)values[i]));
  return json_object_set_new(object, name, array) | failed;
}

char *qk_ticket_json(const qk_ticket *ticket)
{
  if (!ticket)
    return NULL;
  json_t *object = json_object();
  int failed = put_text(object, "state", qk_state_name(ticket->state));
  failed |= put_signed(object, "fresh", ticket->fresh);
  failed |= put_number(object, "cls", ticket->cls);
  failed |= put_number(object, "extends", ticket->extends);
  failed |= put_number(object, "number", ticket->number);
  failed |= put_number(object, "position", ticket->position);
  failed |= put_number(object, "waiting", ticket->waiting);
  failed |= put_epoch(object, ticket->epoch);
  failed |= put_signed(object, "eta_ms", ticket->eta_ms);
  failed |= put_signed(object, "expires_at_ms", ticket->expires_at_ms);
  failed |= put_number(object, "poll_after_ms", ticket->poll_after_ms);
  failed |= put_number(object, "estimated", ticket->estimated);
  failed |= put_text(object, "queue", ticket->queue);
  failed |= put_text(object, "user", ticket->user);
  return render(object, failed);
}

char *qk_stats_json(const qk_stats *stats)
{
  if (!stats)
    return NULL;
  json_t *object = json_object();
  int failed = put_number(object, "waiting", stats->waiting);
  failed |= put_number(object, "ready", stats->ready);
  failed |= put_number(object, "active", stats->active);
  failed |= put_number(object, "entered", stats->entered);
  failed |= put_number(object, "admitted", stats->admitted);
  failed |= put_number(object, "activated", stats->activated);
  failed |= put_number(object, "left", stats->left);
  failed |= put_number(object, "dropped", stats->dropped);
  failed |= put_number(object, "lapsed", stats->lapsed);
  failed |= put_number(object, "expired", stats->expired);
  failed |= put_number(object, "completed", stats->completed);
  failed |= put_number(object, "last_number", stats->last_number);
  failed |= put_signed(object, "now_ms", stats->now_ms);
  failed |= put_signed(object, "head_age_ms", stats->head_age_ms);
  failed |= put_real(object, "outflow_per_s", stats->outflow_per_s);
  return render(object, failed);
}

char *qk_policy_json(const qk_policy *policy)
{
  if (!policy)
    return NULL;
  json_t *object = json_object();
  int failed = put_text(object, "mode", qk_mode_name(policy->mode));
  for (size_t i = 0; i < qki_policy_field_count; i++) {
    const struct qki_field *field = &qki_policy_fields[i];
    if (field->offset != offsetof(qk_policy, mode))
      failed |= put_number(object, field->name, qki_field_get(field, policy));
  }
  return render(object, failed);
}

char *qk_cursor_json(const qk_cursor *cursor)
{
  if (!cursor)
    return NULL;
  json_t *object = json_object();
  int failed = put_epoch(object, cursor->epoch);
  failed |= put_number(object, "last", cursor->last);
  failed |= put_number(object, "lost_from", cursor->lost_from);
  failed |= put_number(object, "lost_to", cursor->lost_to);
  failed |= put_array(object, "highest", cursor->highest);
  failed |= put_array(object, "head", cursor->head);
  failed |= put_array(object, "waiting", cursor->waiting);
  failed |= put_signed(object, "at_ms", cursor->at_ms);
  failed |= put_real(object, "outflow_per_s", cursor->outflow_per_s);
  return render(object, failed);
}
