/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * similarity: where a guidance lies on its target
 *
 * x + iy of the target is at factor × (x + iy) + shift in the guidance, both from the middle of the pictures.
 */
#pragma once

#include <complex.h>

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  double complex factor;
  double complex shift;
} JfSimilarity;

/* Where a motion takes a place. */
static inline double complex
jf_similarity_move (const JfSimilarity *motion,
                    double complex      middle,
                    double complex      place)
{
  return middle + motion->factor * (place - middle) + motion->shift;
}

/* What the guidance's orientations (orientation.h) have to be multiplied with. */
static inline float complex
jf_similarity_get_turn (const JfSimilarity *motion)
{
  return (float complex) (conj (motion->factor) / motion->factor);
}

/* The product as the definition has it, without C's care for infinite parts. */
static inline float complex
jf_similarity_multiply (float complex a,
                        float complex b)
{
  return CMPLXF (crealf (a) * crealf (b) - cimagf (a) * cimagf (b),
                 crealf (a) * cimagf (b) + cimagf (a) * crealf (b));
}

G_END_DECLS
