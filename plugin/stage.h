/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stage: a guidance, and what was found out with it
 */
#pragma once

#include <libgimp/gimp.h>

#include "align.h"
#include "modes.h"
#include "scene.h"

#include "pixels.h"
#include "raster.h"

G_BEGIN_DECLS

typedef struct
{
  JfPixels  guidance;     /* empty: the target guides itself                   */
  JfRaster  raster;       /* how to show it                                    */
  double    overlap;      /* the share of the focus that it covers, 0..1       */
  JfAlign   align;        /* how it lies                                       */
  gboolean  measured;     /* whether that is known                             */
  JfScene  *scene;        /* refers to the pictures; NULL: not prepared so far */
} JfStage;

JfStage * jf_stage_new      (const JfMode    *mode,
                             GimpLayer       *guidance,
                             GimpDrawable   **targets,
                             const JfRegion  *focus,
                             GError         **error);
void      jf_stage_free     (JfStage         *stage);
char    * jf_stage_describe (const JfStage   *stage,
                             const JfAlign   *found);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JfStage, jf_stage_free)

G_END_DECLS
