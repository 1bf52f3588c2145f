/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise-cosine: cosine transforms, and how noise is distributed in them
 */
#include <math.h>

#include "noise-private.h"

/*  public functions  */

/**
 * jf_noise_make_transform:
 * @transform: (out): [@size][@size]
 * @size:      how many values it transforms
 *
 * The orthonormal discrete cosine transform: white noise stays white, of the same variance.
 */
void
jf_noise_make_transform (float *transform,
                         int    size)
{
  for (int u = 0; u < size; u++)
    for (int x = 0; x < size; x++)
      transform[u * size + x] = (float) (cos ((2 * x + 1) * u * G_PI / (2 * size)) *
                                         sqrt ((u ? 2.0 : 1.0) / size));
}

/**
 * jf_noise_get_quantile:
 * @normal:  where the quantile lies in a normal distribution
 * @freedom: degrees of freedom
 *
 * The energy of so many coefficients of noise is distributed as chi-square. By Wilson and Hilferty's formula (1931).
 *
 * Returns: the quantile, as a share of the mean
 */
double
jf_noise_get_quantile (double normal,
                       double freedom)
{
  const double spread = 2.0 / (9.0 * freedom);

  return pow (1.0 - spread + normal * sqrt (spread), 3.0);
}
