/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise: how noisy a picture is
 */
#pragma once

#include "planes.h"

G_BEGIN_DECLS

float jf_noise_estimate         (const JfPlanes *target,
                                 const JfPlanes *guidance);
float jf_noise_estimate_channel (const JfPlanes *target,
                                 int             channel);

G_END_DECLS
