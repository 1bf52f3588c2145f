/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * planes: a picture as the core sees it
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define JF_PLANES_ERROR (jf_planes_error_quark ())

typedef enum
{
  JF_PLANES_ERROR_SIZE      /* no picture, or none that memory has room for */
} JfPlanesError;

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

/* Told of a part of a picture of which the result is there; all parts together are what was asked for. Called in any of the
 * threads that work.
 */
typedef void (* JfRegionFunc) (const JfRegion *region,
                               gpointer        data);

GQuark   jf_planes_error_quark (void);

gboolean jf_planes_init        (JfPlanes        *planes,
                                int              channels,
                                int              width,
                                int              height,
                                GError         **error);
void     jf_planes_clear       (JfPlanes        *planes);
gboolean jf_planes_crop        (JfPlanes        *planes,
                                const JfPlanes  *source,
                                const JfRegion  *region,
                                GError         **error);
void     jf_planes_copy        (JfPlanes        *planes,
                                int              x,
                                int              y,
                                const JfPlanes  *source,
                                const JfRegion  *region);
void     jf_planes_blend       (JfPlanes        *output,
                                const JfPlanes  *target,
                                const JfRegion  *region,
                                float            strength);

/* The values of a row of a plane from a pixel on. */
static inline float *
jf_planes_get_row (const JfPlanes *planes,
                   int             channel,
                   int             x,
                   int             y)
{
  return planes->data + ((gsize) channel * planes->height + y) * planes->width + x;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JfPlanes, jf_planes_clear)

G_END_DECLS
