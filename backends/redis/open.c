#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "route.h"

#define KEYS "mwsrig" /* the last letters of a queue's keys */

/* ---- The probe: every command that the scripts use, on keys of no queue; once by EVAL and once by EVALSHA,
 * since either may be forbidden ---- */

struct trial {
  const struct qkr_settings *settings;
  uint64_t tag;
  int left, code; /* probes that are out; of the first that failed */
};

struct probe {
  struct qkr_request request; /* first: see probe_of() */
  struct trial *trial;
};

static struct probe *probe_of(struct qkr_request *request)
{
  return (struct probe *)request;
}

static size_t name_key(const struct trial *trial, char letter, char *out, size_t size)
{
  int len = snprintf(out, size, "%s{=probe-%016llx}%c", trial->settings->prefix,
                     (unsigned long long)trial->tag, letter);
  return len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1;
}

static void build_probe(struct qkr_request *request, const struct qkr_server *server,
                        struct qkr_command *command)
{
  char key[256];
  (void)server;
  if (!request->script) {
    qkr_add_text(command, "EVAL");
    qkr_add(command, qkr_script_probe.text, qkr_script_probe.len);
  }
  qkr_add_number(command, (int64_t)strlen(KEYS));
  for (const char *letter = KEYS; *letter; letter++)
    qkr_add(command, key, name_key(probe_of(request)->trial, *letter, key, sizeof key));
}

static int read_probe(struct qkr_request *request, const struct qkr_reply *reply)
{
  (void)request;
  int is_good = reply->count >= 2 && reply->values[1].type == QKR_INTEGER && reply->values[1].integer == 0;
  return is_good ? QK_OK : QKR_NONSENSE;
}

static void end_probe(struct qkr_request *request, int code)
{
  struct trial *trial = probe_of(request)->trial;
  trial->left--;
  if (trial->code == QK_OK)
    trial->code = code;
}

static void send_probe(struct qkr_wire *wire, struct trial *trial, struct probe *probe, int64_t deadline_ms,
                       const struct qkr_script *script)
{
  char key[256];
  *probe = (struct probe){.request = {.slot = qkr_slot(key, name_key(trial, *KEYS, key, sizeof key)),
                                      .deadline_ms = deadline_ms,
                                      .reads = 1, /* nothing of worth changes */
                                      .script = script,
                                      .build = build_probe,
                                      .answer = read_probe,
                                      .done = end_probe},
                          .trial = trial};
  trial->left++;
  qkr_wire_send(wire, &probe->request);
}

/* ---- Open ---- */

static int init(struct qkr_wire *wire)
{
  qkr_command_init(&wire->command);
  if (qkr_poller_init(&wire->poller) != QK_OK)
    return QK_ESTORE;
  int code = qk_host_random(wire->host, &wire->random, sizeof wire->random);
  return code == QK_OK ? qkr_route_init(wire) : code;
}

/* No attempt helps against a server that will not have us. */
static int is_over(const struct qkr_wire *wire, const struct trial *trial)
{
  if (trial->code != QK_OK)
    return 1;
  if (trial->left > 0)
    return wire->trouble_code == QK_EDENIED;
  return !wire->cluster || qkr_cluster_is_whole(wire->cluster);
}

static int run_trial(struct qkr_wire *wire)
{
  struct trial trial = {.settings = wire->settings};
  struct probe by_text, by_name;
  int64_t now_ms, end_ms = qkr_now_us() / 1000 + wire->settings->timeout_ms;
  int code = qk_host_random(wire->host, &trial.tag, sizeof trial.tag);
  if (code != QK_OK)
    return code;
  send_probe(wire, &trial, &by_text, end_ms, NULL);
  send_probe(wire, &trial, &by_name, end_ms, &qkr_script_probe);
  while (!is_over(wire, &trial) && (now_ms = qkr_now_us() / 1000) <= end_ms)
    qkr_wire_process(wire, (int)(end_ms - now_ms) + 1);
  if (trial.code != QK_OK)
    code = trial.code;
  else if (trial.left > 0)
    code = wire->trouble_code == QK_EDENIED ? QK_EDENIED : QK_ESTORE;
  else if (!is_over(wire, &trial))
    code = QK_ESTORE;
  qkr_wire_forget(wire);
  return code;
}

int qkr_wire_open(struct qkr_wire **out, const struct qkr_settings *settings, qk_host *host, qk_error *err)
{
  if (settings->kind == QKR_CLUSTER && settings->database != 0)
    return qk_error_set(err, QK_EINVAL, "URI: a cluster has no database but 0");
  struct qkr_wire *wire = calloc(1, sizeof *wire);
  if (!wire)
    return qk_error_set(err, QK_ENOMEM, "no memory");
  wire->settings = settings;
  wire->host = host;
  int code = init(wire);
  if (code == QK_OK)
    code = run_trial(wire);
  if (code == QK_OK) {
    *out = wire;
    return QK_OK;
  }
  qk_error_set(err, code, "%s", *wire->trouble ? wire->trouble : qk_strerror(code));
  qkr_wire_close(wire, 0);
  return code;
}

void qkr_wire_close(struct qkr_wire *wire, int forked)
{
  qkr_wire_forget(wire);
  while (wire->nodes)
    qkr_node_destroy(wire->nodes, forked);
  qkr_route_finish(wire);
  qkr_poller_finish(&wire->poller);
  qkr_schedule_finish(&wire->schedule);
  qkr_command_finish(&wire->command);
  free(wire);
}
