/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise-patches: noise that is correlated over several pixels, in the flattest patches of a picture
 *
 * What demosaicing and JPEG's compression spread over several pixels is mostly below the bands that blocks are
 * measured in (noise-blocks.c), where shades are too. It is measured as the variance of larger squares, of which a
 * low quantile is taken again; how far below the mean that lies follows from the squares' spectrum. Texture is told
 * from such noise by its differing more from square to square than noise of the same spectrum would.
 */
#include <math.h>
#include <stdlib.h>

#include "noise-private.h"

/* Squares to measure correlated noise in: large enough for its lowest frequencies, small enough to fit
 * between edges. Their number is enough for the quantiles below.
 */
#define PATCH_SIZE     16
#define PATCH_PIXELS   (PATCH_SIZE * PATCH_SIZE)
#define MAX_PATCHES    7000

/* The quantiles below mean something if a picture has room for so many patches side by side, and so many
 * in each class are not clipped; else the blocks' result stands.
 */
#define MIN_PATCHES    200

/* The quantile whose variance is measured, two around it that tell how it spreads, and where the three
 * lie in a normal distribution.
 */
#define PATCH_QUANTILE 0.02
#define PATCH_NORMAL   -2.05374891
#define LOW_QUANTILE   0.005
#define LOW_NORMAL     -2.57582930
#define HIGH_QUANTILE  0.05
#define HIGH_NORMAL    -1.64485363

/* By how much the two quantiles' standard deviations may be farther apart than those of noise: up to the
 * first it is taken for noise, from the second on for texture. Photographs' noise, a little different
 * from place to place, has 1.00 to 1.09, their texture mostly more than 1.2.
 */
#define NOISE_EXCESS   1.08
#define TEXTURE_EXCESS 1.16

/* How independent a patch's pixels are, as a share: from the first on the noise is as good as white, and
 * known well enough from the blocks; up to the second it is certainly not. From the third on it is
 * certainly noise, and up to the fourth so coarse that it is shades or texture. Demosaicing leaves 0.3 to
 * 0.6, cameras' JPEG files have 0.2 to 0.5.
 */
#define WHITE_FREEDOM  0.85
#define SPREAD_FREEDOM 0.65
#define COARSE_FREEDOM 0.16
#define SHADE_FREEDOM  0.12

/* No known camera's noise is more correlated than this, as a ratio of variances. */
#define MAX_GAIN       6.25

/*  private functions  */

static float
flatten (const float *pixels,
         int          width,
         float        residual[PATCH_SIZE][PATCH_SIZE])
{
  const float centre            = (PATCH_SIZE - 1) / 2.0f;
  const float power             = PATCH_PIXELS * (PATCH_PIXELS - 1) / 12.0f;    /* the sum of (x - centre)² */
  float       sums[PATCH_SIZE]  = { 0 };
  float       rises[PATCH_SIZE] = { 0 };
  float       mean              = 0.0f;
  float       slope             = 0.0f;
  float       rise              = 0.0f;

  for (int y = 0; y < PATCH_SIZE; y++)
    for (int x = 0; x < PATCH_SIZE; x++)
      {
        sums[x]  += pixels[(gsize) y * width + x];
        rises[x] += pixels[(gsize) y * width + x] * ((float) y - centre);
      }

  for (int x = 0; x < PATCH_SIZE; x++)
    {
      mean  += sums[x] / PATCH_PIXELS;
      slope += sums[x] * ((float) x - centre) / power;
      rise  += rises[x] / power;
    }

  for (int y = 0; y < PATCH_SIZE; y++)
    for (int x = 0; x < PATCH_SIZE; x++)
      residual[y][x] = pixels[(gsize) y * width + x] - mean -
                       slope * ((float) x - centre) - rise * ((float) y - centre);

  return mean;
}

/* What a patch has besides the plane that fits it best, and besides what the guide shows there. Returns the
 * patch's mean.
 */
static float
measure_residual (const JfNoisePlane *plane,
                  const float        *pixels,
                  float               residual[PATCH_SIZE][PATCH_SIZE])
{
  float guide[PATCH_SIZE][PATCH_SIZE];
  float mean = flatten (pixels, plane->width, residual);

  if (plane->guide)
    {
      flatten (plane->guide->pixels + (pixels - plane->pixels), plane->width, guide);
      jf_noise_remove_explained (&residual[0][0], &guide[0][0], PATCH_PIXELS, PATCH_PIXELS - 3);
    }

  return mean;
}

static int
compare_variance (const void *a,
                  const void *b)
{
  return jf_noise_compare_floats (&((const JfNoisePatch *) a)->variance, &((const JfNoisePatch *) b)->variance);
}

static void
add_energies (const JfNoisePlane *plane,
              const float        *pixels,
              float               transform[PATCH_SIZE][PATCH_SIZE],
              double              energies[PATCH_SIZE][PATCH_SIZE])
{
  float residual[PATCH_SIZE][PATCH_SIZE];
  float columns[PATCH_SIZE][PATCH_SIZE] = { { 0 } };

  measure_residual (plane, pixels, residual);

  for (int v = 0; v < PATCH_SIZE; v++)
    for (int y = 0; y < PATCH_SIZE; y++)
      for (int x = 0; x < PATCH_SIZE; x++)
        columns[v][x] += transform[v][y] * residual[y][x];

  for (int v = 0; v < PATCH_SIZE; v++)
    for (int u = 0; u < PATCH_SIZE; u++)
      {
        float coefficient = 0.0f;

        for (int x = 0; x < PATCH_SIZE; x++)
          coefficient += columns[v][x] * transform[u][x];

        energies[v][u] += coefficient * coefficient;
      }
}

/* The variance of noise differs between patches as if they had so many independent pixels (Satterthwaite
 * 1946): the squared sum of their coefficients' energies, by the sum of their squares.
 */
static double
count_freedom (const JfNoisePlane *plane,
               const JfNoisePatch *patches,
               int                 n_patches)
{
  double energies[PATCH_SIZE][PATCH_SIZE] = { { 0 } };
  float  transform[PATCH_SIZE][PATCH_SIZE];
  double sum     = 0.0;
  double squares = 0.0;

  jf_noise_make_transform (&transform[0][0], PATCH_SIZE);

  for (int i = 0; i < n_patches; i++)
    add_energies (plane, patches[i].pixels, transform, energies);

  for (int j = 0; j < PATCH_PIXELS; j++)
    {
      const double energy = energies[j / PATCH_SIZE][j % PATCH_SIZE];

      sum     += energy;
      squares += energy * energy;
    }

  return sum * sum / squares;
}

/*  public functions  */

/**
 * jf_noise_measure_patches:
 * @plane:     a plane
 * @n_patches: (out): how many patches are neither clipped nor have infinite pixels
 *
 * Returns: (transfer full) (nullable): these patches; none if the picture is too small
 */
JfNoisePatch *
jf_noise_measure_patches (const JfNoisePlane *plane,
                          int                *n_patches)
{
  const int     max_extremes = JF_NOISE_MAX_EXTREMES * PATCH_PIXELS / JF_NOISE_BLOCK_PIXELS;
  float         residual[PATCH_SIZE][PATCH_SIZE];
  JfNoisePatch *patches;
  int           n_places;

  *n_patches = 0;

  if ((plane->width / PATCH_SIZE) * (gint64) (plane->height / PATCH_SIZE) < MIN_PATCHES)
    return NULL;

  n_places = jf_noise_count_places (plane->width, plane->height, PATCH_SIZE, MAX_PATCHES);
  patches  = g_new (JfNoisePatch, n_places);

  for (int i = 0; i < n_places; i++)
    {
      const gsize   place = jf_noise_get_place (plane->width, plane->height, PATCH_SIZE, n_places, i);
      JfNoisePatch *patch = &patches[*n_patches];

      *patch = (JfNoisePatch) { .pixels = plane->pixels + place };

      if (jf_noise_plane_count_extremes (plane, patch->pixels, PATCH_SIZE) > max_extremes)
        continue;

      patch->brightness = measure_residual (plane, patch->pixels, residual);

      for (int j = 0; j < PATCH_PIXELS; j++)
        patch->variance += residual[j / PATCH_SIZE][j % PATCH_SIZE] *
                           residual[j / PATCH_SIZE][j % PATCH_SIZE] / (PATCH_PIXELS - 3);

      *n_patches += isfinite (patch->variance);
    }

  return patches;
}

/**
 * jf_noise_raise_to_patches:
 * @plane:     a plane
 * @patches:   the patches of a class, which are sorted
 * @n_patches: their number
 * @variance:  what blocks say
 *
 * Raises a variance to that of the flattest patches, as far as they look like noise.
 *
 * Returns: the variance; as it was if there are too few patches
 */
double
jf_noise_raise_to_patches (const JfNoisePlane *plane,
                           JfNoisePatch       *patches,
                           int                 n_patches,
                           double              variance)
{
  double freedom;
  double independent;
  double low;
  double high;
  double whole;
  double share;

  if (n_patches < MIN_PATCHES)
    return variance;

  qsort (patches, n_patches, sizeof (JfNoisePatch), compare_variance);

  low  = patches[(int) (LOW_QUANTILE  * n_patches)].variance;
  high = patches[(int) (HIGH_QUANTILE * n_patches)].variance;

  if (low <= 0.0)
    return variance;

  freedom     = count_freedom (plane, patches, (int) (HIGH_QUANTILE * n_patches));
  independent = freedom / PATCH_PIXELS;

  if (independent <= SHADE_FREEDOM)
    return variance;

  low  /= jf_noise_get_quantile (LOW_NORMAL,  freedom);
  high /= jf_noise_get_quantile (HIGH_NORMAL, freedom);
  whole = patches[(int) (PATCH_QUANTILE * n_patches)].variance / jf_noise_get_quantile (PATCH_NORMAL, freedom);

  share  = jf_noise_get_share (sqrt (high / low), TEXTURE_EXCESS, NOISE_EXCESS);
  share *= jf_noise_get_share (independent, WHITE_FREEDOM, SPREAD_FREEDOM);
  share *= jf_noise_get_share (independent, SHADE_FREEDOM, COARSE_FREEDOM);

  return variance + share * MAX (MIN (whole, MAX_GAIN * variance) - variance, 0.0);
}
