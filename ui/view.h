/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * view: where a picture lies in a window on it
 */
#pragma once

#include "planes.h"

G_BEGIN_DECLS

/* The zoom that shows the whole picture. Others are pixels of the screen for each pixel of the picture. */
#define JF_VIEW_FIT 0.0

/* What a window shows. */
typedef struct
{
  double center_x;     /* the middle of the window, in pixels of the picture */
  double center_y;
  double zoom;         /* or JF_VIEW_FIT                                     */
} JfFocus;

/* What follows from it. */
typedef struct
{
  double   scale;      /* pixels of the screen for each pixel of the picture               */
  int      shrink;     /* that many pixels of the picture, in each direction, are one mean  */
  int      x;          /* of the picture's left top corner, in pixels of the screen         */
  int      y;
  int      width;      /* of the whole picture, in pixels of the screen                     */
  int      height;
  JfRegion visible;    /* part of the picture; begins at a multiple of shrink               */
} JfView;

void   jf_view_init      (JfView       *view,
                          JfFocus      *focus,
                          int           picture_width,
                          int           picture_height,
                          int           window_width,
                          int           window_height);
double jf_view_step_zoom (const JfView *view,
                          int           n_steps);

G_END_DECLS
