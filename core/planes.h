/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * planes: a picture as the core sees it
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A picture as planes of float32, [channels][height][width] without gaps.
 * Values are the caller's (for photographs: sRGB-encoded, 0..1 nominal) and are never clamped.
 */
typedef struct
{
  float *data;
  int    channels;
  int    width;
  int    height;
} JfPlanes;

/* A rectangle in pixels of a picture. */
typedef struct
{
  int x;
  int y;
  int width;
  int height;
} JfRegion;

gboolean jf_planes_init  (JfPlanes        *planes,
                          int              channels,
                          int              width,
                          int              height,
                          GError         **error);
void     jf_planes_clear (JfPlanes        *planes);
void     jf_planes_blend (JfPlanes        *output,
                          const JfPlanes  *target,
                          float            strength);

G_END_DECLS
