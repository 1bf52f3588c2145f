/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * job: one run of a mode over the selected drawables
 */
#pragma once

#include <libgimp/gimp.h>

#include "pipeline.h"
#include "scene.h"

#include "patchwork.h"
#include "pixels.h"

G_BEGIN_DECLS

/* What is known of a target already, with the arguments as they are. */
typedef struct
{
  GimpDrawable      *drawable;  /* NULL: nothing is known                                  */
  const JfPixels    *target;    /* all of it, as it was read                               */
  const JfPixels    *guidance;  /* where the target is; no planes: the target itself       */
  JfScene           *scene;     /* of these, prepared                                      */
  const JfPatchwork *result;    /* parts of it at full strength                            */
} JfJobKnown;

typedef struct
{
  JfPipeline    *pipeline;
  GimpImage     *image;
  GimpDrawable **targets;       /* NULL-terminated                                       */
  GimpLayer     *guidance;      /* passed jf_guidance_check (); NULL: each target itself */
  double         strength;      /* 0..1: how much of the change to keep                  */
  gboolean       new_layer;     /* leave the targets and put the results above them      */
  gboolean       interactive;   /* somebody is there to read messages                    */
  JfJobKnown     known;         /* is used where pictures have not changed since         */
} JfJob;

gboolean jf_job_check_targets (const JfMode   *mode,
                               GimpDrawable  **targets,
                               GError        **error);
gboolean jf_job_run           (const JfJob    *job,
                               const JfTask   *task,
                               GError        **error);

G_END_DECLS
