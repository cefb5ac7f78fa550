#include "figure.h"

void figure_add(struct figure *figure, int side, double value)
{
  if (figure->rounds[side] < MEDIAN_MAX)
    figure->value[side][figure->rounds[side]++] = value;
}

double figure_median(const struct figure *figure, int side)
{
  return figure->rounds[side] > 0 ? median(figure->value[side], figure->rounds[side]) : -1;
}

double figure_ratio(const struct figure *figure)
{
  double ours = figure_median(figure, LIBQUEUE), peer = figure_median(figure, PEER);
  if (ours <= 0 || peer <= 0)
    return -1;
  return figure->unit == UNIT_PER_SECOND ? ours / peer : peer / ours;
}

double figure_shortfall(const struct figure *figure)
{
  double ours = figure_median(figure, LIBQUEUE), shortfall = 0;
  if (figure->goal_kind == GOAL_RATIO)
    shortfall = 1 - figure_ratio(figure) / figure->goal;
  if (figure->goal_kind == GOAL_AT_LEAST)
    shortfall = 1 - ours / figure->goal;
  if (figure->goal_kind == GOAL_AT_MOST)
    shortfall = figure->goal > 0 ? ours / figure->goal - 1 : ours;
  return shortfall > 0 ? shortfall : 0;
}

int figure_is_held(const struct figure *figure)
{
  return figure->goal_kind != GOAL_NONE && figure->rounds[LIBQUEUE] > 0;
}
