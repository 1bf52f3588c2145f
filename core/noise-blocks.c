/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise-blocks: noise in the flattest blocks of a picture
 *
 * The idea is Ponomarenko, Lukin, Zriakhov, Kaarna and Astola's ("An automatic approach to lossy
 * compression of AVIRIS images", IGARSS 2007; Colom and Buades' analysis in IPOL 3, 2013, finds it the
 * most accurate of its kind): look at the picture's 8x8 blocks as cosine transforms, take the few
 * blocks with the least energy in one part of the spectrum, and measure another part there. White noise
 * is independent between the parts, so choosing the blocks does not bias the measurement, as choosing
 * those of least variance would.
 *
 * Noise of a camera is not white: demosaicing and noise reduction leave little of it at the highest
 * frequencies. So three bands are measured, each in the blocks with the least energy in all others, and
 * weighted with their numbers of coefficients: the result is the standard deviation of a pixel.
 * Within the chosen blocks a low quantile is taken, which texture that slipped in moves less than it
 * moves a mean; for noise the quantile's place is known.
 */
#include <math.h>
#include <stdlib.h>

#include "noise-private.h"

/* One block in two hundred is chosen, since most photographs have that much sky, wall or blur; but not
 * so few that chance decides, nor more than a quarter of a small picture.
 */
#define CHOSEN_SHARE     200
#define MIN_CHOSEN       60
#define MAX_CHOSEN_SHARE 4

/* The lower quartile, and where it lies in a normal distribution. */
#define QUANTILE         0.25
#define QUANTILE_NORMAL  -0.67448975

/* Cutting a share p of a normal distribution off leaves about (1 - p)^1.55 of its variance (0.75 for 16 %, 0.34 for 50 %). */
#define CUT_EXPONENT     1.55f

/* A block's energy in a band, and in all others. */
typedef struct
{
  float own;
  float others;
} Candidate;

/* Coefficients in each band; and with the slowest ones, and the mean, counted to the lowest band that is
 * measured, what share of a pixel's variance a band stands for.
 */
static const int    band_sizes[JF_NOISE_N_BANDS]   = { 5, 15, 22, 21 };
static const double band_weights[JF_NOISE_N_BANDS] = { 0.0, 21.0 / 64.0, 22.0 / 64.0, 21.0 / 64.0 };

/*  private functions  */

static int
get_band (int u,
          int v)
{
  return u + v <= 2 ? 0 : u + v <= 5 ? 1 : u + v <= 8 ? 2 : 3;
}

static void
transform_block (const float *pixels,
                 int          width,
                 float        transform[JF_NOISE_BLOCK_SIZE][JF_NOISE_BLOCK_SIZE],
                 float        coefficients[JF_NOISE_BLOCK_PIXELS])
{
  float columns[JF_NOISE_BLOCK_SIZE][JF_NOISE_BLOCK_SIZE] = { { 0 } };

  for (int v = 0; v < JF_NOISE_BLOCK_SIZE; v++)
    for (int y = 0; y < JF_NOISE_BLOCK_SIZE; y++)
      for (int x = 0; x < JF_NOISE_BLOCK_SIZE; x++)
        columns[v][x] += transform[v][y] * pixels[(gsize) y * width + x];

  for (int v = 0; v < JF_NOISE_BLOCK_SIZE; v++)
    for (int u = 0; u < JF_NOISE_BLOCK_SIZE; u++)
      {
        coefficients[v * JF_NOISE_BLOCK_SIZE + u] = 0.0f;

        for (int x = 0; x < JF_NOISE_BLOCK_SIZE; x++)
          coefficients[v * JF_NOISE_BLOCK_SIZE + u] += columns[v][x] * transform[u][x];
      }
}

/* Returns FALSE for a block that is clipped, or not of finite numbers. */
static gboolean
measure_block (const JfNoisePlane *plane,
               int                 i,
               int                 max_extremes,
               float               transform[JF_NOISE_BLOCK_SIZE][JF_NOISE_BLOCK_SIZE],
               JfNoiseBlock       *block)
{
  const gsize  place      = jf_noise_get_place (plane->width, plane->height, JF_NOISE_BLOCK_SIZE, plane->n_places, i);
  const float *pixels     = plane->pixels + place;
  int          n_extremes = jf_noise_plane_count_extremes (plane, pixels, JF_NOISE_BLOCK_SIZE);
  float        total      = 0.0f;
  float        coefficients[JF_NOISE_BLOCK_PIXELS];

  *block = (JfNoiseBlock) { 0 };

  if (n_extremes > max_extremes)
    return FALSE;

  transform_block (pixels, plane->width, transform, coefficients);
  block->brightness = coefficients[0];

  if (plane->guide)
    jf_noise_remove_explained (coefficients, plane->guide->coefficients + i * JF_NOISE_BLOCK_PIXELS, JF_NOISE_BLOCK_PIXELS,
                               JF_NOISE_BLOCK_PIXELS - 1 - band_sizes[0]);

  for (int j = 1; j < JF_NOISE_BLOCK_PIXELS; j++)
    {
      const float energy = coefficients[j] * coefficients[j];

      block->bands[get_band (j % JF_NOISE_BLOCK_SIZE, j / JF_NOISE_BLOCK_SIZE)] += energy;
      total                                                                     += energy;
    }

  if (n_extremes > JF_NOISE_MAX_EXTREMES)
    for (int band = 0; band < JF_NOISE_N_BANDS; band++)
      block->bands[band] /= powf (1.0f - (float) n_extremes / JF_NOISE_BLOCK_PIXELS, CUT_EXPONENT);

  return isfinite (total);
}

static int
compare_others (const void *a,
                const void *b)
{
  return jf_noise_compare_floats (&((const Candidate *) a)->others, &((const Candidate *) b)->others);
}

static int
compare_own (const void *a,
             const void *b)
{
  return jf_noise_compare_floats (&((const Candidate *) a)->own, &((const Candidate *) b)->own);
}

/* Returns the variance of the band's coefficients where the picture is flattest by the other bands. */
static double
measure_band (const JfNoiseBlock *blocks,
              int                 n_blocks,
              int                 band,
              Candidate          *candidates)
{
  const double quantile = jf_noise_get_quantile (QUANTILE_NORMAL, band_sizes[band]);
  const int    n_most   = n_blocks / MAX_CHOSEN_SHARE + 1;
  const int    n_chosen = MAX (n_blocks / CHOSEN_SHARE, MIN (MIN_CHOSEN, n_most));

  for (int i = 0; i < n_blocks; i++)
    {
      candidates[i].own    = blocks[i].bands[band];
      candidates[i].others = 0.0f;

      for (int j = 0; j < JF_NOISE_N_BANDS; j++)
        if (j != band)
          candidates[i].others += blocks[i].bands[j];
    }

  qsort (candidates, n_blocks, sizeof (Candidate), compare_others);
  qsort (candidates, n_chosen, sizeof (Candidate), compare_own);

  return candidates[(int) (QUANTILE * (n_chosen - 1) + 0.5)].own / (band_sizes[band] * quantile);
}

/* Returns how many blocks have no more extreme values and are of finite numbers. */
static int
measure_places (const JfNoisePlane *plane,
                int                 max_extremes,
                JfNoiseBlock       *blocks)
{
  float transform[JF_NOISE_BLOCK_SIZE][JF_NOISE_BLOCK_SIZE];
  int   n_blocks = 0;

  jf_noise_make_transform (&transform[0][0], JF_NOISE_BLOCK_SIZE);

  for (int i = 0; i < plane->n_places; i++)
    n_blocks += measure_block (plane, i, max_extremes, transform, &blocks[n_blocks]);

  return n_blocks;
}

/*  public functions  */

/**
 * jf_noise_transform_blocks:
 * @pixels:   of a picture with room for a block
 * @width:    the picture's width
 * @height:   its height
 * @n_blocks: jf_noise_count_places()
 *
 * The slowest shades are left out.
 *
 * Returns: (transfer full): the coefficients of the blocks, one block after the other
 */
float *
jf_noise_transform_blocks (const float *pixels,
                           int          width,
                           int          height,
                           int          n_blocks)
{
  float *coefficients = g_new (float, n_blocks * JF_NOISE_BLOCK_PIXELS);
  float  transform[JF_NOISE_BLOCK_SIZE][JF_NOISE_BLOCK_SIZE];

  jf_noise_make_transform (&transform[0][0], JF_NOISE_BLOCK_SIZE);

  for (int i = 0; i < n_blocks; i++)
    {
      const gsize  place = jf_noise_get_place (width, height, JF_NOISE_BLOCK_SIZE, n_blocks, i);
      float       *block = coefficients + i * JF_NOISE_BLOCK_PIXELS;

      transform_block (pixels + place, width, transform, block);

      for (int j = 0; j < JF_NOISE_BLOCK_PIXELS; j++)
        if (get_band (j % JF_NOISE_BLOCK_SIZE, j / JF_NOISE_BLOCK_SIZE) == 0)
          block[j] = 0.0f;
    }

  return coefficients;
}

/**
 * jf_noise_measure_blocks:
 * @plane:    a plane with room for a block
 * @min_free: how many blocks have to be free of clipped pixels
 * @n_blocks: (out): how many blocks were measured
 * @cut:      (out): whether less were free, so that those count that are half clipped
 *
 * Returns: (transfer full): the blocks that are not clipped, and of finite numbers
 */
JfNoiseBlock *
jf_noise_measure_blocks (const JfNoisePlane *plane,
                         double              min_free,
                         int                *n_blocks,
                         gboolean           *cut)
{
  JfNoiseBlock *blocks = g_new (JfNoiseBlock, plane->n_places);

  *n_blocks = measure_places (plane, JF_NOISE_MAX_EXTREMES, blocks);
  *cut      = *n_blocks < min_free;

  if (*cut)
    *n_blocks = measure_places (plane, JF_NOISE_MAX_CUT, blocks);

  return blocks;
}

/**
 * jf_noise_measure_class:
 * @blocks:   the blocks of a class
 * @n_blocks: their number, not 0
 *
 * Returns: the variance of a pixel where the picture is flattest
 */
double
jf_noise_measure_class (const JfNoiseBlock *blocks,
                        int                 n_blocks)
{
  g_autofree Candidate *candidates = g_new (Candidate, n_blocks);
  double                variance   = 0.0;

  for (int band = 1; band < JF_NOISE_N_BANDS; band++)
    variance += band_weights[band] * measure_band (blocks, n_blocks, band, candidates);

  return variance;
}
