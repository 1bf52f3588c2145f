/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * job: one run of a mode over the selected drawables
 */
#pragma once

#include <libgimp/gimp.h>

#include "pipeline.h"

#include "known.h"

G_BEGIN_DECLS

typedef struct
{
  JfPipeline    *pipeline;
  GimpImage     *image;
  GimpDrawable **targets;       /* NULL-terminated                                       */
  GimpLayer     *guidance;      /* passed jf_guidance_check (); NULL: each target itself */
  double         strength;      /* 0..1: how much of the change to keep                  */
  gboolean       new_layer;     /* leave the targets and put the results above them      */
  gboolean       interactive;   /* somebody is there to read messages                    */
  JfKnown        known;         /* is used where pictures have not changed since         */
} JfJob;

gboolean jf_job_check_targets (const JfMode   *mode,
                               GimpImage      *image,
                               GimpDrawable  **targets,
                               GError        **error);
gboolean jf_job_run           (const JfJob    *job,
                               const JfTask   *task,
                               GError        **error);

G_END_DECLS
