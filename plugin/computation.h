/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * computation: what a job makes of one target
 */
#pragma once

#include "job.h"
#include "shape.h"

G_BEGIN_DECLS

gboolean jf_computation_run (const JfJob     *job,
                             const JfShape   *target,
                             const JfRegion  *region,
                             GimpDrawable    *output,
                             const JfTask    *task,
                             GError         **error);

G_END_DECLS
