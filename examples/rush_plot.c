/* The rush as a picture: who waits and who is inside over time, and below it how fast people come and are let
 * in. */
#include <stdio.h>
#include "rush_summary.h"
#include "rush_text.h"

#define WIDTH 1000
#define HEIGHT 640
#define LEFT 84
#define RIGHT 970
#define POINTS 886 /* one a pixel is enough */
#define GRAY "#5f6b7a"
#define INK "#1b2430"

/* The colours of Okabe and Ito, which the colour-blind can tell apart; darker where they are lines. */
struct curve {
  enum measure measure;
  const char *name, *color;
  double fill; /* opacity under the line */
  int per_second;
};

struct panel {
  const char *unit;
  int top, bottom;
  const struct curve *curves;
  size_t count;
  double highest; /* of the axis */
};

struct plot {
  FILE *file;
  const struct rush *rush;
  const struct series *series;
  double seconds; /* the axis of time ends here */
};

static void put_escaped(FILE *file, const char *text)
{
  for (; *text != '\0'; text++) {
    if (*text == '&')
      fputs("&amp;", file);
    else if (*text == '<')
      fputs("&lt;", file);
    else
      fputc(*text, file);
  }
}

static double x_of(const struct plot *plot, double seconds)
{
  return LEFT + (RIGHT - LEFT) * seconds / plot->seconds;
}

static double x_of_sample(const struct plot *plot, size_t i)
{
  return x_of(plot, (double)plot->series->samples[i].at_ms / 1000);
}

static double y_of(const struct panel *panel, double value)
{
  return panel->bottom - (panel->bottom - panel->top) * value / panel->highest;
}

/* The least of 1, 2 and 5 times a power of ten that gives at most `ticks` steps up to highest. */
static double nice_step(double highest, int ticks)
{
  double power = 1;
  while (power * 10 * ticks < highest)
    power *= 10;
  if (power * ticks >= highest)
    return power;
  if (power * 2 * ticks >= highest)
    return power * 2;
  return power * 5 * ticks >= highest ? power * 5 : power * 10;
}

static double time_step(double seconds)
{
  static const double steps[] = {1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400};
  size_t i = 0;
  while (i + 1 < sizeof steps / sizeof steps[0] && seconds > 12 * steps[i])
    i++;
  return steps[i];
}

static void draw_text(const struct plot *plot, double x, double y, const char *attributes, const char *text)
{
  fprintf(plot->file, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
  put_escaped(plot->file, text);
  fputs("</text>\n", plot->file);
}

static void draw_line(const struct plot *plot, double x1, double y1, double x2, double y2,
                      const char *attributes)
{
  fprintf(plot->file, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2,
          attributes);
}

static void draw_head(const struct plot *plot, const struct summary *summary)
{
  const struct rush_options *options = &plot->rush->options;
  char text[256], hosts[40] = "";
  fprintf(plot->file,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
          "role=\"img\" "
          "font-family=\"'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"" GRAY
          "\">\n"
          "<title>The rush: people waiting and inside over time</title>\n"
          "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
          WIDTH, HEIGHT, WIDTH, HEIGHT);
  snprintf(text, sizeof text, "%s people, %s seats", text_count(plot->rush->people.count).s,
           text_count(options->seats).s);
  draw_text(plot, LEFT, 38, "font-size=\"21\" font-weight=\"bold\" fill=\"" INK "\"", text);
  if (options->hosts > 1)
    snprintf(hosts, sizeof hosts, ", %s hosts", text_count(options->hosts).s);
  snprintf(text, sizeof text, "Longest wait %s, median %s. libqueue %s, %s time, store %.60s%s",
           text_ms(summary->wait_longest_ms).s, text_ms(summary->wait_median_ms).s, qk_version(),
           options->realtime ? "real" : "virtual", plot->rush->shown, hosts);
  draw_text(plot, LEFT, 60, "font-size=\"13\"", text);
}

static void draw_legend(const struct plot *plot, const struct panel *panel)
{
  double x = LEFT, y = panel->top - 16;
  for (size_t i = 0; i < panel->count; i++) {
    const struct curve *curve = &panel->curves[i];
    fprintf(
        plot->file,
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"18\" height=\"10\" rx=\"2\" fill=\"%s\" fill-opacity=\"%.2f\" "
        "stroke=\"%s\" stroke-width=\"2\"/>\n",
        x + 1, y - 9, curve->color, curve->fill, curve->color);
    draw_text(plot, x + 26, y, "font-size=\"13\" fill=\"" INK "\"", curve->name);
    x += 150;
  }
  draw_text(plot, RIGHT, y, "text-anchor=\"end\"", panel->unit);
}

static void draw_axes(const struct plot *plot, const struct panel *panel, int ticks)
{
  double step = nice_step(panel->highest, ticks);
  double seconds = time_step(plot->seconds);
  for (double value = 0; value <= panel->highest * 1.0001; value += step) {
    double y = y_of(panel, value);
    draw_line(plot, LEFT, y, RIGHT, y, value > 0 ? "stroke=\"#e3e7ec\"" : "stroke=\"" GRAY "\"");
    draw_text(plot, LEFT - 10, y + 4, "text-anchor=\"end\"", text_count((uint64_t)value).s);
  }
  for (double at = 0; at <= plot->seconds * 1.0001; at += seconds) {
    double x = x_of(plot, at);
    draw_line(plot, x, panel->bottom, x, panel->bottom + 5, "stroke=\"" GRAY "\"");
    draw_text(plot, x, panel->bottom + 20, "text-anchor=\"middle\"", text_clock((int64_t)(at * 1000)).s);
  }
}

/* The corners of the curve; where there are more samples than pixels, the highest of each pixel. What a
 * second added is drawn over that second, a level at its end. */
static void put_points(const struct plot *plot, const struct panel *panel, const struct curve *curve)
{
  const struct series *series = plot->series;
  size_t stride = (series->count + POINTS - 1) / POINTS;
  for (size_t first = 0; first < series->count; first += stride) {
    double value = 0;
    for (size_t i = first; i < first + stride && i < series->count; i++) {
      double here = series_value(series, curve->measure, i);
      value = here > value ? here : value;
    }
    if (curve->per_second && first >= stride)
      fprintf(plot->file, "%.1f,%.1f ", x_of_sample(plot, first - stride), y_of(panel, value));
    fprintf(plot->file, "%.1f,%.1f ", x_of_sample(plot, first), y_of(panel, value));
  }
}

static void draw_curve(const struct plot *plot, const struct panel *panel, const struct curve *curve)
{
  double end = x_of_sample(plot, plot->series->count - 1);
  if (curve->fill > 0) {
    fprintf(plot->file, "<polygon fill=\"%s\" fill-opacity=\"%.2f\" points=\"%d,%d ", curve->color,
            curve->fill, LEFT, panel->bottom);
    put_points(plot, panel, curve);
    fprintf(plot->file, "%.1f,%d\"/>\n", end, panel->bottom);
  }
  fprintf(plot->file,
          "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-linejoin=\"round\" points=\"",
          curve->color);
  put_points(plot, panel, curve);
  fputs("\"/>\n", plot->file);
}

/* How long the line was at its longest, and when. */
static void draw_peak(const struct plot *plot, const struct panel *panel)
{
  size_t at;
  double highest = series_highest(plot->series, MEASURE_WAITING, &at);
  if (highest <= 0)
    return;
  int64_t at_ms = plot->series->samples[at].at_ms;
  double x = x_of_sample(plot, at), y = y_of(panel, highest);
  int right = x > (LEFT + 3 * RIGHT) / 4.0;
  char text[80];
  snprintf(text, sizeof text, "%s waiting at %s", text_count((uint64_t)highest).s, text_clock(at_ms).s);
  fprintf(plot->file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" stroke=\"#ffffff\"/>\n", x, y,
          panel->curves[0].color);
  draw_text(plot, right ? x - 10 : x + 10, y - 4,
            right ? "text-anchor=\"end\" fill=\"" INK "\"" : "fill=\"" INK "\"", text);
}

static void draw_seats(const struct plot *plot, const struct panel *panel)
{
  double seats = (double)plot->rush->options.seats;
  if (seats <= 0 || seats > panel->highest)
    return;
  double y = y_of(panel, seats);
  char text[64];
  snprintf(text, sizeof text, "%s seats", text_count(plot->rush->options.seats).s);
  draw_line(plot, LEFT, y, RIGHT, y, "stroke=\"" INK "\" stroke-dasharray=\"6 4\"");
  draw_text(plot, RIGHT - 4, y - 6, "text-anchor=\"end\" fill=\"" INK "\"", text);
}

/* The axis ends at the first tick above everything that is shown. */
static void fit(struct panel *panel, const struct series *series, int ticks)
{
  double highest = 1;
  for (size_t i = 0; i < panel->count; i++) {
    size_t at;
    double value = series_highest(series, panel->curves[i].measure, &at);
    highest = value > highest ? value : highest;
  }
  double step = nice_step(highest * 1.05, ticks);
  panel->highest = step;
  while (panel->highest < highest * 1.05)
    panel->highest += step;
}

static void draw_panels(struct plot *plot)
{
  static const struct curve people[] = {{MEASURE_WAITING, "waiting", "#d55e00", 0.18, 0},
                                        {MEASURE_INSIDE, "inside", "#009e73", 0.18, 0}};
  static const struct curve flow[] = {{MEASURE_ARRIVED, "arrive", "#8a94a3", 0.15, 1},
                                      {MEASURE_ADMITTED, "are admitted", "#0072b2", 0, 1}};
  struct panel top = {.unit = "people", .top = 114, .bottom = 370, .curves = people, .count = 2};
  struct panel low = {.unit = "people per second", .top = 452, .bottom = 580, .curves = flow, .count = 2};
  struct panel *panels[] = {&top, &low};
  for (size_t i = 0; i < 2; i++) {
    int ticks = i == 0 ? 6 : 4;
    fit(panels[i], plot->series, ticks);
    draw_legend(plot, panels[i]);
    draw_axes(plot, panels[i], ticks);
    for (size_t curve = 0; curve < panels[i]->count; curve++)
      draw_curve(plot, panels[i], &panels[i]->curves[curve]);
  }
  draw_seats(plot, &top);
  draw_peak(plot, &top);
  draw_text(plot, (LEFT + RIGHT) / 2.0, HEIGHT - 18, "text-anchor=\"middle\" font-size=\"13\"",
            "time since the sale opened, minutes:seconds");
}

int plot_write(const struct rush *rush, const struct summary *summary, const char *path)
{
  struct plot plot = {.rush = rush, .series = &rush->series};
  plot.file = text_open(path);
  if (plot.file == NULL)
    return -1;
  plot.seconds = rush->now_ms > 1000 ? (double)rush->now_ms / 1000 : 1;
  draw_head(&plot, summary);
  if (rush->series.count > 0)
    draw_panels(&plot);
  fputs("</svg>\n", plot.file);
  return text_close(plot.file, path, 0);
}
