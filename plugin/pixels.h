/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pixels: a drawable's pixels as planes, and back
 */
#pragma once

#include <libgimp/gimp.h>

#include "planes.h"

G_BEGIN_DECLS

/* What a drawable shows: one or three planes of colour and, where the drawable has transparency,
 * one plane of alpha after them.
 */
typedef struct
{
  JfPlanes planes;
  JfPlanes colour;    /* the planes of colour, in memory of planes                  */
  float   *alpha;     /* the plane of alpha, in memory of planes; NULL: all opaque  */
} JfPixels;

gboolean jf_pixels_read      (JfPixels        *pixels,
                              GimpDrawable    *drawable,
                              const JfRegion  *region,
                              GError         **error);
gboolean jf_pixels_init      (JfPixels        *pixels,
                              GimpDrawable    *drawable,
                              const JfRegion  *region,
                              GError         **error);
void     jf_pixels_set_planes
                             (JfPixels        *pixels,
                              const JfPlanes  *planes,
                              gboolean         has_alpha);
void     jf_pixels_copy_alpha
                             (const JfPixels  *source,
                              const JfRegion  *region,
                              JfPixels        *pixels);
gboolean jf_pixels_crop      (JfPixels        *pixels,
                              const JfPixels  *source,
                              const JfRegion  *region,
                              GError         **error);
gboolean jf_pixels_has_part  (const JfPixels  *pixels,
                              const JfPixels  *part,
                              const JfRegion  *region);
void     jf_pixels_write     (const JfPixels  *pixels,
                              GimpDrawable    *drawable,
                              const JfRegion  *region);
void     jf_pixels_clear     (JfPixels        *pixels);

const Babl * jf_pixels_get_format (GimpDrawable *drawable);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JfPixels, jf_pixels_clear)

G_END_DECLS
