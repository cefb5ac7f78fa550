#include "route.h"

#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "sentinel.h"

int qkr_route_init(struct qkr_wire *wire)
{
  switch (wire->settings->kind) {
  case QKR_CLUSTER:
    wire->cluster = qkr_cluster_create(wire);
    return wire->cluster ? QK_OK : QK_ENOMEM;
  case QKR_SENTINEL:
    wire->sentinel = qkr_sentinel_create(wire);
    return wire->sentinel ? QK_OK : QK_ENOMEM;
  default:
    wire->master = qkr_node_get(wire, &wire->settings->addresses[0], 0);
    if (!wire->master)
      return QK_ENOMEM;
    wire->master->kept = 1;
    return QK_OK;
  }
}

void qkr_route_finish(struct qkr_wire *wire)
{
  qkr_cluster_destroy(wire->cluster);
  qkr_sentinel_destroy(wire->sentinel);
}

static struct qkr_node *find(const struct qkr_wire *wire, const struct qkr_request *request)
{
  return wire->cluster ? qkr_cluster_find(wire->cluster, request->slot) : wire->master;
}

/* After one loss the first attempt is still to come. */
static int is_down(const struct qkr_node *node)
{
  return node->state != QKR_READY && node->failures > 1;
}

/* Nobody waits, but somebody must find out when this is over. */
static void turn_away(struct qkr_wire *wire, struct qkr_node *node, struct qkr_request *request)
{
  if (node)
    node->is_wanted = 1;
  else if (wire->cluster)
    qkr_cluster_doubt(wire->cluster);
  qkr_fail(wire, request, QK_ESTORE);
}

void qkr_route_request(struct qkr_wire *wire, struct qkr_request *request)
{
  struct qkr_node *node = find(wire, request);
  if (request->impatient && (!node || is_down(node))) {
    turn_away(wire, node, request);
    return;
  }
  if (node) {
    qkr_node_add(node, request);
    return;
  }
  request->flags |= QKR_ROUTELESS;
  qkr_list_push(&wire->held, request);
  if (wire->cluster)
    qkr_cluster_doubt(wire->cluster);
}

/* ---- New routes ---- */

/* Move those that wait in the wrong place, in their order. */
static void collect_strays(const struct qkr_node *node, struct qkr_list *list, struct qkr_list *strays)
{
  for (struct qkr_request *request = list->first, *next; request; request = next) {
    next = request->next;
    if (request->flags & (QKR_PINNED | QKR_ASKING) || find(node->wire, request) == node)
      continue;
    request->flags &= ~QKR_LOAD;
    qkr_list_remove(request);
    qkr_list_push(strays, request);
  }
}

static void collect_routeless(struct qkr_wire *wire, struct qkr_list *strays)
{
  for (struct qkr_request *request = wire->held.first, *next; request; request = next) {
    next = request->next;
    if (!(request->flags & QKR_ROUTELESS))
      continue;
    request->flags &= ~QKR_ROUTELESS;
    qkr_list_remove(request);
    qkr_list_push(strays, request);
  }
}

void qkr_route_renew(struct qkr_wire *wire)
{
  struct qkr_list strays = {0};
  for (struct qkr_node *node = wire->nodes; node; node = node->next) {
    collect_strays(node, &node->again, &strays);
    collect_strays(node, &node->waiting, &strays);
  }
  collect_routeless(wire, &strays);
  while (strays.first) {
    struct qkr_request *request = strays.first;
    qkr_list_remove(request);
    qkr_route_request(wire, request);
  }
  wire->dirty = 1;
}

/* ---- Trouble ---- */

void qkr_route_lost(struct qkr_node *node)
{
  struct qkr_wire *wire = node->wire;
  if (wire->cluster && node->kept)
    qkr_cluster_doubt(wire->cluster);
  if (wire->sentinel && node == wire->master)
    qkr_sentinel_doubt(wire->sentinel);
  if (!node->kept)
    qkr_route_renew(wire);
}

void qkr_route_doubt(struct qkr_wire *wire)
{
  if (wire->cluster)
    qkr_cluster_doubt(wire->cluster);
}

/* "MOVED 3999 127.0.0.1:6381", "ASK 3999 :6381". An empty host, or "?", is the host that answered. */
static int read_redirect(const struct qkr_node *node, const char *text, long *slot, struct qkr_address *out)
{
  char *end;
  const char *number = strchr(text, ' ');
  if (!number)
    return 0;
  *slot = strtol(number, &end, 10);
  if (end == number || *end != ' ' || *slot < 0 || *slot >= QKR_SLOTS)
    return 0;
  if (!qkr_address_parse(out, end + 1, strlen(end + 1)))
    return 0;
  if (!*out->host || !strcmp(out->host, "?"))
    memcpy(out->host, node->address.host, sizeof out->host);
  return 1;
}

int qkr_route_redirect(struct qkr_node *node, const char *text, struct qkr_node **target)
{
  struct qkr_wire *wire = node->wire;
  struct qkr_address address;
  long slot;
  if (!wire->cluster || !read_redirect(node, text, &slot, &address))
    return 0;
  *target = qkr_node_get(wire, &address, 0);
  if (*target && !strncmp(text, "MOVED", 5))
    qkr_cluster_correct(wire->cluster, (int)slot, *target);
  return 1;
}

/* ---- Time ---- */

int64_t qkr_route_due(const struct qkr_wire *wire)
{
  if (wire->cluster)
    return qkr_cluster_due(wire->cluster);
  return wire->sentinel ? qkr_sentinel_due(wire->sentinel) : INT64_MAX;
}

void qkr_route_run(struct qkr_wire *wire, int64_t now_us)
{
  if (wire->cluster)
    qkr_cluster_run(wire->cluster, now_us);
  if (wire->sentinel)
    qkr_sentinel_run(wire->sentinel, now_us);
}

static int is_needed(const struct qkr_wire *wire, const struct qkr_node *node)
{
  return node->kept || qkr_node_has_work(node) || node->sent.count > 0 ||
         (wire->cluster && qkr_cluster_needs(wire->cluster, node)) ||
         (wire->sentinel && qkr_sentinel_needs(wire->sentinel, node));
}

void qkr_route_tidy(struct qkr_wire *wire)
{
  for (struct qkr_node *node = wire->nodes, *next; node; node = next) {
    next = node->next;
    if (!is_needed(wire, node))
      qkr_node_destroy(node, 0);
  }
}
