#include "window.h"

#include <string.h>

static size_t place(int64_t slot)
{
  return (size_t)slot % QK_WINDOW_SLOTS;
}

static int64_t first_kept(const qk_window *window)
{
  return window->newest < QK_WINDOW_SLOTS ? 0 : window->newest - QK_WINDOW_SLOTS + 1;
}

void qki_window_add(qk_window *window, int64_t slot, uint64_t n)
{
  if (slot - window->newest >= QK_WINDOW_SLOTS) {
    memset(window, 0, sizeof *window);
    window->newest = slot;
  }
  while (window->newest < slot) {
    window->newest++;
    window->sum -= window->count[place(window->newest)];
    window->count[place(window->newest)] = 0;
  }
  window->count[place(window->newest)] += n;
  window->sum += n;
}

uint64_t qki_window_sum(const qk_window *window, int64_t oldest)
{
  uint64_t sum = window->sum;
  if (oldest > window->newest)
    return 0;
  for (int64_t slot = first_kept(window); slot < oldest; slot++)
    sum -= window->count[place(slot)];
  return sum;
}

uint64_t qki_window_count(const qk_window *window, int64_t slot)
{
  return slot < first_kept(window) || slot > window->newest ? 0 : window->count[place(slot)];
}
