/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * view: where a picture lies in a window on it
 */
#include <math.h>

#include "view.h"


/* Powers of two keep every pixel of the picture on whole pixels of the screen, or the other way round. */
static const double zooms[] = { 0.125, 0.25, 0.5, 1.0, 2.0, 4.0 };


static double get_scale    (double    zoom,
                            int       picture_width,
                            int       picture_height,
                            int       window_width,
                            int       window_height);
static int    place        (double   *center,
                            double    scale,
                            int       picture,
                            int       window);
static void   find_visible (int      *start,
                            int      *length,
                            int       origin,
                            int       picture,
                            int       window,
                            double    scale,
                            int       shrink);


/*  public functions  */

/**
 * jf_view_init:
 * @view:           (out caller-allocates): where the picture lies
 * @focus:          (inout): what is wanted; its centre is moved so that the window is filled where it can be
 * @picture_width:  in pixels of the picture, at least 1
 * @picture_height: the same
 * @window_width:   in pixels of the screen, at least 1
 * @window_height:  the same
 */
void
jf_view_init (JfView  *view,
              JfFocus *focus,
              int      picture_width,
              int      picture_height,
              int      window_width,
              int      window_height)
{
  JfRegion *visible = &view->visible;

  view->scale  = get_scale (focus->zoom, picture_width, picture_height, window_width, window_height);
  view->shrink = MAX ((int) floor (1.0 / view->scale), 1);
  view->width  = MAX ((int) round (picture_width  * view->scale), 1);
  view->height = MAX ((int) round (picture_height * view->scale), 1);
  view->x      = place (&focus->center_x, view->scale, picture_width,  window_width);
  view->y      = place (&focus->center_y, view->scale, picture_height, window_height);

  find_visible (&visible->x, &visible->width,  view->x, picture_width,  window_width,  view->scale, view->shrink);
  find_visible (&visible->y, &visible->height, view->y, picture_height, window_height, view->scale, view->shrink);
}

/**
 * jf_view_step_zoom:
 * @view:    where the picture lies
 * @n_steps: how far to zoom in, or out where it is negative
 *
 * Returns: the zoom that many steps from @view's
 */
double
jf_view_step_zoom (const JfView *view,
                   int           n_steps)
{
  int n = G_N_ELEMENTS (zooms);
  int i = 0;

  /* Between two steps both neighbours are one step away. */
  if (n_steps > 0)
    for (i = -1; i + 1 < n && zooms[i + 1] <= view->scale; i++)
      ;
  else
    for (i = 0; i < n && zooms[i] < view->scale; i++)
      ;

  return zooms[CLAMP (i + n_steps, 0, n - 1)];
}


/*  private functions  */

static double
get_scale (double zoom,
           int    picture_width,
           int    picture_height,
           int    window_width,
           int    window_height)
{
  double fit = MIN ((double) window_width / picture_width, (double) window_height / picture_height);

  if (zoom == JF_VIEW_FIT)
    return MIN (fit, zooms[G_N_ELEMENTS (zooms) - 1]);

  return zoom;
}

/* Returns where the picture begins in the window. */
static int
place (double *center,
       double  scale,
       int     picture,
       int     window)
{
  double half = window / scale / 2.0;

  *center = picture <= 2.0 * half ? picture / 2.0 : CLAMP (*center, half, picture - half);

  return (int) round (window / 2.0 - *center * scale);
}

static void
find_visible (int    *start,
              int    *length,
              int     origin,
              int     picture,
              int     window,
              double  scale,
              int     shrink)
{
  int end = MIN ((int) ceil ((window - origin) / scale), picture);

  *start  = (int) (MAX (-origin, 0) / scale) / shrink * shrink;
  *length = MAX (end - *start, 1);
}
