#include "simulate.h"

#include <stdlib.h>
#include "play.h"

int simulate(const struct scene *scene, struct figures *figures)
{
  struct record *record = malloc(sizeof *record);
  if (record == NULL)
    return QK_ENOMEM;
  int code = play(scene, record);
  if (code == QK_OK && figures_make(figures, scene, record) != 0)
    code = QK_ENOMEM;
  record_finish(record);
  free(record);
  return code;
}
