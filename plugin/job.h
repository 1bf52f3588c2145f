/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * job: one run of a mode over the selected drawables
 */
#pragma once

#include <libgimp/gimp.h>

#include "pipeline.h"
#include "pixels.h"

G_BEGIN_DECLS

/* A part of a target, and what there is of it and of its guidance around that part. */
typedef struct
{
  GimpDrawable   *drawable;
  const JfRegion *part;
  const JfRegion *area;
  const JfPixels *target;       /* of the area                               */
  const JfPixels *guidance;     /* of the area; no planes: the target itself */
  const JfNoise  *estimate;     /* of the whole target's noise; NULL: the area tells, or nobody wants to know */
} JfJobPart;

/* Copies the result of a part at full strength, where it is known already for just these pictures. Called in the main
 * thread.
 */
typedef gboolean (* JfJobFindFunc) (const JfJobPart *part,
                                    JfPlanes        *colour,
                                    gpointer         data);

typedef struct
{
  JfPipeline    *pipeline;
  GimpImage     *image;
  GimpDrawable **targets;       /* NULL-terminated                                       */
  GimpLayer     *guidance;      /* passed jf_guidance_check (); NULL: each target itself */
  double         strength;      /* 0..1: how much of the change to keep                  */
  gboolean       new_layer;     /* leave the targets and put the results above them      */
  gboolean       interactive;   /* somebody is there to read messages                    */
  JfJobFindFunc  find;          /* NULL: nothing is known so far                         */
  gpointer       find_data;
} JfJob;

gboolean jf_job_check_targets (const JfMode   *mode,
                               GimpDrawable  **targets,
                               GError        **error);
gboolean jf_job_run           (const JfJob    *job,
                               const JfTask   *task,
                               GError        **error);

G_END_DECLS
