/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise-narrow: noise in a picture without room for a block
 *
 * It is told by the median size of second differences along the picture's longer side, which for noise of variance 1
 * have variance 6 (1 + 4 + 1) and a median size of 0.6745 of its root.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "noise-private.h"

#define MEDIAN_SIZE 0.67448975

/*  public functions  */

/**
 * jf_noise_estimate_narrow:
 * @plane:     a plane
 * @variances: (out): by classes, all alike
 *
 * Returns: the number of places that were measured, 0 if there were none
 */
int
jf_noise_estimate_narrow (const JfNoisePlane *plane,
                          double              variances[JF_NOISE_N_CLASSES])
{
  const gboolean     wide        = plane->width >= plane->height;
  const int          length      = wide ? plane->width : plane->height;
  const int          n_lines     = wide ? plane->height : plane->width;
  const gsize        step        = wide ? 1 : plane->width;
  const gsize        line_step   = wide ? plane->width : 1;
  g_autofree float  *differences = NULL;
  gsize              n           = 0;

  memset (variances, 0, JF_NOISE_N_CLASSES * sizeof (double));

  if (length < 3)
    return 0;

  differences = g_new (float, (gsize) length * n_lines);

  for (int line = 0; line < n_lines; line++)
    for (int i = 1; i < length - 1; i++)
      {
        const float *pixel      = plane->pixels + line * line_step + i * step;
        const float  difference = fabsf (pixel[-(gssize) step] - 2.0f * *pixel + pixel[step]);

        if (isfinite (difference))
          differences[n++] = difference;
      }

  if (n == 0)
    return 0;

  qsort (differences, n, sizeof (float), jf_noise_compare_floats);

  for (int i = 0; i < JF_NOISE_N_CLASSES; i++)
    variances[i] = pow (differences[n / 2] / MEDIAN_SIZE, 2.0) / 6.0;

  return (int) MIN (n, G_MAXINT);
}
