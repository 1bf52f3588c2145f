/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * colorize: colours for a grey photo, from strokes
 */
#pragma once

#include <gio/gio.h>

#include "planes.h"

G_BEGIN_DECLS

#define JF_COLORIZE_ERROR (jf_colorize_error_quark ())

typedef enum
{
  JF_COLORIZE_ERROR_NO_STROKES,
  JF_COLORIZE_ERROR_ALL_STROKES,    /* nothing is left to colour                          */
  JF_COLORIZE_ERROR_SIZE,           /* pictures that are not sized alike                  */
  JF_COLORIZE_ERROR_FAILED          /* no memory for the solution, or values beyond floats */
} JfColorizeError;

GQuark   jf_colorize_error_quark  (void);

int      jf_colorize_get_factor   (int              width,
                                   int              height);
gboolean jf_colorize_find_strokes (const JfPlanes  *scribbled,
                                   const JfPlanes  *photo,
                                   float           *alpha,
                                   GError         **error);
gboolean jf_colorize_solve        (const JfPlanes  *luma,
                                   const JfPlanes  *strokes,
                                   const float     *alpha,
                                   int              factor,
                                   GCancellable    *cancellable,
                                   JfPlanes        *chroma,
                                   GError         **error);
void     jf_colorize_keep_strokes (const JfPlanes  *strokes,
                                   const float     *alpha,
                                   const JfRegion  *region,
                                   JfPlanes        *chroma);

G_END_DECLS
