/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sample: squares of a large picture that stand for all of it
 */
#pragma once

#include "planes.h"

G_BEGIN_DECLS

int      jf_sample_count      (int              width,
                               int              height);
JfRegion jf_sample_get_square (int              width,
                               int              height,
                               int              i);
gboolean jf_sample_init       (JfPlanes        *sample,
                               int              channels,
                               int              width,
                               int              height,
                               GError         **error);
void     jf_sample_copy       (JfPlanes        *sample,
                               int              i,
                               const JfPlanes  *picture,
                               const JfRegion  *square);

G_END_DECLS
