#include "cluster.h"

#include <stdlib.h>
#include <string.h>

#include "route.h"

#define GAP_US 100000 /* between two questions, doubled at most by jitter */
#define CANDIDATES 64

struct qkr_cluster {
  struct qkr_wire *wire;
  struct qkr_node *owner[QKR_SLOTS];
  struct qkr_node *next[QKR_SLOTS]; /* the map that an answer brings */
  struct qkr_errand question;
  struct qkr_node *asked;
  int64_t due_us;   /* INT64_MAX = the map is not in doubt */
  int64_t asked_us; /* the last question */
  size_t turn;      /* which seed is next */
};

struct qkr_cluster *qkr_cluster_create(struct qkr_wire *wire)
{
  struct qkr_cluster *cluster = calloc(1, sizeof *cluster);
  if (cluster)
    cluster->wire = wire;
  return cluster;
}

void qkr_cluster_destroy(struct qkr_cluster *cluster)
{
  free(cluster);
}

struct qkr_node *qkr_cluster_find(const struct qkr_cluster *cluster, int slot)
{
  return cluster->owner[slot];
}

int qkr_cluster_is_whole(const struct qkr_cluster *cluster)
{
  for (int slot = 0; slot < QKR_SLOTS; slot++)
    if (!cluster->owner[slot])
      return 0;
  return 1;
}

int qkr_cluster_needs(const struct qkr_cluster *cluster, const struct qkr_node *node)
{
  return cluster->asked == node;
}

void qkr_cluster_doubt(struct qkr_cluster *cluster)
{
  int64_t soonest_us = cluster->asked_us + GAP_US + qkr_random_below(cluster->wire, GAP_US);
  int64_t now_us = qkr_now_us();
  int64_t due_us = soonest_us > now_us ? soonest_us : now_us;
  if (due_us < cluster->due_us)
    cluster->due_us = due_us;
}

void qkr_cluster_correct(struct qkr_cluster *cluster, int slot, struct qkr_node *node)
{
  node->kept = 1;
  cluster->owner[slot] = node;
  qkr_cluster_doubt(cluster);
}

/* ---- The answer ---- */

/* CLUSTER SLOTS gives, per range: first, last, master, replicas; a node is an array that begins with host and
 * port. Walks over flat values. */
struct walk {
  const struct qkr_value *at, *end;
};

static const struct qkr_value *take(struct walk *walk, enum qkr_type type)
{
  return walk->at < walk->end && walk->at->type == type ? walk->at++ : NULL;
}

/* Step over one value and all below it. */
static int skip(struct walk *walk)
{
  size_t left = 1;
  while (left > 0 && walk->at < walk->end) {
    left--;
    if (walk->at->type == QKR_ARRAY)
      left += walk->at->count;
    walk->at++;
  }
  return left == 0;
}

static int skip_many(struct walk *walk, size_t n)
{
  while (n > 0 && skip(walk))
    n--;
  return n == 0;
}

/* No host, or "?", stands for the host that was asked. */
static struct qkr_node *take_node(struct qkr_cluster *cluster, struct walk *walk)
{
  struct qkr_address address;
  const struct qkr_value *fields = take(walk, QKR_ARRAY);
  if (!fields || fields->count < 2 || walk->at == walk->end)
    return NULL;
  const struct qkr_value *host = walk->at++;
  const struct qkr_value *port = take(walk, QKR_INTEGER);
  if (!port || port->integer < 1 || port->integer > UINT16_MAX || !skip_many(walk, fields->count - 2))
    return NULL;
  int is_named = host->type == QKR_STRING && host->len > 0 && strcmp(host->text, "?") != 0;
  if (is_named)
    qkr_address_set(&address, host->text, host->len, (uint16_t)port->integer);
  else
    qkr_address_set(&address, cluster->asked->address.host, strlen(cluster->asked->address.host),
                    (uint16_t)port->integer);
  return qkr_node_get(cluster->wire, &address, 0);
}

static int take_range(struct qkr_cluster *cluster, struct walk *walk)
{
  const struct qkr_value *range = take(walk, QKR_ARRAY);
  const struct qkr_value *first = range && range->count >= 3 ? take(walk, QKR_INTEGER) : NULL;
  const struct qkr_value *last = first ? take(walk, QKR_INTEGER) : NULL;
  if (!last || first->integer < 0 || last->integer >= QKR_SLOTS || first->integer > last->integer)
    return 0;
  struct qkr_node *node = take_node(cluster, walk);
  if (!node)
    return 0;
  for (int64_t slot = first->integer; slot <= last->integer; slot++)
    cluster->next[slot] = node;
  return skip_many(walk, range->count - 3);
}

static int read_map(struct qkr_request *request, const struct qkr_reply *reply)
{
  struct qkr_cluster *cluster = qkr_errand_of(request)->owner;
  struct walk walk = {reply->values, reply->values + reply->count};
  const struct qkr_value *ranges = take(&walk, QKR_ARRAY);
  memset(cluster->next, 0, sizeof cluster->next);
  for (size_t i = 0; ranges && i < ranges->count; i++)
    if (!take_range(cluster, &walk))
      return QK_ESTATE;
  return ranges && ranges->count > 0 ? QK_OK : QK_ESTORE;
}

/* ---- The new map ---- */

/* A slot that nobody owns at the moment stays with its last owner, who will say so. */
static void install(struct qkr_cluster *cluster)
{
  for (struct qkr_node *node = cluster->wire->nodes; node; node = node->next)
    node->kept = 0;
  for (int slot = 0; slot < QKR_SLOTS; slot++) {
    if (cluster->next[slot])
      cluster->owner[slot] = cluster->next[slot];
    if (cluster->owner[slot])
      cluster->owner[slot]->kept = 1;
  }
}

/* Requests that wait for a dead node can only be helped by a new map. */
static int somebody_waits_in_vain(const struct qkr_cluster *cluster)
{
  for (const struct qkr_node *node = cluster->wire->nodes; node; node = node->next)
    if (node->kept && node->state != QKR_READY && node->failures > 1 && qkr_node_has_work(node))
      return 1;
  return 0;
}

static void end_question(struct qkr_request *request, int code)
{
  struct qkr_cluster *cluster = qkr_errand_of(request)->owner;
  cluster->asked = NULL;
  if (code == QK_OK) {
    install(cluster);
    qkr_route_renew(cluster->wire);
  } else if (code == QK_EDENIED) {
    qkr_trouble(cluster->wire, code, "the server does not answer CLUSTER SLOTS: its ACL must allow it");
  }
  int is_good = code == QK_OK && !somebody_waits_in_vain(cluster) && qkr_cluster_is_whole(cluster);
  if (!is_good && cluster->wire->load > 0)
    qkr_cluster_doubt(cluster);
}

/* ---- The question ---- */

static void build_question(struct qkr_request *request, const struct qkr_server *server,
                           struct qkr_command *command)
{
  (void)request;
  (void)server;
  qkr_add_text(command, "CLUSTER");
  qkr_add_text(command, "SLOTS");
}

/* One of the nodes whose connection stands. */
static struct qkr_node *pick_ready(const struct qkr_cluster *cluster)
{
  struct qkr_node *ready[CANDIDATES];
  int64_t n = 0;
  for (struct qkr_node *node = cluster->wire->nodes; node && n < CANDIDATES; node = node->next)
    if (node->state == QKR_READY && !node->broken && !node->retiring)
      ready[n++] = node;
  return n > 0 ? ready[qkr_random_below(cluster->wire, n)] : NULL;
}

/* In turn: a node whose connection stands, a known one, a seed; so that a node that answers nonsense, or
 * nothing, blocks no way. */
static struct qkr_node *pick(struct qkr_cluster *cluster)
{
  const struct qkr_settings *settings = cluster->wire->settings;
  struct qkr_node *node = cluster->turn++ % 3 != 2 ? pick_ready(cluster) : NULL;
  if (node)
    return node;
  if (cluster->turn % 2)
    node = cluster->owner[qkr_random_below(cluster->wire, QKR_SLOTS)];
  if (node && node->failures < 2)
    return node;
  return qkr_node_get(cluster->wire, &settings->addresses[cluster->turn / 2 % settings->address_count], 0);
}

int64_t qkr_cluster_due(const struct qkr_cluster *cluster)
{
  return cluster->question.is_out ? INT64_MAX : cluster->due_us;
}

void qkr_cluster_run(struct qkr_cluster *cluster, int64_t now_us)
{
  if (now_us < qkr_cluster_due(cluster))
    return;
  struct qkr_node *node = pick(cluster);
  cluster->due_us = INT64_MAX;
  cluster->asked_us = now_us;
  if (!node) {
    qkr_cluster_doubt(cluster);
    return;
  }
  cluster->asked = node;
  cluster->question =
      (struct qkr_errand){.request = {.deadline_ms = (now_us + qkr_attempt_us(cluster->wire)) / 1000,
                                      .reads = 1,
                                      .build = build_question,
                                      .answer = read_map,
                                      .done = end_question},
                          .owner = cluster};
  qkr_send_errand(node, &cluster->question);
}
