#include "rows.h"

double row_shortfall(const struct row *row)
{
  double shortfall = 0;
  if (row->goal_kind == GOAL_RATIO)
    shortfall = 1 - row->ratio / row->goal;
  if (row->goal_kind == GOAL_AT_MOST)
    shortfall = row->goal > 0 ? row->ours / row->goal - 1 : row->ours;
  return shortfall > 0 ? shortfall : 0;
}
