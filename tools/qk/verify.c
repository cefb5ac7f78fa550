#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "grid.h"
#include "run.h"
#include "sample.h"
#include "say.h"
#include "store.h"
#include "text.h"
#include "uri.h"

static int read_token(const char *operand, char token[QK_TOKEN_SIZE + 2])
{
  if (strcmp(operand, "-") != 0)
    snprintf(token, QK_TOKEN_SIZE + 2, "%s", operand);
  else if (fgets(token, QK_TOKEN_SIZE + 2, stdin) == NULL)
    return say_error(QK_EINVAL, "verify: no token on standard input");
  token[strcspn(token, "\r\n")] = '\0';
  return STATUS_OK;
}

static int64_t now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *sentence(int code)
{
  switch (code) {
  case QK_OK:
    return "it lets its owner in";
  case QK_ENOTREADY:
    return "genuine, but its owner waits: it lets nobody in";
  case QK_EEXPIRED:
    return "genuine, but its time is up";
  default:
    return "garbled, forged, or signed with another key";
  }
}

static void row(struct grid *grid, const char *name, const char *value)
{
  grid_put(grid, DIM, name);
  grid_put(grid, PLAIN, value);
}

static void put_ticket(struct grid *grid, const qk_ticket *ticket)
{
  char until[100] = "-";
  int64_t left_ms = ticket->expires_at_ms - now_ms();
  if (ticket->expires_at_ms > 0)
    snprintf(until, sizeof until, "%s, %s%s%s", text_utc(ticket->expires_at_ms).s, left_ms >= 0 ? "in " : "",
             text_span(left_ms >= 0 ? left_ms : -left_ms).s, left_ms >= 0 ? "" : " ago");
  row(grid, "  queue", ticket->queue);
  row(grid, "  user", ticket->user);
  row(grid, "  state", qk_state_name(ticket->state));
  row(grid, "  number", text_count(ticket->number).s);
  row(grid, "  class", text_count(ticket->cls).s);
  row(grid, "  until", until);
}

static void print_verdict(const struct args *args, int code, const qk_ticket *ticket)
{
  struct page page;
  struct grid grid;
  page_init(&page, page_has_color((int)args->no_color));
  page_put(&page, code == QK_OK ? GOOD : BAD, code == QK_OK ? "good" : "not good");
  page_format(&page, PLAIN, ": %s", sentence(code));
  page_end_line(&page);
  if (ticket->number != 0) {
    grid_init(&grid, "ll");
    put_ticket(&grid, ticket);
    grid_draw_all(&grid, &page);
    grid_finish(&grid);
  }
  page_print(&page);
  page_finish(&page);
}

static void print_verdict_json(int code, const qk_ticket *ticket)
{
  char *text = ticket->number != 0 ? qk_ticket_json(ticket) : NULL;
  json_t *fields = text != NULL ? json_loads(text, 0, NULL) : json_null();
  qk_free(text);
  print_json(json_pack("{s:b, s:s, s:s, s:o}", "good", code == QK_OK, "code", code_name(code), "text",
                       sentence(code), "ticket", fields));
}

static int judge(const struct store *store, const struct args *args, const char *token)
{
  qk_ticket ticket;
  int code = qk_verify(store->handle, token, &ticket);
  if (code == QK_EVERSION)
    return say_error(code, "verify: a newer version of libqueue made this token; update this one");
  if (args->json)
    print_verdict_json(code, &ticket);
  else
    print_verdict(args, code, &ticket);
  return code == QK_OK ? STATUS_OK : STATUS_NO;
}

int run_verify(const struct args *args)
{
  char token[QK_TOKEN_SIZE + 2];
  struct store store;
  int is_memory = uri_is_memory(args->uri), status = read_token(args->operands[1], token);
  if (status == STATUS_OK && is_memory && args->key == NULL)
    status = say_error(QK_EINVAL, "verify: memory: has no secret but its own; --key FILE names the one");
  if (status == STATUS_OK)
    status = store_open_for_tokens(&store, args);
  if (status != STATUS_OK)
    return status;
  status = judge(&store, args, token);
  store_close(&store);
  return status;
}
