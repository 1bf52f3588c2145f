/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * climb: makes a motion between two pictures exact
 */
#pragma once

#include <gio/gio.h>

#include "orientation.h"
#include "similarity.h"

G_BEGIN_DECLS

double jf_climb_run (const JfPlanes      *target,
                     const JfPlanes      *guidance,
                     const JfOrientation *small_target,
                     const JfOrientation *small_guidance,
                     double complex       middle,
                     gboolean             turning,
                     GCancellable        *cancellable,
                     JfSimilarity        *motion);

G_END_DECLS
