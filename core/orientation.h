/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * orientation: where a picture has edges, and which way they run
 */
#pragma once

#include <complex.h>

#include "planes.h"

G_BEGIN_DECLS

/* One complex number per pixel of a region: its size says how much of an edge is there, 0 to 1, its angle is twice
 * that of the gradient. Orientations of opposite gradients are equal, so contrast may be reversed from one picture
 * to the other; and those of noise are as often one way as the other, so they add up to nothing.
 */
typedef struct
{
  float complex *values;
  JfRegion       region;    /* may reach beyond the picture, where values are 0 */
} JfOrientation;

void   jf_orientation_init      (JfOrientation  *orientation,
                                 const JfPlanes *picture,
                                 const JfRegion *region);
void   jf_orientation_clear     (JfOrientation  *orientation);
double jf_orientation_sum       (const JfOrientation *orientation);
void   jf_orientation_normalize (JfOrientation  *orientation,
                                 double          mean);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JfOrientation, jf_orientation_clear)

G_END_DECLS
