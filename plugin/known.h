/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * known: what a preview has found out about a target and its guidance
 */
#pragma once

#include <libgimp/gimp.h>

#include "scene.h"

#include "guidance.h"
#include "patchwork.h"
#include "pixels.h"

G_BEGIN_DECLS

/* With the arguments as they are. */
typedef struct
{
  GimpDrawable      *drawable;  /* NULL: nothing is known                                  */
  const JfPixels    *target;    /* all of it, as it was read                               */
  const JfPixels    *guidance;  /* where the target is; no planes: the target itself       */
  JfScene           *scene;     /* of these, prepared                                      */
  const JfPatchwork *result;    /* parts of it at full strength                            */
} JfKnown;

gboolean jf_known_holds       (const JfKnown     *known,
                               GimpDrawable      *target,
                               const JfGuidance  *guidance,
                               const JfPipeline  *pipeline,
                               const JfRegion    *region);
gboolean jf_known_crop        (const JfKnown     *known,
                               const JfRegion    *region,
                               JfPixels          *target,
                               JfPixels          *guidance,
                               GError           **error);
gboolean jf_known_read_result (const JfKnown     *known,
                               const JfRegion    *region,
                               JfPlanes          *output);

G_END_DECLS
