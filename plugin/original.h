/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * original: a drawable as it is, and what GIMP lets a filter change of it
 */
#pragma once

#include <libgimp/gimp.h>

#include "pixels.h"
#include "raster.h"

G_BEGIN_DECLS

/* It has to stay where it is: the raster points into it. */
typedef struct
{
  GimpDrawable     *drawable;
  JfPixels          pixels;        /* all of it                                         */
  JfRaster          raster;        /* how to show it                                    */
  GimpColorProfile *profile;       /* in which                                          */
  gboolean          clips;         /* its format has values from 0 to 1 only            */
  JfRegion          focus;         /* what the selection touches of it                  */
  JfPlanes          mask;          /* the selection there; empty: all is selected       */
  gboolean          locked[4];     /* planes that are off in the Channels dialog        */
  gboolean          locks_alpha;   /* which a new layer does not                        */
} JfOriginal;

gboolean jf_original_read  (JfOriginal        *original,
                            GimpDrawable      *drawable,
                            GError           **error);
void     jf_original_clear (JfOriginal        *original);
void     jf_original_merge (const JfOriginal  *original,
                            int                x,
                            int                y,
                            gboolean           new_layer,
                            JfPlanes          *row);

G_END_DECLS
