/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * resample: pictures in other sizes
 */
#pragma once

#include "planes.h"

G_BEGIN_DECLS

void jf_resample_enlarge (const JfPlanes *source,
                          int             factor,
                          JfPlanes       *output);

G_END_DECLS
