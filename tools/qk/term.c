#include "term.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"

/* The alternate screen, and no cursor. */
#define ENTER "\033[?1049h\033[?25l\033[H"
#define LEAVE "\033[?25h\033[?1049l"

static struct termios before; /* as the terminal was */
static int has_keys;          /* standard input is a terminal */
static volatile sig_atomic_t is_live, resized;

int term_can_be_live(void)
{
  const char *name = getenv("TERM");
  return isatty(STDOUT_FILENO) && name != NULL && name[0] != '\0' && strcmp(name, "dumb") != 0;
}

/* From a signal handler too. */
static void send(const char *text, size_t len)
{
  while (len > 0) {
    ssize_t written = write(STDOUT_FILENO, text, len);
    if (written < 0 && errno != EINTR)
      return;
    if (written > 0) {
      text += written;
      len -= (size_t)written;
    }
  }
}

/* Keys come at once and unseen; signals from the keyboard stay. */
static void go_live(void)
{
  if (has_keys) {
    struct termios now = before;
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    now.c_cc[VMIN] = 1;
    now.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &now);
  }
  is_live = 1;
  send(ENTER, sizeof ENTER - 1);
}

static void go_back(void)
{
  if (!is_live)
    return;
  is_live = 0;
  send(LEAVE, sizeof LEAVE - 1);
  if (has_keys)
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

static void on_resize(int number)
{
  (void)number;
  resized = 1;
}

/* At once, also in the middle of a call to the store: nothing that is read there can be harmed. */
static void on_end(int number)
{
  go_back();
  signal(number, SIG_DFL);
  raise(number);
}

static void handle(int number, void (*handler)(int), int flags)
{
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

static void on_stop(int number)
{
  int saved = errno;
  sigset_t stop;
  go_back();
  sigemptyset(&stop);
  sigaddset(&stop, number);
  handle(number, SIG_DFL, 0);
  raise(number);
  sigprocmask(SIG_UNBLOCK, &stop, NULL); /* stops here */
  handle(number, on_stop, SA_RESTART);
  go_live();
  resized = 1;
  errno = saved;
}

void term_enter(void)
{
  static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
  has_keys = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
  atexit(go_back);
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
    handle(ends[i], on_end, 0);
  handle(SIGTSTP, on_stop, SA_RESTART);
  handle(SIGWINCH, on_resize, 0);
  go_live();
}

void term_leave(void)
{
  go_back();
}

void term_size(int *columns, int *lines)
{
  struct winsize size = {0};
  *columns = 80;
  *lines = 24;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    *columns = size.ws_col;
    *lines = size.ws_row;
  }
}

int term_wait(int64_t end_ms)
{
  for (;;) {
    struct pollfd input = {.fd = is_live && has_keys ? STDIN_FILENO : -1, .events = POLLIN};
    int64_t left_ms = end_ms - clock_now_ms();
    if (resized) {
      resized = 0;
      return TERM_RESIZED;
    }
    if (left_ms <= 0)
      return TERM_TIME;
    if (poll(&input, 1, (int)left_ms) > 0) {
      unsigned char key;
      if (read(STDIN_FILENO, &key, 1) == 1)
        return key;
      has_keys = 0; /* the terminal is gone */
    }
  }
}
