/* Cleans up behind a test program: a process of its own that waits until the program has ended, however it
 * ended, then kills the processes that it left and removes its folder. */
#ifndef TESTS_JANITOR_H
#define TESTS_JANITOR_H

#include <sys/types.h>

/* A folder of this process under TMPDIR or /tmp. A child of fork() gets another one. Ends the process with a
 * message if there is none to be had. */
const char *janitor_folder(void);
/* pid, a child of this process, ends with it; or has ended and was waited for. */
void janitor_watch(pid_t pid);
void janitor_forget(pid_t pid);

/* Remove a folder with all that is in it. */
void janitor_remove(const char *folder);

#endif
