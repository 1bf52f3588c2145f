/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guidance: the layer that guides, and its pixels where the target is
 */
#pragma once

#include <libgimp/gimp.h>

#include "pixels.h"

G_BEGIN_DECLS

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
gboolean    jf_guidance_read            (JfPixels        *pixels,
                                         GimpLayer       *guidance,
                                         GimpDrawable    *target,
                                         GError         **error);

G_END_DECLS
