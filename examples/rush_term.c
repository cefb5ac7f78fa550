#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "rush_term.h"

#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"

static volatile sig_atomic_t interrupted, cursor_hidden;

static const char *environment(const char *name)
{
  const char *value = getenv(name);
  return value != NULL ? value : "";
}

/* The first of the three that is set names the character set. */
static int locale_is_utf8(void)
{
  const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const char *value = environment(names[i]);
    if (value[0] != '\0')
      return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL;
  }
  return 0;
}

void term_init(struct term *term)
{
  const char *name = environment("TERM");
  int tty = isatty(STDOUT_FILENO) && name[0] != '\0' && strcmp(name, "dumb") != 0;
  term->live = tty;
  term->color = tty && environment("NO_COLOR")[0] == '\0';
  term->utf8 = locale_is_utf8();
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

void term_write(const char *text, size_t len)
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

static void on_signal(int number)
{
  int saved = errno;
  (void)number;
  interrupted = 1;
  if (cursor_hidden)
    term_write(SHOW_CURSOR, sizeof SHOW_CURSOR - 1);
  errno = saved;
}

void term_enter(const struct term *term)
{
  struct sigaction action = {.sa_handler = on_signal};
  /* Once: then the default, so that a second signal ends a program that does not stop. */
  action.sa_flags = (int)SA_RESETHAND;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  if (term->live) {
    cursor_hidden = 1;
    term_write(HIDE_CURSOR, sizeof HIDE_CURSOR - 1);
  }
}

void term_leave(const struct term *term)
{
  if (term->live)
    term_write(SHOW_CURSOR, sizeof SHOW_CURSOR - 1);
  cursor_hidden = 0;
}

int term_interrupted(void)
{
  return interrupted;
}
