#include "janitor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WATCHED 256 /* processes at a time */

static char folder[128];
static pid_t owner; /* whose folder it is: a child of fork() inherits these */
static int pipe_fd = -1;

static void give_up(const char *what)
{
  perror(what);
  exit(1);
}

/* ---- Folders --------------------------------------------------------------------------------------- */

static void remove_at(int parent, const char *name)
{
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  if (!dir) {
    if (fd >= 0)
      close(fd);
    unlinkat(parent, name, 0);
    return;
  }
  for (struct dirent *entry; (entry = readdir(dir));)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      remove_at(fd, entry->d_name);
  closedir(dir);
  unlinkat(parent, name, AT_REMOVEDIR);
}

void janitor_remove(const char *path)
{
  remove_at(AT_FDCWD, path);
}

/* ---- The janitor's own process --------------------------------------------------------------------- */

static void note(pid_t *pids, pid_t told)
{
  for (size_t i = 0; i < WATCHED; i++)
    if (pids[i] == (told > 0 ? 0 : -told)) {
      pids[i] = told > 0 ? told : 0;
      return;
    }
}

/* Read pids, negative ones of processes that are over, until the pipe ends: that is when the program and all
 * of its children have. */
static void clean(int fd)
{
  static pid_t pids[WATCHED];
  pid_t told;
  ssize_t got;
  while ((got = read(fd, &told, sizeof told)) == (ssize_t)sizeof told || (got < 0 && errno == EINTR))
    if (got > 0)
      note(pids, told);
  for (size_t i = 0; i < WATCHED; i++)
    if (pids[i] > 0)
      kill(pids[i], SIGKILL);
  janitor_remove(folder);
  _exit(0);
}

/* A session of its own, so that what ends the program's process group does not end this; and no open
 * descriptor, so that nobody waits for its end. */
static void become_janitor(int fd)
{
  int null = open("/dev/null", O_RDWR);
  long limit = sysconf(_SC_OPEN_MAX);
  setsid();
  for (int i = 0; i < 3; i++)
    dup2(null, i);
  for (int i = 3; i < (limit > 0 && limit < 4096 ? limit : 4096); i++)
    if (i != fd)
      close(i);
  clean(fd);
}

static void make_folder(void)
{
  const char *base = getenv("TMPDIR");
  int len = snprintf(folder, sizeof folder, "%s/libqueue-XXXXXX", base && base[0] ? base : "/tmp");
  if (len >= 80) { /* the path of a socket in it has to stay below 108 bytes */
    fprintf(stderr, "TMPDIR is too long a path for sockets: %s\n", base);
    exit(1);
  }
  if (!mkdtemp(folder))
    give_up(folder);
}

static void start_janitor(void)
{
  int fds[2];
  make_folder();
  if (pipe(fds) != 0)
    give_up("pipe");
  fcntl(fds[1], F_SETFD, FD_CLOEXEC);
  fflush(NULL);
  pid_t pid = fork();
  if (pid < 0)
    give_up("fork");
  if (pid == 0)
    become_janitor(fds[0]);
  close(fds[0]);
  pipe_fd = fds[1];
  owner = getpid();
}

const char *janitor_folder(void)
{
  if (owner != getpid())
    start_janitor();
  return folder;
}

static void tell(pid_t pid)
{
  if (owner == getpid() && write(pipe_fd, &pid, sizeof pid) != (ssize_t)sizeof pid)
    give_up("janitor");
}

void janitor_watch(pid_t pid)
{
  tell(pid);
}

void janitor_forget(pid_t pid)
{
  tell(-pid);
}
