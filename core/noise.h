/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise: how noisy a picture is
 */
#pragma once

#include "planes.h"

G_BEGIN_DECLS

/* Noise of a picture's planes, in the units of its values. White noise that is different in every plane has no
 * excess; it is positive where planes share noise or it is smooth, negative (to -level at most) where noise is
 * finer than white or one of colour only. One plane counts as three equal ones.
 */
typedef struct
{
  float level;    /* standard deviation */
  float excess;   /* of the mean over planes and 2x2 pixels, times what makes it that of a pixel where noise is
                   * white, 2 · √planes; less the level
                   */
} JfNoise;

JfNoise jf_noise_estimate         (const JfPlanes *target,
                                   const JfPlanes *guidance);
void    jf_noise_set_level        (JfNoise        *noise,
                                   float           level);
float   jf_noise_estimate_channel (const JfPlanes *target,
                                   int             channel);

G_END_DECLS
