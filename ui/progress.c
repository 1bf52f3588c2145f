/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * progress: how far long work is, and how long it will still take
 */
#include <math.h>

#include <glib/gi18n-lib.h>

#include "progress.h"


/* In seconds. Before that little is known about how fast it goes, and what takes less needs no forecast. */
#define FIRST_FORECAST 2.0
#define LONG           5.0

#define MINUTE         60


struct _JfProgress
{
  GtkProgressBar  parent_instance;

  gint64          start;      /* in microseconds */
};


static char * describe (double fraction,
                        double seconds_gone);


G_DEFINE_FINAL_TYPE (JfProgress, jf_progress, GTK_TYPE_PROGRESS_BAR)


/*  public functions  */

/**
 * jf_progress_new:
 *
 * Returns: (transfer floating): the widget
 */
GtkWidget *
jf_progress_new (void)
{
  return g_object_new (JF_TYPE_PROGRESS, "show-text", TRUE, NULL);
}

/**
 * jf_progress_start:
 * @progress: a widget
 *
 * Work begins now.
 */
void
jf_progress_start (JfProgress *progress)
{
  progress->start = g_get_monotonic_time ();

  jf_progress_set (progress, 0.0);
}

/**
 * jf_progress_set:
 * @progress: a widget
 * @fraction: how much is done, 0..1
 */
void
jf_progress_set (JfProgress *progress,
                 double      fraction)
{
  double           gone = (double) (g_get_monotonic_time () - progress->start) / G_USEC_PER_SEC;
  g_autofree char *text = describe (fraction, gone);

  gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (progress), fraction);
  gtk_progress_bar_set_text (GTK_PROGRESS_BAR (progress), text);
}


/*  private functions  */

static void
jf_progress_class_init (JfProgressClass *klass)
{
}

static void
jf_progress_init (JfProgress *progress)
{
}

static char *
describe (double fraction,
          double seconds_gone)
{
  int    percent = (int) (100.0 * fraction);
  double left    = fraction > 0.0 ? seconds_gone * (1.0 - fraction) / fraction : 0.0;
  int    seconds = (int) ceil (left);
  int    minutes = (seconds + MINUTE / 2) / MINUTE;

  if (seconds_gone < FIRST_FORECAST || left < LONG)
    /* TRANSLATORS: how much is done, as "40%". */
    return g_strdup_printf (_("%d%%"), percent);

  if (seconds < 2 * MINUTE)
    return g_strdup_printf (ngettext ("%d%%, about %d second left", "%d%%, about %d seconds left", seconds),
                            percent, seconds);

  return g_strdup_printf (ngettext ("%d%%, about %d minute left", "%d%%, about %d minutes left", minutes),
                          percent, minutes);
}
