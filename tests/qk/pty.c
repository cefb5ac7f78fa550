/* Runs a command on a terminal of its own, for tests/qk.sh:
 *
 *     pty [STEP]... -- COMMAND [ARGUMENT]...
 *
 * Steps, one after the other: wait:TEXT until the command has written it since the last wait; send:KEYS;
 * size:COLUMNSxROWS; signal:NUMBER. Writes what the command wrote, then how it ended and whether the terminal
 * is as it was before. Exits with 1 if a text does not come, or the command does not end. */
#undef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 /* NOLINT(bugprone-reserved-identifier): posix_openpt() and its like are of XSI */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 20000, OUTPUT = 1 << 20 };

static char output[OUTPUT];
static size_t length, seen; /* seen: before it no wait looks */
static int master, slave;
static pid_t child;

static void give_up(const char *what)
{
  fwrite(output, 1, length, stdout);
  printf("\npty: %s\n", what);
  if (child > 0)
    kill(child, SIGKILL);
  exit(1);
}

static int64_t now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Read what comes within some ms. */
static void take(int limit_ms)
{
  struct pollfd input = {.fd = master, .events = POLLIN};
  if (poll(&input, 1, limit_ms) <= 0)
    return;
  ssize_t got = read(master, output + length, OUTPUT - 1 - length);
  if (got > 0)
    length += (size_t)got;
  output[length] = '\0';
}

static void set_size(const char *text)
{
  struct winsize size = {0};
  char *end;
  size.ws_col = (unsigned short)strtol(text, &end, 10);
  size.ws_row = (unsigned short)strtol(*end ? end + 1 : end, NULL, 10);
  ioctl(slave, TIOCSWINSZ, &size);
}

static void wait_for(const char *text)
{
  int64_t end_ms = now_ms() + WAIT_MS;
  const char *at;
  while (!(at = strstr(output + seen, text))) {
    if (now_ms() > end_ms)
      give_up(text);
    take(50);
  }
  seen = (size_t)(at - output) + strlen(text);
}

static void step(const char *word)
{
  const char *value = strchr(word, ':') ? strchr(word, ':') + 1 : "";
  if (!strncmp(word, "wait:", 5))
    wait_for(value);
  else if (!strncmp(word, "size:", 5))
    set_size(value);
  else if (!strncmp(word, "signal:", 7))
    kill(child, (int)strtol(value, NULL, 10));
  else if (!strncmp(word, "send:", 5) && write(master, value, strlen(value)) < 0)
    give_up("cannot send");
}

static void start(char **command)
{
  master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
    give_up("no terminal to be had");
  slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  set_size("100x20");
  child = fork();
  if (child == 0) {
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; fd++)
      dup2(slave, fd);
    close(slave);
    close(master);
    execvp(command[0], command);
    _exit(127);
  }
}

/* Returns how it ended, as of waitpid(). */
static int finish(void)
{
  int status;
  int64_t end_ms = now_ms() + WAIT_MS;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (now_ms() > end_ms)
      give_up("it does not end");
    take(50);
  }
  take(0);
  return status;
}

int main(int argc, char **argv)
{
  struct termios before, after;
  int at = 1;
  while (at < argc && strcmp(argv[at], "--") != 0)
    at++;
  if (at + 1 >= argc)
    return 2;
  start(argv + at + 1);
  tcgetattr(slave, &before);
  for (int i = 1; i < at; i++)
    step(argv[i]);
  int status = finish();
  tcgetattr(slave, &after);
  fwrite(output, 1, length, stdout);
  int same =
      before.c_lflag == after.c_lflag && before.c_iflag == after.c_iflag && before.c_oflag == after.c_oflag;
  printf("\npty: %s %d, terminal %s\n", WIFSIGNALED(status) ? "signal" : "status",
         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), same ? "restored" : "changed");
  return 0;
}
