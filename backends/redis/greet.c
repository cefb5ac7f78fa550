#include "node.h"

#define OLDEST 0x060200 /* 6.2: what the scripts need */

static int is_error(const struct qkr_reply *reply)
{
  return reply->values[0].type == QKR_ERROR;
}

static void refuse(struct qkr_node *node, const char *words)
{
  char text[240];
  struct qkr_fault fault = qkr_fault_of(words);
  qkr_fault_describe(&fault, words, text, sizeof text);
  /* Nobody's data is damaged: it is the server that will not have us. */
  qkr_node_refuse(node, fault.code == QK_ESTATE ? QK_EDENIED : fault.code, text);
}

static void put(struct qkr_node *node, qkr_on_reply *on_reply)
{
  if (qkr_conn_put(&node->conn, &node->wire->command, on_reply, NULL) != QK_OK)
    node->broken = "no memory for a command";
}

static void put_text(struct qkr_node *node, const char *text, qkr_on_reply *on_reply)
{
  qkr_command_clear(&node->wire->command);
  qkr_add_text(&node->wire->command, text);
  put(node, on_reply);
}

/* ---- TIME ---- */

/* Digits as a number; -1 if it is none that a clock shows. */
static int64_t read_digits(const struct qkr_value *value)
{
  int64_t number = 0;
  if (value->type != QKR_STRING || value->len == 0 || value->len > 15)
    return -1;
  for (size_t i = 0; i < value->len; i++) {
    if (value->text[i] < '0' || value->text[i] > '9')
      return -1;
    number = number * 10 + (value->text[i] - '0');
  }
  return number;
}

/* The clock was read before now: the offset errs downwards only. */
static void on_time(struct qkr_node *node, struct qkr_request *request, const struct qkr_reply *reply)
{
  (void)request;
  if (is_error(reply)) {
    refuse(node, reply->values[0].text);
    return;
  }
  int64_t seconds = reply->count == 3 ? read_digits(&reply->values[1]) : -1;
  int64_t micros = reply->count == 3 ? read_digits(&reply->values[2]) : -1;
  if (seconds < 0 || seconds > INT64_MAX / 4000000 || micros < 0) {
    qkr_node_refuse(node, QK_ESTORE, "the server's answer to TIME makes no sense");
    return;
  }
  int64_t offset_us = seconds * 1000000 + micros - qkr_now_us();
  node->server.offset_ms = (offset_us >= 0 ? offset_us : offset_us - 999) / 1000;
  qkr_node_ready(node);
}

/* ---- INFO ---- */

static void check_info(struct qkr_node *node)
{
  const struct qkr_settings *settings = node->wire->settings;
  const struct qkr_info *info = &node->info;
  if (info->version && info->version < OLDEST)
    qkr_node_refuse(node, QK_EDENIED, "the server is older than Redis 6.2: update it");
  else if (info->is_cluster && settings->kind != QKR_CLUSTER)
    qkr_node_refuse(node, QK_EDENIED, "the server is a cluster node: use redis+cluster://");
  else if (info->version && !info->is_cluster && settings->kind == QKR_CLUSTER)
    qkr_node_refuse(node, QK_EDENIED,
                    "the server is no cluster node: use redis:// instead of redis+cluster://");
  else if (info->evicts && !settings->allow_eviction)
    qkr_node_refuse(node, QK_EDENIED,
                    "the server's maxmemory-policy is allkeys-*, which loses people: set noeviction, or "
                    "allow_eviction=1 in the URI");
  else if (info->is_replica && settings->kind != QKR_CLUSTER)
    qkr_node_refuse(node, QK_ESTORE, "the server is a replica: its master is needed");
}

static void on_info(struct qkr_node *node, struct qkr_request *request, const struct qkr_reply *reply)
{
  const struct qkr_value *value = &reply->values[0];
  (void)request;
  node->info = (struct qkr_info){.replicas = -1};
  if (is_error(reply)) {
    struct qkr_fault fault = qkr_fault_of(value->text);
    if (fault.code != QK_EDENIED || fault.quote == 0) {
      refuse(node, value->text);
      return;
    }
    qk_host_log(node->wire->host, 1, QK_EDENIED, NULL,
                "INFO is forbidden: version, eviction policy and restarts of the server stay unknown");
  } else if (value->type == QKR_STRING) {
    qkr_info_read(&node->info, value->text, value->len);
  } else {
    qkr_node_refuse(node, QK_ESTORE, "the server's answer to INFO makes no sense");
    return;
  }
  node->server.run = node->info.run;
  node->census_us = qkr_now_us();
  check_info(node);
}

/* ---- AUTH and SELECT ---- */

static void on_select(struct qkr_node *node, struct qkr_request *request, const struct qkr_reply *reply)
{
  (void)request;
  if (is_error(reply))
    refuse(node, reply->values[0].text);
}

/* A replica of a cluster answers with another error: nothing waits for it. */
static void on_wait(struct qkr_node *node, struct qkr_request *request, const struct qkr_reply *reply)
{
  (void)request;
  if (is_error(reply) && qkr_fault_of(reply->values[0].text).code == QK_EDENIED)
    refuse(node, reply->values[0].text);
}

/* May we? WAIT for no replica ends at once. */
static void put_wait(struct qkr_node *node)
{
  qkr_command_clear(&node->wire->command);
  qkr_add_text(&node->wire->command, "WAIT");
  qkr_add_number(&node->wire->command, 0);
  qkr_add_number(&node->wire->command, 1);
  put(node, on_wait);
}

static void put_rest(struct qkr_node *node)
{
  const struct qkr_settings *settings = node->wire->settings;
  if (node->is_sentinel) {
    qkr_node_ready(node);
    return;
  }
  if (settings->database > 0 && settings->kind != QKR_CLUSTER) {
    qkr_command_clear(&node->wire->command);
    qkr_add_text(&node->wire->command, "SELECT");
    qkr_add_number(&node->wire->command, settings->database);
    put(node, on_select);
  }
  put_text(node, "INFO", on_info);
  if (settings->replicas > 0)
    put_wait(node);
  put_text(node, "TIME", on_time);
  node->wire->dirty = 1;
}

static void on_auth(struct qkr_node *node, struct qkr_request *request, const struct qkr_reply *reply)
{
  (void)request;
  if (is_error(reply))
    refuse(node, reply->values[0].text);
  else
    put_rest(node);
}

/* Until AUTH is answered a server takes 16 KB and 10 arguments at most: so it goes alone. */
void qkr_greet(struct qkr_node *node)
{
  const struct qkr_settings *settings = node->wire->settings;
  if (!settings->password || (node->is_sentinel && !node->needs_auth)) {
    put_rest(node);
    return;
  }
  qkr_command_clear(&node->wire->command);
  qkr_add_text(&node->wire->command, "AUTH");
  if (settings->user && *settings->user)
    qkr_add_text(&node->wire->command, settings->user);
  qkr_add_text(&node->wire->command, settings->password);
  put(node, on_auth);
  node->wire->dirty = 1;
}
