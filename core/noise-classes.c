/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise-classes: noise in light and shade
 *
 * Noise is not the same in light and shade, and the flattest blocks would be the least noisy ones. So the
 * blocks are sorted by brightness into four classes, each is measured by itself, and the mean of the two in
 * the middle taken: neither a class without any flat place counts, nor a shade without any noise. But where the
 * noise falls from class to class, as the curve that light is encoded with makes it, the darkest class counts:
 * networks leave noise that is stronger than they know, and lose little by knowing of too much.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "noise-private.h"

/* Noise falls with the light if no class has more than this share of the next darker one's variance: chance may
 * make equal ones differ by so much.
 */
#define MAX_STEP 1.2

/*  private functions  */

static int
compare_brightness (const void *a,
                    const void *b)
{
  return jf_noise_compare_floats (&((const JfNoiseBlock *) a)->brightness, &((const JfNoiseBlock *) b)->brightness);
}

static int
compare_patch_brightness (const void *a,
                          const void *b)
{
  return jf_noise_compare_floats (&((const JfNoisePatch *) a)->brightness, &((const JfNoisePatch *) b)->brightness);
}

/* Of classes of growing brightness, the darkest one's variance, but no more than the others make likely, as
 * texture may have slipped in; 0 if noise does not fall with the light.
 */
static double
get_darkest (const double variances[JF_NOISE_N_CLASSES])
{
  for (int i = 1; i < JF_NOISE_N_CLASSES; i++)
    if (variances[i] > MAX_STEP * variances[i - 1])
      return 0.0;

  if (! (variances[JF_NOISE_N_CLASSES - 1] > 0.0))
    return 0.0;

  return MIN (variances[0], variances[1] * sqrt (variances[1] / variances[JF_NOISE_N_CLASSES - 1]));
}

/*  public functions  */

/**
 * jf_noise_measure_classes:
 * @plane:     a plane
 * @blocks:    (array length=n_blocks): its blocks, which are sorted
 * @n_blocks:  their number, not 0
 * @patches:   (array length=n_patches) (nullable): its patches, which are sorted
 * @n_patches: their number
 * @variances: (out): of classes of growing brightness, all alike in a small picture
 */
void
jf_noise_measure_classes (const JfNoisePlane *plane,
                          JfNoiseBlock       *blocks,
                          int                 n_blocks,
                          JfNoisePatch       *patches,
                          int                 n_patches,
                          double              variances[JF_NOISE_N_CLASSES])
{
  if (n_blocks < JF_NOISE_MIN_CLASSIFIED)
    {
      variances[0] = jf_noise_measure_class (blocks, n_blocks);

      for (int i = 1; i < JF_NOISE_N_CLASSES; i++)
        variances[i] = variances[0];

      return;
    }

  qsort (blocks, n_blocks, sizeof (JfNoiseBlock), compare_brightness);

  if (n_patches > 0)
    qsort (patches, n_patches, sizeof (JfNoisePatch), compare_patch_brightness);

  for (int i = 0; i < JF_NOISE_N_CLASSES; i++)
    {
      const int start       = n_blocks * i / JF_NOISE_N_CLASSES;
      const int end         = n_blocks * (i + 1) / JF_NOISE_N_CLASSES;
      const int start_patch = n_patches * i / JF_NOISE_N_CLASSES;
      const int end_patch   = n_patches * (i + 1) / JF_NOISE_N_CLASSES;

      variances[i] = jf_noise_measure_class (blocks + start, end - start);

      if (n_patches > 0)
        variances[i] = jf_noise_raise_to_patches (plane, patches + start_patch, end_patch - start_patch, variances[i]);
    }
}

/**
 * jf_noise_join_classes:
 * @variances: by classes of growing brightness
 *
 * Returns: the variance that counts
 */
double
jf_noise_join_classes (const double variances[JF_NOISE_N_CLASSES])
{
  const double darkest = get_darkest (variances);
  double       sorted[JF_NOISE_N_CLASSES];

  memcpy (sorted, variances, sizeof (sorted));
  qsort (sorted, JF_NOISE_N_CLASSES, sizeof (double), jf_noise_compare_doubles);

  return MAX (darkest, (sorted[1] + sorted[2]) / 2.0);
}
