/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * job: one run of a mode over the selected drawables
 */
#pragma once

#include <libgimp/gimp.h>

#include "model.h"
#include "modes.h"

G_BEGIN_DECLS

typedef struct
{
  JfModel       *model;
  GimpImage     *image;
  GimpDrawable **targets;       /* NULL-terminated                                       */
  GimpLayer     *guidance;      /* passed jf_guidance_check ()                           */
  double         strength;      /* 0..1: how much of the change to keep                  */
  double         noise_level;   /* sigma, full scale is 1; 0: estimated for each target  */
  gboolean       new_layer;     /* leave the targets and put the results above them      */
} JfJob;

gboolean jf_job_check_targets (GimpDrawable  **targets,
                               GError        **error);
gboolean jf_job_run           (const JfJob    *job,
                               GError        **error);

G_END_DECLS
