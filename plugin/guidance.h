/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guidance: the layer that guides, and its pixels where the target is
 */
#pragma once

#include <libgimp/gimp.h>

#include "pixels.h"
#include "shape.h"

G_BEGIN_DECLS

/* A layer where it lies on a target. */
typedef struct
{
  GimpLayer *layer;
  JfShape    shape;      /* of what is read: the layer, or how it looks with its effects       */
  GimpImage *scratch;    /* that this is in; NULL: it has none                                 */
  JfRegion   place;      /* the target's place and size in coordinates of what is read         */
  double     mean[3];    /* the visible colour there, if that has transparency                 */
} JfGuidance;

GList     * jf_guidance_list_candidates (GimpImage       *image,
                                         GimpDrawable   **targets);
GimpLayer * jf_guidance_get_default     (GimpDrawable    *target,
                                         GList           *candidates);
gboolean    jf_guidance_check           (GimpLayer       *guidance,
                                         GimpImage       *image,
                                         GimpDrawable   **targets,
                                         GError         **error);
double      jf_guidance_get_overlap     (GimpLayer       *guidance,
                                         GimpDrawable    *target,
                                         const JfRegion  *region);
gboolean    jf_guidance_open            (JfGuidance      *guidance,
                                         GimpLayer       *layer,
                                         GimpDrawable    *target,
                                         GError         **error);
gboolean    jf_guidance_read            (const JfGuidance *guidance,
                                         const JfRegion  *region,
                                         JfPixels        *pixels,
                                         GError         **error);
void        jf_guidance_close           (JfGuidance      *guidance);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JfGuidance, jf_guidance_close)

G_END_DECLS
