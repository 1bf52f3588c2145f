/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * raster: planes as the screen shows them
 */
#pragma once

#include <libgimp/gimp.h>

#include "planes.h"

G_BEGIN_DECLS

/* Gives a row of planes from a pixel on. */
typedef void (* JfRowFunc) (int       x,
                            int       y,
                            JfPlanes *row,
                            gpointer  data);

typedef struct
{
  const Babl *format;     /* of float values, as many as there are planes        */
  const Babl *stored;     /* what the values will be stored in, with its rounding */
  const Babl *shown;      /* what they are shown in: four float values            */
  JfRowFunc   func;
  gpointer    data;
} JfRaster;

void jf_raster_init (JfRaster        *raster,
                     GimpDrawable    *drawable,
                     const JfPlanes  *planes);
void jf_raster_draw (const JfRaster  *raster,
                     const JfRegion  *region,
                     int              shrink,
                     float           *rgba);

G_END_DECLS
