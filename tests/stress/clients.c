#include "clients.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "janitor.h"
#include "runner.h"

static const char *programs[] = {"examples/loops/loop_epoll", "examples/loops/loop_libuv",
                                 "examples/loops/loop_libevent"};

enum { PROGRAMS = sizeof programs / sizeof programs[0] };

int loop_count;

/* ---- Waiting --------------------------------------------------------------------------------------- */

int64_t now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void wait_until(const char *what, int (*done)(void *arg), void *arg)
{
  struct timespec moment = {.tv_nsec = 5000000};
  int64_t until_ms = now_ms() + PATIENCE_MS;
  while (!done(arg)) {
    ck_assert_msg(now_ms() < until_ms, "waited in vain: %s", what);
    nanosleep(&moment, NULL);
  }
}

/* ---- Hosts ----------------------------------------------------------------------------------------- */

static void launch(struct loop_host *host, int loop, const char *seats, const char *uri)
{
  const char *program = host->program = programs[loop];
  host->pid = fork();
  ck_assert_int_ge(host->pid, 0);
  if (host->pid == 0) {
    execl(program, program, "-s", seats, host->socket, uri, (char *)NULL);
    _exit(127);
  }
  janitor_watch(host->pid);
}

static int connect_to(const struct loop_host *host)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ck_assert_int_ge(fd, 0);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  memcpy(address.sun_path, host->socket, sizeof address.sun_path);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  close(fd);
  return -1;
}

static int listens(void *arg)
{
  const struct loop_host *host = arg;
  ck_assert_msg(waitpid(host->pid, NULL, WNOHANG) == 0, "%s has ended", host->program);
  int fd = connect_to(host);
  if (fd >= 0)
    close(fd);
  return fd >= 0;
}

void host_start(struct loop_host *host, int loop, const char *seats, const char *uri)
{
  static int started;
  snprintf(host->socket, sizeof host->socket, "%s/host%d", janitor_folder(), started++);
  launch(host, loop, seats, uri);
  wait_until("the host listens", listens, host);
}

void host_start_again(struct loop_host *host, int loop, const char *seats, const char *uri)
{
  launch(host, loop, seats, uri);
  wait_until("the host listens", listens, host);
}

int host_start_beside(const struct loop_host *other, int loop)
{
  struct loop_host host = *other;
  launch(&host, loop, "1", "memory:");
  return host_wait(&host);
}

struct waiting {
  pid_t pid;
  int status;
};

static int has_ended(void *arg)
{
  struct waiting *waiting = arg;
  return waitpid(waiting->pid, &waiting->status, WNOHANG) == waiting->pid;
}

int host_wait(struct loop_host *host)
{
  struct waiting waiting = {.pid = host->pid};
  wait_until("the host ends", has_ended, &waiting);
  janitor_forget(host->pid);
  host->pid = 0;
  return WIFSIGNALED(waiting.status) ? 128 + WTERMSIG(waiting.status) : WEXITSTATUS(waiting.status);
}

int host_end(struct loop_host *host, int number)
{
  ck_assert_int_eq(kill(host->pid, number), 0);
  return host_wait(host);
}

int host_has_socket(const struct loop_host *host)
{
  return access(host->socket, F_OK) == 0;
}

static int count_descriptors(const struct loop_host *host)
{
  char path[64];
  int count = 0;
  snprintf(path, sizeof path, "/proc/%ld/fd", (long)host->pid);
  DIR *dir = opendir(path);
  ck_assert_ptr_nonnull(dir);
  while (readdir(dir))
    count++;
  closedir(dir);
  return count;
}

/* Fields 14 and 15 of proc(5), behind the name in parentheses. */
static long busy_ms(const struct loop_host *host)
{
  char path[64], text[1024];
  long user = 0, system = 0;
  snprintf(path, sizeof path, "/proc/%ld/stat", (long)host->pid);
  FILE *file = fopen(path, "r");
  ck_assert_ptr_nonnull(file);
  ck_assert_ptr_nonnull(fgets(text, sizeof text, file));
  fclose(file);
  ck_assert_int_eq(
      sscanf(strrchr(text, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system),
      2);
  return (user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

static int has_rested(void *arg)
{
  const struct loop_host *host = arg;
  struct timespec moment = {.tv_nsec = 300000000};
  long before_ms = busy_ms(host);
  nanosleep(&moment, NULL);
  return busy_ms(host) - before_ms <= 50;
}

void host_await_rest(struct loop_host *host)
{
  wait_until("the host rests", has_rested, host);
}

static int has_forgotten(void *arg)
{
  const struct loop_host *host = arg;
  return count_descriptors(host) <= host->descriptors;
}

void host_count_descriptors(struct loop_host *host)
{
  host->descriptors = count_descriptors(host);
}

void host_await_descriptors(struct loop_host *host)
{
  wait_until("the host closes what it opened", has_forgotten, host);
}

/* ---- Clients --------------------------------------------------------------------------------------- */

struct client client_connect(const struct loop_host *host)
{
  struct timeval limit = {.tv_sec = PATIENCE_MS / 1000};
  struct client client = {.fd = connect_to(host)};
  ck_assert_msg(client.fd >= 0, "%s does not listen", host->program);
  setsockopt(client.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  client.in = fdopen(client.fd, "r");
  ck_assert_ptr_nonnull(client.in);
  return client;
}

void client_close(struct client *client)
{
  fclose(client->in);
}

void client_send(const struct client *client, const char *text)
{
  for (size_t sent = 0, len = strlen(text); sent < len;) {
    ssize_t now = send(client->fd, text + sent, len - sent, MSG_NOSIGNAL);
    ck_assert_msg(now > 0, "the host does not listen: %s", strerror(errno));
    sent += (size_t)now;
  }
}

static void copy(json_t *from, const char *name, char *out, size_t size)
{
  const char *text = json_string_value(json_object_get(from, name));
  ck_assert_msg(text && strlen(text) < size, "no %s in the answer", name);
  memcpy(out, text, strlen(text) + 1);
}

static void parse(const char *line, struct answer *answer)
{
  json_t *all = json_loads(line, 0, NULL), *ticket = json_object_get(all, "ticket");
  ck_assert_msg(json_is_object(ticket), "not an answer: %s", line);
  answer->code = (int)json_integer_value(json_object_get(all, "code"));
  copy(all, "text", answer->text, sizeof answer->text);
  copy(all, "token", answer->token, sizeof answer->token);
  copy(ticket, "state", answer->state, sizeof answer->state);
  copy(ticket, "queue", answer->queue, sizeof answer->queue);
  copy(ticket, "user", answer->user, sizeof answer->user);
  answer->number = (uint64_t)json_integer_value(json_object_get(ticket, "number"));
  answer->position = (uint64_t)json_integer_value(json_object_get(ticket, "position"));
  json_decref(all);
}

int client_read(struct client *client, struct answer *answer)
{
  char line[4096];
  errno = 0;
  if (!fgets(line, sizeof line, client->in)) {
    ck_assert_msg(errno == 0 || errno == ECONNRESET, "no answer: %s", strerror(errno));
    return 0;
  }
  ck_assert_msg(strchr(line, '\n') != NULL, "half an answer: %s", line);
  parse(line, answer);
  return 1;
}

struct answer client_ask(struct client *client, const char *format, ...)
{
  char line[2048];
  struct answer answer;
  va_list args;
  va_start(args, format);
  int len = vsnprintf(line, sizeof line - 1, format, args);
  va_end(args);
  memcpy(line + len, "\n", 2);
  client_send(client, line);
  ck_assert_msg(client_read(client, &answer), "no answer to %s", line);
  return answer;
}

void check_answer_at(int line, struct answer got, int code, const char *state)
{
  ck_assert_msg(got.code == code && !strcmp(got.state, state), "line %d: %d (%s), %s, not %d, %s", line,
                got.code, got.text, got.state, code, state);
}

/* ---- Programs -------------------------------------------------------------------------------------- */

/* A loop whose library is not installed was not built: that is said, and in CI a failure. */
static void find_programs(void)
{
  for (int i = 0; i < PROGRAMS; i++)
    if (access(programs[i], X_OK) == 0)
      programs[loop_count++] = programs[i];
    else
      printf("%s was not built\n", programs[i]);
}

int clients_main(const char *name, void (*const *adds)(TCase *tests))
{
  const char *ci = getenv("CI");
  find_programs();
  if (loop_count < PROGRAMS && ci && !strcmp(ci, "true")) {
    printf("0 passed, 1 failed, 0 skipped\n");
    return 1;
  }
  Suite *suite = suite_create(name);
  TCase *tests = tcase_create(name);
  tcase_set_timeout(tests, 120);
  for (size_t i = 0; adds[i]; i++)
    adds[i](tests);
  suite_add_tcase(suite, tests);
  return runner_main(suite);
}
