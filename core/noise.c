/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise: how noisy a picture is
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
 *
 * Nor is it the same in light and shade, and the flattest blocks would be the least noisy ones. So the
 * blocks are sorted by brightness into four classes, each is measured by itself, and the second lowest
 * result taken: near the middle, yet neither that of a class without any flat place nor that of a shade
 * without any noise.
 */
#include <math.h>
#include <stdlib.h>

#include "noise.h"


#define BLOCK_SIZE        8

/* More blocks than this do not make the result better, only slower. */
#define MAX_BLOCKS        30000

/* Pictures with fewer blocks have one class. */
#define N_CLASSES         4
#define MIN_CLASSIFIED    600

/* One block in two hundred is chosen, since most photographs have that much sky, wall or blur; but not
 * so few that chance decides, nor more than a quarter of a small picture.
 */
#define CHOSEN_SHARE      200
#define MIN_CHOSEN        60
#define MAX_CHOSEN_SHARE  4

/* The lower quartile, and where it lies in a normal distribution. */
#define QUANTILE          0.25
#define QUANTILE_NORMAL   -0.67448975

/* A block with more pixels than this at the picture's very darkest or brightest value is clipped, or
 * empty, and its noise is not what it was. One may be there by chance.
 */
#define MAX_EXTREMES      1

/* Where hardly any block is free of them, as in front of a black or white ground, what is left are edges.
 * Then blocks count in which noise around the limit, half of it cut off, leaves some: 32 and three
 * standard deviations of a binomial distribution. Cutting a share p of a normal distribution off leaves
 * about (1 - p)^1.55 of its variance (0.75 for 16 %, 0.34 for 50 %). If most blocks are nothing but
 * black or white even so, the ground has no noise to measure.
 */
#define MIN_FREE_SHARE    20
#define MIN_CUT_SHARE     2
#define MAX_CUT           44
#define CUT_EXPONENT      1.55f

/* Bands by u + v of the coefficient; see get_band (). The first, of the slowest shades, is never
 * measured: it is the picture's own.
 */
#define N_BANDS           4

/* A channel with less than this share of the blocks that another has is clipped nearly everywhere, and
 * what is left of it are lights and edges.
 */
#define MIN_CHANNEL_SHARE 0.25


/* A block's brightness, in no particular unit, and the energies of its bands. */
typedef struct
{
  float brightness;
  float bands[N_BANDS];
} Block;

/* A block's energy in a band, and in all others. */
typedef struct
{
  float own;
  float others;
} Candidate;


static int        estimate          (const JfPlanes   *target,
                                     int               channel,
                                     double           *variance);
static Block    * measure_blocks    (const JfPlanes   *target,
                                     int               channel,
                                     int               max_extremes,
                                     int              *n_places,
                                     int              *n_blocks);
static void       find_extremes     (const float      *plane,
                                     gsize             n_pixels,
                                     float            *darkest,
                                     float            *brightest);
static void       make_transform    (float             transform[BLOCK_SIZE][BLOCK_SIZE]);
static gboolean   measure_block     (const float      *pixels,
                                     int               stride,
                                     float             darkest,
                                     float             brightest,
                                     int               max_extremes,
                                     float             transform[BLOCK_SIZE][BLOCK_SIZE],
                                     Block            *block);
static int        get_band          (int               u,
                                     int               v);
static double     measure_classes   (Block            *blocks,
                                     int               n_blocks);
static double     measure_class     (const Block      *blocks,
                                     int               n_blocks,
                                     Candidate        *candidates);
static double     measure_band      (const Block      *blocks,
                                     int               n_blocks,
                                     int               band,
                                     Candidate        *candidates);
static int        compare_brightness
                                    (const void       *a,
                                     const void       *b);
static int        compare_others    (const void       *a,
                                     const void       *b);
static int        compare_own       (const void       *a,
                                     const void       *b);
static int        estimate_narrow   (const JfPlanes   *target,
                                     int               channel,
                                     double           *variance);
static int        compare_floats    (const void       *a,
                                     const void       *b);


/* Coefficients in each band; and with the slowest ones, and the mean, counted to the lowest band that is
 * measured, what share of a pixel's variance a band stands for.
 */
static const int    band_sizes[N_BANDS]   = { 5, 15, 22, 21 };
static const double band_weights[N_BANDS] = { 0.0, 21.0 / 64.0, 22.0 / 64.0, 21.0 / 64.0 };


/*  public functions  */

/**
 * jf_noise_estimate:
 * @target: a picture of any size
 *
 * Estimates the standard deviation of a picture's noise, in the units of its values, as the root mean
 * square over its channels. Clipped areas are left out, and so are channels that have nothing else.
 * A clean photograph comes out at a few thousandths of full scale, since its finest texture cannot be
 * told from noise. Takes a fraction of a second whatever the size.
 *
 * Returns: the standard deviation; 0 if the picture gives nothing to measure
 */
float
jf_noise_estimate (const JfPlanes *target)
{
  g_autofree double *variances  = g_new0 (double, target->channels);
  g_autofree int    *counts     = g_new0 (int, target->channels);
  double             sum        = 0.0;
  int                n_channels = 0;
  int                most       = 1;

  for (int i = 0; i < target->channels; i++)
    {
      counts[i] = estimate (target, i, &variances[i]);
      most      = MAX (most, counts[i]);
    }

  for (int i = 0; i < target->channels; i++)
    if (counts[i] >= MIN_CHANNEL_SHARE * most)
      {
        sum += variances[i];
        n_channels++;
      }

  return n_channels ? (float) sqrt (sum / n_channels) : 0.0f;
}

/**
 * jf_noise_estimate_channel:
 * @target:  a picture of any size
 * @channel: one of its channels
 *
 * As jf_noise_estimate (), for one channel.
 *
 * Returns: the standard deviation; 0 if the channel gives nothing to measure
 */
float
jf_noise_estimate_channel (const JfPlanes *target,
                           int             channel)
{
  double variance;

  g_return_val_if_fail (channel >= 0 && channel < target->channels, 0.0f);

  return estimate (target, channel, &variance) > 0 ? (float) sqrt (variance) : 0.0f;
}


/*  private functions  */

/* Returns the number of places that were measured, 0 if there were none. */
static int
estimate (const JfPlanes *target,
          int             channel,
          double         *variance)
{
  g_autofree Block *blocks = NULL;
  int               n_places;
  int               n_blocks;

  if (target->width < BLOCK_SIZE || target->height < BLOCK_SIZE)
    return estimate_narrow (target, channel, variance);

  blocks = measure_blocks (target, channel, MAX_EXTREMES, &n_places, &n_blocks);

  if (n_blocks < n_places / MIN_FREE_SHARE)
    {
      g_free (blocks);
      blocks = measure_blocks (target, channel, MAX_CUT, &n_places, &n_blocks);

      if (n_blocks < n_places / MIN_CUT_SHARE)
        return 0;
    }

  if (n_blocks > 0)
    *variance = measure_classes (blocks, n_blocks);

  return n_blocks;
}

/* All blocks of a small picture, overlapping; of a large one, places of an R2 sequence (Roberts 2018):
 * even, and in step with neither a pattern nor JPEG's blocks.
 */
static Block *
measure_blocks (const JfPlanes *target,
                int             channel,
                int             max_extremes,
                int            *n_places,
                int            *n_blocks)
{
  const int      n_columns = target->width  - BLOCK_SIZE + 1;
  const int      n_rows    = target->height - BLOCK_SIZE + 1;
  const gsize    n_pixels  = (gsize) target->width * target->height;
  const float   *plane     = target->data + channel * n_pixels;
  const gboolean all       = (gint64) n_columns * n_rows <= MAX_BLOCKS;
  Block         *blocks    = g_new (Block, all ? n_columns * n_rows : MAX_BLOCKS);
  float          transform[BLOCK_SIZE][BLOCK_SIZE];
  float          darkest;
  float          brightest;

  find_extremes (plane, n_pixels, &darkest, &brightest);
  make_transform (transform);
  *n_places = all ? n_columns * n_rows : MAX_BLOCKS;
  *n_blocks = 0;

  for (int i = 0; i < *n_places; i++)
    {
      const int x = all ? i % n_columns : (int) (fmod (0.7548776662466927 * i, 1.0) * n_columns);
      const int y = all ? i / n_columns : (int) (fmod (0.5698402909980532 * i, 1.0) * n_rows);

      if (measure_block (plane + (gsize) y * target->width + x, target->width,
                         darkest, brightest, max_extremes, transform, &blocks[*n_blocks]))
        (*n_blocks)++;
    }

  return blocks;
}

static void
find_extremes (const float *plane,
               gsize        n_pixels,
               float       *darkest,
               float       *brightest)
{
  float least = INFINITY;
  float most  = -INFINITY;

  for (gsize i = 0; i < n_pixels; i++)
    if (isfinite (plane[i]))
      {
        least = MIN (least, plane[i]);
        most  = MAX (most, plane[i]);
      }

  *darkest   = least;
  *brightest = most;
}

/* The orthonormal discrete cosine transform: white noise stays white, of the same variance. */
static void
make_transform (float transform[BLOCK_SIZE][BLOCK_SIZE])
{
  for (int u = 0; u < BLOCK_SIZE; u++)
    for (int x = 0; x < BLOCK_SIZE; x++)
      transform[u][x] = (float) (cos ((2 * x + 1) * u * G_PI / (2 * BLOCK_SIZE)) *
                                 sqrt ((u ? 2.0 : 1.0) / BLOCK_SIZE));
}

/* Returns FALSE for a block that is clipped, or not of finite numbers. */
static gboolean
measure_block (const float *pixels,
               int          stride,
               float        darkest,
               float        brightest,
               int          max_extremes,
               float        transform[BLOCK_SIZE][BLOCK_SIZE],
               Block       *block)
{
  float columns[BLOCK_SIZE][BLOCK_SIZE] = { { 0 } };
  float total                           = 0.0f;
  int   n_extremes                      = 0;

  *block = (Block) { 0 };

  for (int y = 0; y < BLOCK_SIZE; y++)
    for (int x = 0; x < BLOCK_SIZE; x++)
      n_extremes += pixels[(gsize) y * stride + x] <= darkest ||
                    pixels[(gsize) y * stride + x] >= brightest;

  if (n_extremes > max_extremes)
    return FALSE;

  for (int v = 0; v < BLOCK_SIZE; v++)
    for (int y = 0; y < BLOCK_SIZE; y++)
      for (int x = 0; x < BLOCK_SIZE; x++)
        columns[v][x] += transform[v][y] * pixels[(gsize) y * stride + x];

  for (int x = 0; x < BLOCK_SIZE; x++)
    block->brightness += columns[0][x];

  for (int v = 0; v < BLOCK_SIZE; v++)
    for (int u = v ? 0 : 1; u < BLOCK_SIZE; u++)
      {
        float coefficient = 0.0f;

        for (int x = 0; x < BLOCK_SIZE; x++)
          coefficient += columns[v][x] * transform[u][x];

        block->bands[get_band (u, v)] += coefficient * coefficient;
        total                         += coefficient * coefficient;
      }

  if (n_extremes > MAX_EXTREMES)
    for (int i = 0; i < N_BANDS; i++)
      block->bands[i] /= powf (1.0f - (float) n_extremes / (BLOCK_SIZE * BLOCK_SIZE), CUT_EXPONENT);

  return isfinite (total);
}

static int
get_band (int u,
          int v)
{
  return u + v <= 2 ? 0 : u + v <= 5 ? 1 : u + v <= 8 ? 2 : 3;
}

static double
measure_classes (Block *blocks,
                 int    n_blocks)
{
  g_autofree Candidate *candidates = g_new (Candidate, n_blocks);
  double                lowest     = INFINITY;
  double                second     = INFINITY;

  if (n_blocks < MIN_CLASSIFIED)
    return measure_class (blocks, n_blocks, candidates);

  qsort (blocks, n_blocks, sizeof (Block), compare_brightness);

  for (int i = 0; i < N_CLASSES; i++)
    {
      const int    start    = n_blocks * i / N_CLASSES;
      const int    end      = n_blocks * (i + 1) / N_CLASSES;
      const double variance = measure_class (blocks + start, end - start, candidates);

      second = MIN (second, MAX (lowest, variance));
      lowest = MIN (lowest, variance);
    }

  return second;
}

static double
measure_class (const Block *blocks,
               int          n_blocks,
               Candidate   *candidates)
{
  double variance = 0.0;

  for (int band = 1; band < N_BANDS; band++)
    variance += band_weights[band] * measure_band (blocks, n_blocks, band, candidates);

  return variance;
}

/* Returns the variance of the band's coefficients where the picture is flattest by the other bands. The
 * energy of n coefficients of noise is distributed as chi-square with n degrees of freedom, whose
 * quantiles Wilson and Hilferty's formula (1931) gives.
 */
static double
measure_band (const Block *blocks,
              int          n_blocks,
              int          band,
              Candidate   *candidates)
{
  const double spread   = 2.0 / (9.0 * band_sizes[band]);
  const double quantile = pow (1.0 - spread + QUANTILE_NORMAL * sqrt (spread), 3.0);
  const int    n_most   = n_blocks / MAX_CHOSEN_SHARE + 1;
  const int    n_chosen = MAX (n_blocks / CHOSEN_SHARE, MIN (MIN_CHOSEN, n_most));

  for (int i = 0; i < n_blocks; i++)
    {
      candidates[i].own    = blocks[i].bands[band];
      candidates[i].others = 0.0f;

      for (int j = 0; j < N_BANDS; j++)
        if (j != band)
          candidates[i].others += blocks[i].bands[j];
    }

  qsort (candidates, n_blocks, sizeof (Candidate), compare_others);
  qsort (candidates, n_chosen, sizeof (Candidate), compare_own);

  return candidates[(int) (QUANTILE * (n_chosen - 1) + 0.5)].own / (band_sizes[band] * quantile);
}

static int
compare_brightness (const void *a,
                    const void *b)
{
  return compare_floats (&((const Block *) a)->brightness, &((const Block *) b)->brightness);
}

static int
compare_others (const void *a,
                const void *b)
{
  return compare_floats (&((const Candidate *) a)->others, &((const Candidate *) b)->others);
}

static int
compare_own (const void *a,
             const void *b)
{
  return compare_floats (&((const Candidate *) a)->own, &((const Candidate *) b)->own);
}

/* A picture without room for a block: the median size of second differences along its longer side,
 * which for noise of variance 1 have variance 6 (1 + 4 + 1) and a median size of 0.6745 of its root.
 */
static int
estimate_narrow (const JfPlanes *target,
                 int             channel,
                 double         *variance)
{
  const gboolean     wide        = target->width >= target->height;
  const int          length      = wide ? target->width : target->height;
  const int          n_lines     = wide ? target->height : target->width;
  const gsize        step        = wide ? 1 : target->width;
  const gsize        line_step   = wide ? target->width : 1;
  const float       *plane       = target->data + (gsize) channel * target->width * target->height;
  g_autofree float  *differences = NULL;
  gsize              n           = 0;

  if (length < 3)
    return 0;

  differences = g_new (float, (gsize) length * n_lines);

  for (int line = 0; line < n_lines; line++)
    for (int i = 1; i < length - 1; i++)
      {
        const float *pixel      = plane + line * line_step + i * step;
        const float  difference = fabsf (pixel[-(gssize) step] - 2.0f * *pixel + pixel[step]);

        if (isfinite (difference))
          differences[n++] = difference;
      }

  if (n == 0)
    return 0;

  qsort (differences, n, sizeof (float), compare_floats);
  *variance = pow (differences[n / 2] / QUANTILE_NORMAL, 2.0) / 6.0;

  return (int) MIN (n, G_MAXINT);
}

static int
compare_floats (const void *a,
                const void *b)
{
  const float one   = *(const float *) a;
  const float other = *(const float *) b;

  return one < other ? -1 : one > other;
}
