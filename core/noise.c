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
 * What demosaicing and JPEG's compression spread over several pixels is mostly below these bands, where
 * shades are too. It is measured as the variance of larger squares, of which a low quantile is taken
 * again; how far below the mean that lies follows from the squares' spectrum. Texture is told from such
 * noise by its differing more from square to square than noise of the same spectrum would.
 *
 * Nor is noise the same in light and shade, and the flattest blocks would be the least noisy ones. So the
 * blocks are sorted by brightness into four classes, each is measured by itself, and the mean of the two in
 * the middle taken: neither a class without any flat place counts, nor a shade without any noise. But where the
 * noise falls from class to class, as the curve that light is encoded with makes it, the darkest class counts:
 * networks leave noise that is stronger than they know, and lose little by knowing of too much.
 *
 * How much of the noise is coarse, which its excess tells, is measured in the same way in a picture of half the size whose
 * pixels are means over channels and 2x2 pixels, times what keeps white noise as strong as it was. There texture is
 * stronger, so the class counts in which the ratio is the second least.
 *
 * Texture that a guide shows as well is no noise, since the noise of two pictures is independent: what least
 * squares find of the guide in a block or square is taken away before it is measured.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "noise.h"


#define COLOURS           3

#define BLOCK_SIZE        8
#define BLOCK_PIXELS      (BLOCK_SIZE * BLOCK_SIZE)

/* More blocks than this do not make the result better, only slower; of half the size a quarter is enough. */
#define MAX_BLOCKS        30000
#define MAX_COARSE_BLOCKS (MAX_BLOCKS / 4)

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

/* Noise falls with the light if no class has more than this share of the next darker one's variance: chance may
 * make equal ones differ by so much.
 */
#define MAX_STEP          1.2

/* Bands by u + v of the coefficient; see get_band (). The first, of the slowest shades, is never
 * measured: it is the picture's own.
 */
#define N_BANDS           4

/* Squares to measure correlated noise in: large enough for its lowest frequencies, small enough to fit
 * between edges. Their number is enough for the quantiles below.
 */
#define PATCH_SIZE        16
#define PATCH_PIXELS      (PATCH_SIZE * PATCH_SIZE)
#define MAX_PATCHES       7000

/* The quantiles below mean something if a picture has room for so many patches side by side, and so many
 * in each class are not clipped; else the blocks' result stands.
 */
#define MIN_PATCHES       200

/* The quantile whose variance is measured, two around it that tell how it spreads, and where the three
 * lie in a normal distribution.
 */
#define PATCH_QUANTILE    0.02
#define PATCH_NORMAL      -2.05374891
#define LOW_QUANTILE      0.005
#define LOW_NORMAL        -2.57582930
#define HIGH_QUANTILE     0.05
#define HIGH_NORMAL       -1.64485363

/* By how much the two quantiles' standard deviations may be farther apart than those of noise: up to the
 * first it is taken for noise, from the second on for texture. Photographs' noise, a little different
 * from place to place, has 1.00 to 1.09, their texture mostly more than 1.2.
 */
#define NOISE_EXCESS      1.08
#define TEXTURE_EXCESS    1.16

/* How independent a patch's pixels are, as a share: from the first on the noise is as good as white, and
 * known well enough from the blocks; up to the second it is certainly not. From the third on it is
 * certainly noise, and up to the fourth so coarse that it is shades or texture. Demosaicing leaves 0.3 to
 * 0.6, cameras' JPEG files have 0.2 to 0.5.
 */
#define WHITE_FREEDOM     0.85
#define SPREAD_FREEDOM    0.65
#define COARSE_FREEDOM    0.16
#define SHADE_FREEDOM     0.12

/* No known camera's noise is more correlated than this, as a ratio of variances. */
#define MAX_GAIN          6.25

/* A channel with less than this share of the blocks that another has is clipped nearly everywhere, and
 * what is left of it are lights and edges.
 */
#define MIN_CHANNEL_SHARE 0.25

/* So is what is left of a picture of half the size with less than the first share of blocks that are not clipped; with less
 * than the second, edges may be in many classes.
 */
#define MIN_COARSE_SHARE  0.1
#define FEW_COARSE_SHARE  0.5

/* Up to the first of these shares of the level an excess may be chance or texture; from the second on it counts in full. The
 * most of white noise was 0.11 in 460 ramps of 64x64 to 400x400 pixels (standard deviation 0.02 to 0.04); and 0.11 in 12
 * photographs with guides where the noise was 0.01, 0.04 where it was 0.0316 or 0.1.
 */
#define CHANCE_EXCESS     0.12f
#define CERTAIN_EXCESS    0.3f

/* The standard deviation of what even the flattest places of photographs have of texture in the picture of half the size, and
 * no guide shows, as a share of the range of values: in 12 photographs and 4 pairs 0.004 to 0.024, 0.010 in the mean.
 */
#define COARSE_TEXTURE    0.010f

/* That range is from the hundredth to the hundredth but one of so many values, about. */
#define RANGE_VALUES      20000
#define RANGE_TAIL        100

/* Guidance that leaves less than this share of the variance is no other picture, but a copy. */
#define COPY_SHARE        1e-4


/* What guides, without colours, and the coefficients of its blocks, one after the other. */
typedef struct
{
  float *pixels;
  float *coefficients;
} Guide;

/* A channel and its extreme values, or means of some pixels and how many of these were extreme. */
typedef struct
{
  const float  *pixels;
  int           width;
  int           height;
  float         darkest;
  float         brightest;
  const guint8 *extremes;     /* (nullable) */
  int           n_averaged;
  int           n_places;     /* where blocks are looked at */
  const Guide  *guide;        /* NULL: nobody knows more of the scene */
} Plane;

/* A block's brightness, in no particular unit, and the energies of its bands. */
typedef struct
{
  float brightness;
  float bands[N_BANDS];
} Block;

/* A patch's first pixel, its brightness, and its variance around a plane. */
typedef struct
{
  const float *pixels;
  float        brightness;
  float        variance;
} Patch;

/* A block's energy in a band, and in all others. */
typedef struct
{
  float own;
  float others;
} Candidate;


static float    * add_channels      (const JfPlanes   *picture);
static Guide    * guide_new         (const JfPlanes   *guidance,
                                     int               max_blocks);
static void       guide_free        (Guide            *guide);
static gboolean   guide_is_copy     (const Guide      *guide,
                                     const JfPlanes   *target);
static float      estimate_all      (const JfPlanes   *target,
                                     const Guide      *guide,
                                     double            variances[N_CLASSES]);
static int        estimate          (const JfPlanes   *target,
                                     const Guide      *guide,
                                     int               channel,
                                     double            variances[N_CLASSES]);
static double     join_classes      (const double      variances[N_CLASSES]);
static float      estimate_ratio    (const JfPlanes   *target,
                                     const JfPlanes   *guidance,
                                     const double      variances[N_CLASSES]);
static double     get_coarse_gain   (const JfPlanes   *target);
static double     estimate_coarse   (const JfPlanes   *target,
                                     const JfPlanes   *guidance,
                                     double            variances[N_CLASSES],
                                     gboolean         *cut);
static float    * halve             (const JfPlanes   *picture,
                                     float             gain);
static guint8   * halve_extremes    (const JfPlanes   *picture);
static gboolean   is_extreme        (const Plane      *plane,
                                     float             value);
static float      get_range         (const JfPlanes   *target);
static float      leave_out_texture (float             ratio,
                                     float             texture);
static float      leave_out_chance  (float             excess);
static Plane      get_plane         (const JfPlanes   *target,
                                     const Guide      *guide,
                                     int               channel);
static Block    * measure_blocks    (const Plane      *plane,
                                     int               max_extremes,
                                     int              *n_blocks);
static int        count_places      (int               width,
                                     int               height,
                                     int               size,
                                     int               most);
static gsize      get_place         (int               width,
                                     int               height,
                                     int               size,
                                     int               n_places,
                                     int               i);
static int        count_extremes    (const Plane      *plane,
                                     const float      *pixels,
                                     int               size);
static void       make_transform    (float            *transform,
                                     int               size);
static gboolean   measure_block     (const Plane      *plane,
                                     int               i,
                                     int               max_extremes,
                                     float             transform[BLOCK_SIZE][BLOCK_SIZE],
                                     Block            *block);
static void       transform_block   (const float      *pixels,
                                     int               width,
                                     float             transform[BLOCK_SIZE][BLOCK_SIZE],
                                     float             coefficients[BLOCK_PIXELS]);
static void       remove_explained  (float            *values,
                                     const float      *guide,
                                     int               n_values,
                                     int               freedom);
static int        get_band          (int               u,
                                     int               v);
static Patch    * measure_patches   (const Plane      *plane,
                                     int              *n_patches);
static float      measure_residual  (const Plane      *plane,
                                     const float      *pixels,
                                     float             residual[PATCH_SIZE][PATCH_SIZE]);
static float      flatten           (const float      *pixels,
                                     int               width,
                                     float             residual[PATCH_SIZE][PATCH_SIZE]);
static void       measure_classes   (const Plane      *plane,
                                     Block            *blocks,
                                     int               n_blocks,
                                     Patch            *patches,
                                     int               n_patches,
                                     double            variances[N_CLASSES]);
static double     get_darkest       (const double      variances[N_CLASSES]);
static double     measure_class     (const Block      *blocks,
                                     int               n_blocks,
                                     Candidate        *candidates);
static double     measure_band      (const Block      *blocks,
                                     int               n_blocks,
                                     int               band,
                                     Candidate        *candidates);
static double     raise_to_patches  (const Plane      *plane,
                                     Patch            *patches,
                                     int               n_patches,
                                     double            variance);
static double     count_freedom     (const Plane      *plane,
                                     const Patch      *patches,
                                     int               n_patches);
static void       add_energies      (const Plane      *plane,
                                     const float      *pixels,
                                     float             transform[PATCH_SIZE][PATCH_SIZE],
                                     double            energies[PATCH_SIZE][PATCH_SIZE]);
static double     get_quantile      (double            normal,
                                     double            freedom);
static int        compare_brightness
                                    (const void       *a,
                                     const void       *b);
static int        compare_patch_brightness
                                    (const void       *a,
                                     const void       *b);
static int        compare_variance  (const void       *a,
                                     const void       *b);
static int        compare_doubles   (const void       *a,
                                     const void       *b);
static int        compare_others    (const void       *a,
                                     const void       *b);
static int        compare_own       (const void       *a,
                                     const void       *b);
static int        estimate_narrow   (const JfPlanes   *target,
                                     int               channel,
                                     double            variances[N_CLASSES]);
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
 * @target:   a picture of any size
 * @guidance: (nullable): a picture of the same scene and size with noise of its own
 *
 * Estimates the standard deviation of the noise, in the units of the picture's values, as the root mean square
 * over the channels; where it falls with the light, up to that of the darkest quarter. Clipped areas are left out,
 * and so are channels that have nothing else. Without @guidance a clean photograph comes out at some thousandths
 * of full scale, since its finest texture cannot be told from noise. The excess is 0 where nothing speaks against
 * white noise, and in pictures that are too small or clipped to tell.
 *
 * Returns: the noise; none if the picture gives nothing to measure
 */
JfNoise
jf_noise_estimate (const JfPlanes *target,
                   const JfPlanes *guidance)
{
  Guide  *guide = guidance ? guide_new (guidance, MAX_BLOCKS) : NULL;
  JfNoise noise;
  double  variances[N_CLASSES];
  float   ratio;

  if (guide && guide_is_copy (guide, target))
    {
      g_clear_pointer (&guide, guide_free);
      guidance = NULL;
    }

  noise.level  = estimate_all (target, guide, variances);
  ratio        = leave_out_texture (estimate_ratio (target, guidance, variances),
                                    COARSE_TEXTURE * get_range (target) / noise.level);
  noise.excess = noise.level * leave_out_chance (ratio - 1.0f);
  g_clear_pointer (&guide, guide_free);

  return noise;
}

/**
 * jf_noise_set_level:
 * @noise: (inout): what was estimated
 * @level: the level that somebody knows better
 *
 * The excess stays the same share of the level.
 */
void
jf_noise_set_level (JfNoise *noise,
                    float    level)
{
  noise->excess = noise->level > 0.0f ? noise->excess / noise->level * level : 0.0f;
  noise->level  = level;
}

/**
 * jf_noise_estimate_channel:
 * @target:  a picture of any size
 * @channel: one of its channels
 *
 * Returns: the standard deviation of the channel's noise; 0 if it gives nothing to measure
 */
float
jf_noise_estimate_channel (const JfPlanes *target,
                           int             channel)
{
  double variances[N_CLASSES];

  g_return_val_if_fail (channel >= 0 && channel < target->channels, 0.0f);

  return estimate (target, NULL, channel, variances) > 0 ? (float) sqrt (join_classes (variances)) : 0.0f;
}


/*  private functions  */

static float *
add_channels (const JfPlanes *picture)
{
  const gsize  n_pixels = (gsize) picture->width * picture->height;
  float       *sum      = g_new0 (float, n_pixels);

  for (int channel = 0; channel < picture->channels; channel++)
    for (gsize i = 0; i < n_pixels; i++)
      sum[i] += picture->data[channel * n_pixels + i];

  return sum;
}

/* The slowest shades say nothing of how strongly texture shows in either picture: light is different there. */
static Guide *
guide_new (const JfPlanes *guidance,
           int             max_blocks)
{
  const int  width    = guidance->width;
  const int  height   = guidance->height;
  Guide     *guide    = g_new0 (Guide, 1);
  int        n_places;
  float      transform[BLOCK_SIZE][BLOCK_SIZE];

  guide->pixels = add_channels (guidance);

  if (width < BLOCK_SIZE || height < BLOCK_SIZE)
    return guide;

  make_transform (&transform[0][0], BLOCK_SIZE);
  n_places            = count_places (width, height, BLOCK_SIZE, max_blocks);
  guide->coefficients = g_new (float, n_places * BLOCK_PIXELS);

  for (int i = 0; i < n_places; i++)
    {
      float *coefficients = guide->coefficients + i * BLOCK_PIXELS;

      transform_block (guide->pixels + get_place (width, height, BLOCK_SIZE, n_places, i), width, transform,
                       coefficients);

      for (int j = 0; j < BLOCK_PIXELS; j++)
        if (get_band (j % BLOCK_SIZE, j / BLOCK_SIZE) == 0)
          coefficients[j] = 0.0f;
    }

  return guide;
}

static void
guide_free (Guide *guide)
{
  g_free (guide->coefficients);
  g_free (guide->pixels);
  g_free (guide);
}

/* The noise of a copy is that of the target. */
static gboolean
guide_is_copy (const Guide    *guide,
               const JfPlanes *target)
{
  g_autofree float *sum      = add_channels (target);
  const JfPlanes    plane    = { sum, 1, target->width, target->height };
  double            alone[N_CLASSES];
  double            guided[N_CLASSES];

  estimate (&plane, NULL, 0, alone);
  estimate (&plane, guide, 0, guided);

  return join_classes (guided) < COPY_SHARE * join_classes (alone);
}

/* @variances: (out): the channels' means, by classes */
static float
estimate_all (const JfPlanes *target,
              const Guide    *guide,
              double          variances[N_CLASSES])
{
  g_autofree double *channels   = g_new (double, target->channels * N_CLASSES);
  g_autofree int    *counts     = g_new (int, target->channels);
  double             variance   = 0.0;
  int                n_channels = 0;
  int                most       = 1;

  memset (variances, 0, N_CLASSES * sizeof (double));

  for (int i = 0; i < target->channels; i++)
    {
      counts[i] = estimate (target, guide, i, channels + i * N_CLASSES);
      most      = MAX (most, counts[i]);
    }

  for (int i = 0; i < target->channels; i++)
    n_channels += counts[i] >= MIN_CHANNEL_SHARE * most;

  for (int i = 0; i < target->channels; i++)
    if (counts[i] >= MIN_CHANNEL_SHARE * most)
      {
        variance += join_classes (channels + i * N_CLASSES);

        for (int j = 0; j < N_CLASSES; j++)
          variances[j] += channels[i * N_CLASSES + j] / n_channels;
      }

  return variance > 0.0 ? (float) sqrt (variance / n_channels) : 0.0f;
}

/* Returns the number of places that were measured, 0 if there were none. */
static int
estimate (const JfPlanes *target,
          const Guide    *guide,
          int             channel,
          double          variances[N_CLASSES])
{
  g_autofree Block *blocks    = NULL;
  g_autofree Patch *patches   = NULL;
  int               n_patches = 0;
  int               n_blocks;
  Plane             plane;

  if (target->width < BLOCK_SIZE || target->height < BLOCK_SIZE)
    return estimate_narrow (target, channel, variances);

  memset (variances, 0, N_CLASSES * sizeof (double));
  plane  = get_plane (target, guide, channel);
  blocks = measure_blocks (&plane, MAX_EXTREMES, &n_blocks);

  if (n_blocks < plane.n_places / MIN_FREE_SHARE)
    {
      g_free (blocks);
      blocks = measure_blocks (&plane, MAX_CUT, &n_blocks);

      if (n_blocks < plane.n_places / MIN_CUT_SHARE)
        return 0;
    }
  else
    {
      patches = measure_patches (&plane, &n_patches);
    }

  if (n_blocks > 0)
    measure_classes (&plane, blocks, n_blocks, patches, n_patches, variances);

  return n_blocks;
}

/* Neither a class without any flat place counts, nor a shade without any noise. */
static double
join_classes (const double variances[N_CLASSES])
{
  const double darkest = get_darkest (variances);
  double       sorted[N_CLASSES];

  memcpy (sorted, variances, sizeof (sorted));
  qsort (sorted, N_CLASSES, sizeof (double), compare_doubles);

  return MAX (darkest, (sorted[1] + sorted[2]) / 2.0);
}

/* The standard deviation of coarse noise as a multiple of all noise's, whose @variances are known by classes; 1 if it is not
 * known. Texture makes it too large in some classes: the second least one counts, or the least. Where pixels
 * are cut off, less is left of coarse noise than of fine: there noise that seems finer than white need not be that.
 */
static float
estimate_ratio (const JfPlanes *target,
                const JfPlanes *guidance,
                const double    variances[N_CLASSES])
{
  double   coarse[N_CLASSES];
  double   ratios[N_CLASSES];
  int      n_ratios = 0;
  gboolean cut      = FALSE;
  double   share    = estimate_coarse (target, guidance, coarse, &cut);
  double   ratio;

  if (share < MIN_COARSE_SHARE)
    return 1.0f;

  for (int i = 0; i < N_CLASSES; i++)
    if (variances[i] > 0.0)
      ratios[n_ratios++] = coarse[i] / variances[i];

  if (n_ratios == 0)
    return 1.0f;

  qsort (ratios, n_ratios, sizeof (double), compare_doubles);

  ratio = sqrt (ratios[share > FEW_COARSE_SHARE && n_ratios > 1 ? 1 : 0]);

  return (float) CLAMP (ratio, cut ? 1.0 : 0.0, get_coarse_gain (target));
}

/* What the mean of a picture's planes and 2x2 pixels is to be multiplied with for white noise to stay what it was; and the
 * largest ratio there is, that of noise which is the same in all of them.
 */
static double
get_coarse_gain (const JfPlanes *target)
{
  return 2.0 * sqrt (target->channels == 1 ? COLOURS : target->channels);
}

/* Of a picture of half the size, whose pixels are means. Patches would be so large that they find texture in most photographs.
 * Where hardly a block is free of clipped pixels, those that are half clipped count, as at full size (@cut). Returns the share
 * of its blocks that were measured, 0 if there were too few.
 */
static double
estimate_coarse (const JfPlanes *target,
                 const JfPlanes *guidance,
                 double          variances[N_CLASSES],
                 gboolean       *cut)
{
  g_autofree float    *pixels   = halve (target, (float) get_coarse_gain (target));
  g_autofree float    *guides   = guidance ? halve (guidance, 1.0f) : NULL;
  g_autofree guint8   *extremes = halve_extremes (target);
  g_autofree Block    *blocks   = NULL;
  Plane                plane    = { .pixels = pixels, .width = target->width / 2, .height = target->height / 2,
                                    .extremes = extremes, .n_averaged = 4 * target->channels };
  Guide               *guide    = NULL;
  int                  n_blocks;

  if (plane.width < BLOCK_SIZE || plane.height < BLOCK_SIZE)
    return 0.0;

  if (guides)
    guide = guide_new (&(JfPlanes) { guides, 1, plane.width, plane.height }, MAX_COARSE_BLOCKS);

  plane.guide    = guide;
  plane.n_places = count_places (plane.width, plane.height, BLOCK_SIZE, MAX_COARSE_BLOCKS);
  blocks         = measure_blocks (&plane, MAX_EXTREMES, &n_blocks);

  *cut           = n_blocks < plane.n_places * MIN_COARSE_SHARE;

  if (*cut)
    {
      g_free (blocks);
      blocks = measure_blocks (&plane, MAX_CUT, &n_blocks);
    }

  if (n_blocks >= MIN_CLASSIFIED)
    measure_classes (&plane, blocks, n_blocks, NULL, 0, variances);

  g_clear_pointer (&guide, guide_free);

  return n_blocks >= MIN_CLASSIFIED ? (double) n_blocks / plane.n_places : 0.0;
}

/* The mean over channels and 2x2 pixels, times @gain. */
static float *
halve (const JfPlanes *picture,
       float           gain)
{
  const int          width  = picture->width / 2;
  const int          height = picture->height / 2;
  g_autofree float  *sum    = add_channels (picture);
  float             *half   = g_new (float, (gsize) width * height);

  gain /= 4.0f * (float) picture->channels;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        const float *pixel = sum + (gsize) 2 * y * picture->width + 2 * x;
        const float *below = pixel + picture->width;

        half[(gsize) y * width + x] = gain * (pixel[0] + pixel[1] + below[0] + below[1]);
      }

  return half;
}

/* How many of the values that halve () takes the mean of are their channels' extremes. */
static guint8 *
halve_extremes (const JfPlanes *picture)
{
  const int  width    = picture->width / 2;
  const int  height   = picture->height / 2;
  guint8    *extremes = g_new0 (guint8, (gsize) width * height);

  for (int channel = 0; channel < picture->channels; channel++)
    {
      const Plane plane = get_plane (picture, NULL, channel);

      for (int y = 0; y < 2 * height; y++)
        {
          const float *pixels = plane.pixels + (gsize) y * plane.width;
          guint8      *counts = extremes + (gsize) (y / 2) * width;

          for (int x = 0; x < width; x++)
            counts[x] = (guint8) (counts[x] + is_extreme (&plane, pixels[2 * x]) + is_extreme (&plane, pixels[2 * x + 1]));
        }
    }

  return extremes;
}

static gboolean
is_extreme (const Plane *plane,
            float        value)
{
  return value <= plane->darkest || value >= plane->brightest;
}

/* From the darkest to the brightest values, but for a few that may be lights or pixels out of order. */
static float
get_range (const JfPlanes *target)
{
  const gsize       n_values = (gsize) target->channels * target->width * target->height;
  const gsize       step     = n_values / RANGE_VALUES + 1;
  g_autofree float *values   = g_new (float, n_values / step + 1);
  int               n        = 0;

  for (gsize i = 0; i < n_values; i += step)
    if (isfinite (target->data[i]))
      values[n++] = target->data[i];

  if (n == 0)
    return 0.0f;

  qsort (values, n, sizeof (float), compare_floats);

  return values[n - 1 - n / RANGE_TAIL] - values[n / RANGE_TAIL];
}

/* A ratio of coarse noise to all noise, less @texture, in the same units; noise that is not coarse is finer than texture. */
static float
leave_out_texture (float ratio,
                   float texture)
{
  if (! (ratio > 1.0f))
    return ratio;

  return sqrtf (MAX (ratio * ratio - texture * texture, 1.0f));
}

/* An excess, as a share of the level, without what chance and texture make of none. */
static float
leave_out_chance (float excess)
{
  const float size = fabsf (excess);

  if (size <= CHANCE_EXCESS)
    return 0.0f;

  return excess * MIN (1.0f, (1.0f - CHANCE_EXCESS / size) / (1.0f - CHANCE_EXCESS / CERTAIN_EXCESS));
}

static Plane
get_plane (const JfPlanes *target,
           const Guide    *guide,
           int             channel)
{
  const gsize  n_pixels  = (gsize) target->width * target->height;
  const float *pixels    = target->data + channel * n_pixels;
  float        darkest   = INFINITY;
  float        brightest = -INFINITY;

  for (gsize i = 0; i < n_pixels; i++)
    if (isfinite (pixels[i]))
      {
        darkest   = MIN (darkest, pixels[i]);
        brightest = MAX (brightest, pixels[i]);
      }

  return (Plane) { .pixels = pixels, .width = target->width, .height = target->height,
                   .darkest = darkest, .brightest = brightest, .guide = guide,
                   .n_places = count_places (target->width, target->height, BLOCK_SIZE, MAX_BLOCKS) };
}

static Block *
measure_blocks (const Plane *plane,
                int          max_extremes,
                int         *n_blocks)
{
  Block *blocks;
  float  transform[BLOCK_SIZE][BLOCK_SIZE];

  make_transform (&transform[0][0], BLOCK_SIZE);
  *n_blocks = 0;
  blocks    = g_new (Block, plane->n_places);

  for (int i = 0; i < plane->n_places; i++)
    if (measure_block (plane, i, max_extremes, transform, &blocks[*n_blocks]))
      (*n_blocks)++;

  return blocks;
}

static int
count_places (int width,
              int height,
              int size,
              int most)
{
  return (int) MIN ((gint64) (width - size + 1) * (height - size + 1), most);
}

/* All squares of a small picture, overlapping; of a large one, places of an R2 sequence (Roberts 2018):
 * even, and in step with neither a pattern nor JPEG's blocks.
 */
static gsize
get_place (int width,
           int height,
           int size,
           int n_places,
           int i)
{
  const int      n_columns = width  - size + 1;
  const int      n_rows    = height - size + 1;
  const gboolean all       = (gint64) n_columns * n_rows == n_places;
  const int      x         = all ? i % n_columns : (int) (fmod (0.7548776662466927 * i, 1.0) * n_columns);
  const int      y         = all ? i / n_columns : (int) (fmod (0.5698402909980532 * i, 1.0) * n_rows);

  return (gsize) y * width + x;
}

static int
count_extremes (const Plane *plane,
                const float *pixels,
                int          size)
{
  const guint8 *extremes = plane->extremes ? plane->extremes + (pixels - plane->pixels) : NULL;
  int           n        = 0;

  for (int y = 0; y < size; y++, pixels += plane->width)
    for (int x = 0; x < size; x++)
      n += extremes ? extremes[(gsize) y * plane->width + x] : (pixels[x] <= plane->darkest) + (pixels[x] >= plane->brightest);

  return extremes ? n / plane->n_averaged : n;
}

/* The orthonormal discrete cosine transform: white noise stays white, of the same variance. */
static void
make_transform (float *transform,
                int    size)
{
  for (int u = 0; u < size; u++)
    for (int x = 0; x < size; x++)
      transform[u * size + x] = (float) (cos ((2 * x + 1) * u * G_PI / (2 * size)) *
                                         sqrt ((u ? 2.0 : 1.0) / size));
}

/* Returns FALSE for a block that is clipped, or not of finite numbers. */
static gboolean
measure_block (const Plane *plane,
               int          i,
               int          max_extremes,
               float        transform[BLOCK_SIZE][BLOCK_SIZE],
               Block       *block)
{
  const float *pixels     = plane->pixels + get_place (plane->width, plane->height, BLOCK_SIZE, plane->n_places, i);
  int          n_extremes = count_extremes (plane, pixels, BLOCK_SIZE);
  float        total      = 0.0f;
  float        coefficients[BLOCK_PIXELS];

  *block = (Block) { 0 };

  if (n_extremes > max_extremes)
    return FALSE;

  transform_block (pixels, plane->width, transform, coefficients);
  block->brightness = coefficients[0];

  if (plane->guide)
    remove_explained (coefficients, plane->guide->coefficients + i * BLOCK_PIXELS, BLOCK_PIXELS,
                      BLOCK_PIXELS - 1 - band_sizes[0]);

  for (int j = 1; j < BLOCK_PIXELS; j++)
    {
      const float energy = coefficients[j] * coefficients[j];

      block->bands[get_band (j % BLOCK_SIZE, j / BLOCK_SIZE)] += energy;
      total                                                   += energy;
    }

  if (n_extremes > MAX_EXTREMES)
    for (int band = 0; band < N_BANDS; band++)
      block->bands[band] /= powf (1.0f - (float) n_extremes / BLOCK_PIXELS, CUT_EXPONENT);

  return isfinite (total);
}

static void
transform_block (const float *pixels,
                 int          width,
                 float        transform[BLOCK_SIZE][BLOCK_SIZE],
                 float        coefficients[BLOCK_PIXELS])
{
  float columns[BLOCK_SIZE][BLOCK_SIZE] = { { 0 } };

  for (int v = 0; v < BLOCK_SIZE; v++)
    for (int y = 0; y < BLOCK_SIZE; y++)
      for (int x = 0; x < BLOCK_SIZE; x++)
        columns[v][x] += transform[v][y] * pixels[(gsize) y * width + x];

  for (int v = 0; v < BLOCK_SIZE; v++)
    for (int u = 0; u < BLOCK_SIZE; u++)
      {
        coefficients[v * BLOCK_SIZE + u] = 0.0f;

        for (int x = 0; x < BLOCK_SIZE; x++)
          coefficients[v * BLOCK_SIZE + u] += columns[v][x] * transform[u][x];
      }
}

/* Least squares. Of noise, too, a guide takes what happens to look like it, a degree of freedom, which is
 * made up for.
 */
static void
remove_explained (float       *values,
                  const float *guide,
                  int          n_values,
                  int          freedom)
{
  const float left   = sqrtf ((float) freedom / (float) (freedom - 1));
  float       common = 0.0f;
  float       energy = 0.0f;

  for (int i = 0; i < n_values; i++)
    {
      common += values[i] * guide[i];
      energy += guide[i]  * guide[i];
    }

  if (! (energy > 0.0f) || ! isfinite (common / energy))
    return;

  for (int i = 0; i < n_values; i++)
    values[i] = left * (values[i] - common / energy * guide[i]);
}

static int
get_band (int u,
          int v)
{
  return u + v <= 2 ? 0 : u + v <= 5 ? 1 : u + v <= 8 ? 2 : 3;
}

/* The squares that are neither clipped nor have infinite pixels; none if the picture is too small. */
static Patch *
measure_patches (const Plane *plane,
                 int         *n_patches)
{
  const int max_extremes = MAX_EXTREMES * PATCH_PIXELS / BLOCK_PIXELS;
  float     residual[PATCH_SIZE][PATCH_SIZE];
  Patch    *patches;
  int       n_places;

  *n_patches = 0;

  if ((plane->width / PATCH_SIZE) * (gint64) (plane->height / PATCH_SIZE) < MIN_PATCHES)
    return NULL;

  n_places = count_places (plane->width, plane->height, PATCH_SIZE, MAX_PATCHES);
  patches  = g_new (Patch, n_places);

  for (int i = 0; i < n_places; i++)
    {
      Patch *patch = &patches[*n_patches];

      *patch = (Patch) { .pixels = plane->pixels + get_place (plane->width, plane->height, PATCH_SIZE, n_places, i) };

      if (count_extremes (plane, patch->pixels, PATCH_SIZE) > max_extremes)
        continue;

      patch->brightness = measure_residual (plane, patch->pixels, residual);

      for (int j = 0; j < PATCH_PIXELS; j++)
        patch->variance += residual[j / PATCH_SIZE][j % PATCH_SIZE] *
                           residual[j / PATCH_SIZE][j % PATCH_SIZE] / (PATCH_PIXELS - 3);

      *n_patches += isfinite (patch->variance);
    }

  return patches;
}

/* What a patch has besides the plane that fits it best, and besides what the guide shows there. Returns the
 * patch's mean.
 */
static float
measure_residual (const Plane *plane,
                  const float *pixels,
                  float        residual[PATCH_SIZE][PATCH_SIZE])
{
  float guide[PATCH_SIZE][PATCH_SIZE];
  float mean = flatten (pixels, plane->width, residual);

  if (plane->guide)
    {
      flatten (plane->guide->pixels + (pixels - plane->pixels), plane->width, guide);
      remove_explained (&residual[0][0], &guide[0][0], PATCH_PIXELS, PATCH_PIXELS - 3);
    }

  return mean;
}

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

/* @variances: (out): of classes of growing brightness, all alike in a small picture */
static void
measure_classes (const Plane *plane,
                 Block       *blocks,
                 int          n_blocks,
                 Patch       *patches,
                 int          n_patches,
                 double       variances[N_CLASSES])
{
  g_autofree Candidate *candidates = g_new (Candidate, n_blocks);

  if (n_blocks < MIN_CLASSIFIED)
    {
      variances[0] = measure_class (blocks, n_blocks, candidates);

      for (int i = 1; i < N_CLASSES; i++)
        variances[i] = variances[0];

      return;
    }

  qsort (blocks, n_blocks, sizeof (Block), compare_brightness);

  if (n_patches > 0)
    qsort (patches, n_patches, sizeof (Patch), compare_patch_brightness);

  for (int i = 0; i < N_CLASSES; i++)
    {
      const int start       = n_blocks * i / N_CLASSES;
      const int end         = n_blocks * (i + 1) / N_CLASSES;
      const int start_patch = n_patches * i / N_CLASSES;
      const int end_patch   = n_patches * (i + 1) / N_CLASSES;

      variances[i] = measure_class (blocks + start, end - start, candidates);

      if (end_patch - start_patch >= MIN_PATCHES)
        variances[i] = raise_to_patches (plane, patches + start_patch, end_patch - start_patch, variances[i]);
    }
}

/* Of classes of growing brightness, the darkest one's variance, but no more than the others make likely, as
 * texture may have slipped in; 0 if noise does not fall with the light.
 */
static double
get_darkest (const double variances[N_CLASSES])
{
  for (int i = 1; i < N_CLASSES; i++)
    if (variances[i] > MAX_STEP * variances[i - 1])
      return 0.0;

  if (! (variances[N_CLASSES - 1] > 0.0))
    return 0.0;

  return MIN (variances[0], variances[1] * sqrt (variances[1] / variances[N_CLASSES - 1]));
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

/* Returns the variance of the band's coefficients where the picture is flattest by the other bands. */
static double
measure_band (const Block *blocks,
              int          n_blocks,
              int          band,
              Candidate   *candidates)
{
  const double quantile = get_quantile (QUANTILE_NORMAL, band_sizes[band]);
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

/* Raises a variance to that of the flattest patches, as far as they look like noise. */
static double
raise_to_patches (const Plane *plane,
                  Patch       *patches,
                  int          n_patches,
                  double       variance)
{
  double freedom;
  double independent;
  double low;
  double high;
  double whole;
  double share;

  qsort (patches, n_patches, sizeof (Patch), compare_variance);

  low  = patches[(int) (LOW_QUANTILE  * n_patches)].variance;
  high = patches[(int) (HIGH_QUANTILE * n_patches)].variance;

  if (low <= 0.0)
    return variance;

  freedom     = count_freedom (plane, patches, (int) (HIGH_QUANTILE * n_patches));
  independent = freedom / PATCH_PIXELS;

  if (independent <= SHADE_FREEDOM)
    return variance;

  low  /= get_quantile (LOW_NORMAL,  freedom);
  high /= get_quantile (HIGH_NORMAL, freedom);
  whole = patches[(int) (PATCH_QUANTILE * n_patches)].variance / get_quantile (PATCH_NORMAL, freedom);

  share  = CLAMP ((TEXTURE_EXCESS - sqrt (high / low)) / (TEXTURE_EXCESS - NOISE_EXCESS), 0.0, 1.0);
  share *= CLAMP ((WHITE_FREEDOM - independent) / (WHITE_FREEDOM - SPREAD_FREEDOM), 0.0, 1.0);
  share *= CLAMP ((independent - SHADE_FREEDOM) / (COARSE_FREEDOM - SHADE_FREEDOM), 0.0, 1.0);

  return variance + share * MAX (MIN (whole, MAX_GAIN * variance) - variance, 0.0);
}

/* The variance of noise differs between patches as if they had so many independent pixels (Satterthwaite
 * 1946): the squared sum of their coefficients' energies, by the sum of their squares.
 */
static double
count_freedom (const Plane *plane,
               const Patch *patches,
               int          n_patches)
{
  double energies[PATCH_SIZE][PATCH_SIZE] = { { 0 } };
  float  transform[PATCH_SIZE][PATCH_SIZE];
  double sum     = 0.0;
  double squares = 0.0;

  make_transform (&transform[0][0], PATCH_SIZE);

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

static void
add_energies (const Plane *plane,
              const float *pixels,
              float        transform[PATCH_SIZE][PATCH_SIZE],
              double       energies[PATCH_SIZE][PATCH_SIZE])
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

/* A quantile of chi-square by its degrees of freedom, as a share of its mean; Wilson and Hilferty's
 * formula (1931). The energy of coefficients of noise is distributed so.
 */
static double
get_quantile (double normal,
              double freedom)
{
  const double spread = 2.0 / (9.0 * freedom);

  return pow (1.0 - spread + normal * sqrt (spread), 3.0);
}

static int
compare_brightness (const void *a,
                    const void *b)
{
  return compare_floats (&((const Block *) a)->brightness, &((const Block *) b)->brightness);
}

static int
compare_patch_brightness (const void *a,
                          const void *b)
{
  return compare_floats (&((const Patch *) a)->brightness, &((const Patch *) b)->brightness);
}

static int
compare_variance (const void *a,
                  const void *b)
{
  return compare_floats (&((const Patch *) a)->variance, &((const Patch *) b)->variance);
}

static int
compare_doubles (const void *a,
                 const void *b)
{
  const double one   = *(const double *) a;
  const double other = *(const double *) b;

  return one < other ? -1 : one > other;
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
                 double          variances[N_CLASSES])
{
  const gboolean     wide        = target->width >= target->height;
  const int          length      = wide ? target->width : target->height;
  const int          n_lines     = wide ? target->height : target->width;
  const gsize        step        = wide ? 1 : target->width;
  const gsize        line_step   = wide ? target->width : 1;
  const float       *plane       = target->data + (gsize) channel * target->width * target->height;
  g_autofree float  *differences = NULL;
  gsize              n           = 0;

  memset (variances, 0, N_CLASSES * sizeof (double));

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

  for (int i = 0; i < N_CLASSES; i++)
    variances[i] = pow (differences[n / 2] / QUANTILE_NORMAL, 2.0) / 6.0;

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
