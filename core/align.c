/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * align: finds how a guidance lies on its target, and lays it there
 *
 * What a flash photo and a dim one have in common, or a photo and its infrared or depth, are edges and the way they run
 * (orientation.h). On reduced pictures phase correlation (Kuglin and Hines 1975) finds the shift, for rotated and
 * scaled guidances too if wanted: all those a hand may cause, one after the other, which at this size is quick and
 * misses none. From there on the correlation is climbed with Gauss and Newton's method (ECC: Evangelidis and Psarakis,
 * "Parametric image alignment using enhanced correlation coefficient maximization", PAMI 30, 2008) on pictures twice
 * the size each time, up to the full one. Of large pictures some tiles do, so time and memory are bounded.
 *
 * Motions are complex numbers: x + iy is in the guidance at factor × (x + iy) + shift, from the middle of the pictures.
 */
#include <complex.h>
#include <math.h>
#include <string.h>

#include <fftw3.h>
#include <glib/gi18n-lib.h>

#include "align.h"
#include "orientation.h"

/* Where the search starts, pictures have at most so many pixels, but for narrow ones. */
#define TOP_PIXELS (320 * 256)

/* Pictures are not reduced to less than this, and smaller ones have too little to tell. */
#define TOP_SIDE 64
#define MIN_SIDE 32

/* Enough levels for the largest of int sizes. */
#define MAX_LEVELS 32

/* The motions of a hand that are looked for: shifts of an eighth of the picture, and in steps that half of which moves
 * the corners of the reduced picture by a pixel or so, rotations of 4 degrees and sizes of 4 percent.
 */
#define MAX_SHIFT_SHARE 8
#define ANGLE_STEP      (1.0 * G_PI / 180.0)
#define SCALE_STEP      0.01
#define N_STEPS         4

/* Phase correlation with a low-pass of so many pixels: orientations have little of their own above. */
#define CORRELATION_SIGMA 1.5

/* Full pictures are compared on at most 5 x 5 tiles. */
#define TILE_SIZE 256
#define MAX_TILES 5

/* By so many pixels a level may correct the one before. */
#define MARGIN 6

/* Gauss-Newton steps stop below a hundredth of a pixel, which takes 3 to 8 of them. */
#define MAX_STEPS     20
#define ENOUGH_PIXELS 0.01

#define N_PARAMETERS 4

/* Pictures that have nothing in common reach 3 to 6 standard deviations, noise of 0.1 included; real pairs 13 to 65,
 * and 9 to 14 depth maps that are buried in such noise.
 */
#define MIN_PEAK 8.0

/* From what the search finds, by so many of its pixels at the corners the climb may go, and does not get lost. */
#define MAX_CLIMB 4.0

/* A guidance that is off by less costs a denoiser 0.02 dB at most; resampling it costs 0.04. */
#define LEAST_PIXELS 0.4

/* Lanczos' kernel of radius 3, in steps of 1/1024 of a pixel: one eighth of a step of 8 bits between them. */
#define LANCZOS_RADIUS 3
#define LANCZOS_TAPS   (2 * LANCZOS_RADIUS)
#define LANCZOS_PHASES 1024

/* A picture and its halves; the first is borrowed. */
typedef struct
{
  JfPlanes levels[MAX_LEVELS];
  int      n_levels;
} Pyramid;

typedef struct
{
  double complex factor;
  double complex shift;
} Motion;

/* Two places of the pictures that are to become alike. */
typedef struct
{
  JfOrientation  target;
  JfOrientation  guidance;
} Tile;

/* One level of the climb. */
typedef struct
{
  Tile           tiles[MAX_TILES * MAX_TILES];
  int            n_tiles;
  int            width;       /* of the guidance                        */
  int            height;
  double complex middle;      /* of the picture, in pixels of the level */
  double         reach;       /* half of its diagonal                   */
  int            n_parameters;
  float complex *warped;      /* for one tile                           */
} Climb;

/* The sums that a step takes: of products of target a, guidance b and the guidance's derivatives j. */
typedef struct
{
  double aa;
  double ab;
  double bb;
  double ja[N_PARAMETERS];
  double jb[N_PARAMETERS];
  double jj[N_PARAMETERS][N_PARAMETERS];
} Sums;

/* The correlation of reduced pictures. */
typedef struct
{
  int            width;
  int            height;
  float         *window;
  float         *low_pass;
  fftwf_complex *target;      /* spectrum */
  fftwf_complex *guidance;    /* warped guidance, its spectrum, the correlation */
  fftwf_plan     forward;
  fftwf_plan     backward;
} Correlation;

/* The planner of FFTW is not for several threads. */
static GMutex planner;

G_DEFINE_QUARK (jf-align-error-quark, jf_align_error)

/*  private functions  */

static void
pyramid_clear (Pyramid *pyramid)
{
  int i;

  for (i = 1; i < pyramid->n_levels; i++)
    jf_planes_clear (&pyramid->levels[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pyramid, pyramid_clear)

/* Means of 2 x 2 pixels and all planes; an odd column or row at the end is left out. */
static gboolean
halve (const JfPlanes  *picture,
       JfPlanes        *half,
       GError         **error)
{
  const float scale = 0.25f / (float) picture->channels;
  int         c, x, y;

  if (! jf_planes_init (half, 1, picture->width / 2, picture->height / 2, error))
    return FALSE;

  memset (half->data, 0, sizeof (float) * half->width * half->height);

  for (c = 0; c < picture->channels; c++)
    for (y = 0; y < half->height; y++)
      {
        const float *row = picture->data + ((gsize) c * picture->height + 2 * y) * picture->width;
        float       *out = half->data + (gsize) y * half->width;

        for (x = 0; x < half->width; x++)
          out[x] += scale * (row[2 * x] + row[2 * x + 1] +
                             row[picture->width + 2 * x] + row[picture->width + 2 * x + 1]);
      }

  return TRUE;
}

static gboolean
pyramid_init (Pyramid         *pyramid,
              const JfPlanes  *picture,
              GError         **error)
{
  *pyramid = (Pyramid) { .levels = { *picture }, .n_levels = 1 };

  while (TRUE)
    {
      const JfPlanes *last = &pyramid->levels[pyramid->n_levels - 1];

      if ((gint64) last->width * last->height <= TOP_PIXELS || MIN (last->width, last->height) < 2 * TOP_SIDE)
        return TRUE;

      if (! halve (last, &pyramid->levels[pyramid->n_levels], error))
        return FALSE;
      pyramid->n_levels++;
    }
}

/* The middle of the full picture, in pixels of a level. */
static double complex
get_middle (const JfPlanes *full,
            int             level)
{
  const double size = ldexp (1.0, level);

  return CMPLX (0.5 * full->width / size - 0.5, 0.5 * full->height / size - 0.5);
}

/* One at most of the picture, and nothing at its edges, by half a cosine over an eighth of it. */
static double
get_window (int i,
            int n)
{
  const double edge = MIN (i + 0.5, n - i - 0.5) * 8.0 / n;

  return edge < 1.0 ? 0.5 - 0.5 * cos (G_PI * edge) : 1.0;
}

static double
get_low_pass (int i,
              int n)
{
  const double frequency = 2.0 * G_PI * MIN (i, n - i) / n;

  return exp (-0.5 * CORRELATION_SIGMA * CORRELATION_SIGMA * frequency * frequency);
}

static void
correlation_init (Correlation *correlation,
                  int          width,
                  int          height)
{
  const gsize n = (gsize) width * height;
  int         x, y;

  correlation->width    = width;
  correlation->height   = height;
  correlation->window   = g_new (float, n);
  correlation->low_pass = g_new (float, n);
  correlation->target   = fftwf_alloc_complex (n);
  correlation->guidance = fftwf_alloc_complex (n);

  for (y = 0; y < height; y++)
    for (x = 0; x < width; x++)
      {
        correlation->window[(gsize) y * width + x]   = (float) (get_window (x, width) * get_window (y, height));
        correlation->low_pass[(gsize) y * width + x] = (float) (get_low_pass (x, width) * get_low_pass (y, height));
      }

  g_mutex_lock (&planner);
  correlation->forward  = fftwf_plan_dft_2d (height, width, correlation->guidance, correlation->guidance,
                                             FFTW_FORWARD, FFTW_ESTIMATE);
  correlation->backward = fftwf_plan_dft_2d (height, width, correlation->guidance, correlation->guidance,
                                             FFTW_BACKWARD, FFTW_ESTIMATE);
  g_mutex_unlock (&planner);
}

static void
correlation_clear (Correlation *correlation)
{
  g_mutex_lock (&planner);
  fftwf_destroy_plan (correlation->forward);
  fftwf_destroy_plan (correlation->backward);
  g_mutex_unlock (&planner);
  fftwf_free (correlation->target);
  fftwf_free (correlation->guidance);
  g_free (correlation->window);
  g_free (correlation->low_pass);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Correlation, correlation_clear)

/* The product as the definition has it, without C's care for infinite parts. */
static inline float complex
multiply (float complex a,
          float complex b)
{
  return CMPLXF (crealf (a) * crealf (b) - cimagf (a) * cimagf (b),
                 crealf (a) * cimagf (b) + cimagf (a) * crealf (b));
}

/* Orientations at a place between pixels, bilinearly. NaN outside. */
static inline float complex
sample (const JfOrientation *orientation,
        double complex       place)
{
  const double         x      = creal (place) - orientation->region.x;
  const double         y      = cimag (place) - orientation->region.y;
  const int            width  = orientation->region.width;
  const float complex *value;
  float                fx, fy;

  if (! (x >= 0.0 && y >= 0.0 && x < width - 1 && y < orientation->region.height - 1))
    return NAN;

  value = orientation->values + (gsize) y * width + (gsize) x;
  fx    = (float) (x - floor (x));
  fy    = (float) (y - floor (y));

  return (1.0f - fy) * ((1.0f - fx) * value[0] + fx * value[1]) +
         fy * ((1.0f - fx) * value[width] + fx * value[width + 1]);
}

/* The correlation of the target with a guidance that is turned and scaled by @factor. */
static void
correlate (Correlation         *correlation,
           const JfOrientation *guidance,
           double complex       middle,
           double complex       factor)
{
  const float complex turn = (float complex) (conj (factor * factor) / (cabs (factor) * cabs (factor)));
  const gsize         n    = (gsize) correlation->width * correlation->height;
  int                 x, y;
  gsize               i;

  for (i = 0, y = 0; y < correlation->height; y++)
    for (x = 0; x < correlation->width; x++, i++)
      {
        float complex value = sample (guidance, middle + factor * (CMPLX (x, y) - middle));

        correlation->guidance[i] = isnan (crealf (value)) ? 0.0f
                                                          : correlation->window[i] * multiply (value, turn);
      }

  fftwf_execute (correlation->forward);

  for (i = 0; i < n; i++)
    {
      float complex product = multiply (correlation->target[i], conjf (correlation->guidance[i]));
      float         size    = cabsf (product);

      correlation->guidance[i] = size > 0.0f ? correlation->low_pass[i] / size * product : 0.0f;
    }

  fftwf_execute (correlation->backward);
}

static float
get_correlation (const Correlation *correlation,
                 int                x,
                 int                y)
{
  x = (x + correlation->width) % correlation->width;
  y = (y + correlation->height) % correlation->height;

  return crealf (correlation->guidance[(gsize) y * correlation->width + x]);
}

/* The place of a parabola's top through three values, from the middle one. */
static double
get_top (float before,
         float at,
         float after)
{
  const float bend = before - 2.0f * at + after;

  return bend < 0.0f ? 0.5 * (before - after) / bend : 0.0;
}

/* Returns the highest correlation, in standard deviations. */
static double
find_peak (const Correlation *correlation,
           double complex    *shift)
{
  const int   max_x   = correlation->width / MAX_SHIFT_SHARE;
  const int   max_y   = correlation->height / MAX_SHIFT_SHARE;
  const gsize n       = (gsize) correlation->width * correlation->height;
  double      squares = 0.0;
  float       highest = -G_MAXFLOAT;
  int         peak_x  = 0;
  int         peak_y  = 0;
  int         x, y;
  gsize       i;

  for (y = -max_y; y <= max_y; y++)
    for (x = -max_x; x <= max_x; x++)
      if (get_correlation (correlation, x, y) > highest)
        {
          highest = get_correlation (correlation, x, y);
          peak_x  = x;
          peak_y  = y;
        }

  for (i = 0; i < n; i++)
    squares += crealf (correlation->guidance[i]) * crealf (correlation->guidance[i]);

  *shift = CMPLX (peak_x + get_top (get_correlation (correlation, peak_x - 1, peak_y), highest,
                                    get_correlation (correlation, peak_x + 1, peak_y)),
                  peak_y + get_top (get_correlation (correlation, peak_x, peak_y - 1), highest,
                                    get_correlation (correlation, peak_x, peak_y + 1)));

  return squares > 0.0 ? highest / sqrt (squares / (double) n) : 0.0;
}

static void
orientation_make (JfOrientation  *orientation,
                  const JfPlanes *picture)
{
  const JfRegion region = { 0, 0, picture->width, picture->height };

  jf_orientation_init (orientation, picture, &region);
  jf_orientation_normalize (orientation, jf_orientation_sum (orientation) / ((double) region.width * region.height));
}

/* Looks for the motion on reduced pictures. Returns how high its correlation is, in standard deviations; 0 if it is
 * cancelled.
 */
static double
search (const JfOrientation *target,
        const JfOrientation *guidance,
        double complex       middle,
        JfAlignKind          kind,
        GCancellable        *cancellable,
        Motion              *motion)
{
  const int           n_steps     = kind == JF_ALIGN_SIMILARITY ? N_STEPS : 0;
  g_auto(Correlation) correlation = { 0 };
  const gsize         n           = (gsize) target->region.width * target->region.height;
  double              highest     = -G_MAXDOUBLE;
  int                 angle, scale;
  gsize               i;

  correlation_init (&correlation, target->region.width, target->region.height);
  for (i = 0; i < n; i++)
    correlation.guidance[i] = correlation.window[i] * target->values[i];
  fftwf_execute (correlation.forward);
  memcpy (correlation.target, correlation.guidance, n * sizeof (fftwf_complex));

  for (angle = -n_steps; angle <= n_steps; angle++)
    for (scale = -n_steps; scale <= n_steps; scale++)
      {
        double complex factor = (1.0 + scale * SCALE_STEP) * cexp (CMPLX (0.0, angle * ANGLE_STEP));
        double complex shift;
        double         height;

        if (g_cancellable_is_cancelled (cancellable))
          return 0.0;

        correlate (&correlation, guidance, middle, factor);
        height = find_peak (&correlation, &shift);
        if (height > highest)
          {
            highest = height;
            *motion = (Motion) { factor, -factor * shift };
          }
      }

  return highest;
}

/* Both parts of a sample of Catmull and Rom's spline, which keeps sharp what is between pixels. NaN outside. */
static inline float complex
sample_spline (const JfOrientation *orientation,
               double complex       place)
{
  const double         x     = creal (place) - orientation->region.x;
  const double         y     = cimag (place) - orientation->region.y;
  const int            width = orientation->region.width;
  const float complex *value;
  float complex        sum   = 0.0f;
  float                wx[4], wy[4];
  float                f;
  int                  i;

  if (! (x >= 1.0 && y >= 1.0 && x < width - 2 && y < orientation->region.height - 2))
    return NAN;

  value = orientation->values + ((gsize) y - 1) * width + (gsize) x - 1;
  f     = (float) (x - floor (x));
  for (i = 0; i < 2; i++, f = (float) (y - floor (y)))
    {
      float *w = i ? wy : wx;

      w[0] = 0.5f * f * (-1.0f + f * (2.0f - f));
      w[1] = 0.5f * (2.0f + f * f * (3.0f * f - 5.0f));
      w[2] = 0.5f * f * (1.0f + f * (4.0f - 3.0f * f));
      w[3] = 0.5f * f * f * (f - 1.0f);
    }

  for (i = 0; i < 4; i++, value += width)
    sum += wy[i] * (wx[0] * value[0] + wx[1] * value[1] + wx[2] * value[2] + wx[3] * value[3]);

  return sum;
}

/* Where the motion takes a pixel of the level. */
static inline double complex
move (const Motion   *motion,
      double complex  middle,
      double complex  place)
{
  return middle + motion->factor * (place - middle) + motion->shift;
}

static void
climb_clear (Climb *climb)
{
  int i;

  for (i = 0; i < climb->n_tiles; i++)
    {
      jf_orientation_clear (&climb->tiles[i].target);
      jf_orientation_clear (&climb->tiles[i].guidance);
    }
  g_free (climb->warped);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Climb, climb_clear)

/* How much there is to compare in a part of the full picture, 0 to 1, by what the search looked at. */
static double
measure_activity (const JfOrientation *orientation,
                  const JfRegion      *part,
                  double               scale)
{
  const int left   = (int) (part->x * scale);
  const int top    = (int) (part->y * scale);
  const int right  = MIN ((int) ((part->x + part->width) * scale) + 1, orientation->region.width);
  const int bottom = MIN ((int) ((part->y + part->height) * scale) + 1, orientation->region.height);
  double    sum    = 0.0;
  int       x, y;

  for (y = top; y < bottom; y++)
    for (x = left; x < right; x++)
      sum += cabsf (orientation->values[(gsize) y * orientation->region.width + x]);

  return sum;
}

/* The most active tile of a cell, from those next to each other. */
static JfRegion
choose_tile (const JfRegion      *cell,
             const JfOrientation *target,
             const JfOrientation *guidance,
             double               scale)
{
  JfRegion best  = { 0 };
  double   most  = -1.0;
  int      x, y;

  for (y = 0; y == 0 || y + TILE_SIZE <= cell->height; y += TILE_SIZE)
    for (x = 0; x == 0 || x + TILE_SIZE <= cell->width; x += TILE_SIZE)
      {
        JfRegion tile   = { cell->x + x, cell->y + y,
                            MIN (TILE_SIZE, cell->width), MIN (TILE_SIZE, cell->height) };
        double   common = MIN (measure_activity (target, &tile, scale), measure_activity (guidance, &tile, scale));

        if (common > most)
          {
            most = common;
            best = tile;
          }
      }

  return best;
}

/* Where the motion takes a tile, with a margin for corrections. */
static JfRegion
get_guidance_region (const JfRegion *tile,
                     const Motion   *motion,
                     double complex  middle)
{
  const double complex half   = CMPLX (0.5 * tile->width, 0.5 * tile->height);
  const double complex centre = move (motion, middle, CMPLX (tile->x, tile->y) + half);
  const double         turn   = fabs (cimag (motion->factor));
  const double         grow   = fabs (creal (motion->factor));
  const int            reach_x = (int) (grow * creal (half) + turn * cimag (half)) + MARGIN;
  const int            reach_y = (int) (grow * cimag (half) + turn * creal (half)) + MARGIN;

  return (JfRegion) { (int) floor (creal (centre)) - reach_x, (int) floor (cimag (centre)) - reach_y,
                      2 * reach_x + 1, 2 * reach_y + 1 };
}

static void
normalize (Climb    *climb,
           gboolean  of_target)
{
  double sum   = 0.0;
  double count = 0.0;
  int    i;

  for (i = 0; i < climb->n_tiles; i++)
    {
      const JfOrientation *one = of_target ? &climb->tiles[i].target : &climb->tiles[i].guidance;

      sum   += jf_orientation_sum (one);
      count += (double) one->region.width * one->region.height;
    }

  for (i = 0; i < climb->n_tiles; i++)
    jf_orientation_normalize (of_target ? &climb->tiles[i].target : &climb->tiles[i].guidance, sum / count);
}

static void
climb_init (Climb               *climb,
            const JfPlanes      *target,
            const JfPlanes      *guidance,
            const JfOrientation *top_target,
            const JfOrientation *top_guidance,
            const Motion        *motion)
{
  const int    columns = MIN ((target->width - 1) / TILE_SIZE + 1, MAX_TILES);
  const int    rows    = MIN ((target->height - 1) / TILE_SIZE + 1, MAX_TILES);
  const double scale   = (double) top_target->region.width / target->width;
  int          column, row;

  for (row = 0; row < rows; row++)
    for (column = 0; column < columns; column++)
      {
        const int left = (int) ((gint64) target->width * column / columns);
        const int top  = (int) ((gint64) target->height * row / rows);
        JfRegion  cell = { left, top, (int) ((gint64) target->width * (column + 1) / columns) - left,
                           (int) ((gint64) target->height * (row + 1) / rows) - top };
        JfRegion  here = choose_tile (&cell, top_target, top_guidance, scale);
        JfRegion  there = get_guidance_region (&here, motion, climb->middle);
        Tile     *tile = &climb->tiles[climb->n_tiles++];

        jf_orientation_init (&tile->target, target, &here);
        jf_orientation_init (&tile->guidance, guidance, &there);
      }

  normalize (climb, TRUE);
  normalize (climb, FALSE);
  climb->width  = guidance->width;
  climb->height = guidance->height;
  climb->reach  = 0.5 * hypot (target->width, target->height);
  climb->warped = g_new (float complex, TILE_SIZE * TILE_SIZE);
}

/* A tile's guidance as the motion brings it over the target; NaN where there is none. */
static void
warp_tile (const Climb  *climb,
           const Tile   *tile,
           const Motion *motion)
{
  const float complex turn = (float complex) conj (motion->factor * motion->factor /
                                                   (cabs (motion->factor) * cabs (motion->factor)));
  const JfRegion     *here = &tile->target.region;
  float complex      *out  = climb->warped;
  int                 x, y;

  for (y = 0; y < here->height; y++)
    for (x = 0; x < here->width; x++, out++)
      {
        double complex place = move (motion, climb->middle, CMPLX (here->x + x, here->y + y));

        if (creal (place) >= 0.0 && cimag (place) >= 0.0 &&
            creal (place) <= climb->width - 1 && cimag (place) <= climb->height - 1)
          *out = multiply (sample_spline (&tile->guidance, place), turn);
        else
          *out = NAN;
      }
}

static inline double
dot (float complex a,
     float complex b)
{
  return crealf (a) * crealf (b) + cimagf (a) * cimagf (b);
}

static void
add_pixel (Sums                *sums,
           int                  n_parameters,
           float complex        a,
           float complex        b,
           const float complex  j[N_PARAMETERS])
{
  int i, k;

  sums->aa += dot (a, a);
  sums->ab += dot (a, b);
  sums->bb += dot (b, b);
  for (i = 0; i < n_parameters; i++)
    {
      sums->ja[i] += dot (j[i], a);
      sums->jb[i] += dot (j[i], b);
      for (k = 0; k <= i; k++)
        sums->jj[i][k] += dot (j[i], j[k]);
    }
}

static void
add_tile (const Climb *climb,
          const Tile  *tile,
          Sums        *sums)
{
  const JfRegion *here  = &tile->target.region;
  const int       width = here->width;
  int             x, y;

  for (y = 1; y < here->height - 1; y++)
    for (x = 1; x < width - 1; x++)
      {
        const float complex *b  = climb->warped + (gsize) y * width + x;
        const float complex  gx = 0.5f * (b[1] - b[-1]);
        const float complex  gy = 0.5f * (b[width] - b[-width]);
        const float          u  = (float) ((here->x + x - creal (climb->middle)) / climb->reach);
        const float          v  = (float) ((here->y + y - cimag (climb->middle)) / climb->reach);

        if (! isnan (crealf (gx + gy + *b)))
          add_pixel (sums, climb->n_parameters, tile->target.values[(gsize) y * width + x], *b,
                     (float complex[]) { gx, gy, u * gx + v * gy, u * gy - v * gx });
      }
}

static Sums
add_up (const Climb  *climb,
        const Motion *motion)
{
  Sums sums = { 0 };
  int  i;

  for (i = 0; i < climb->n_tiles; i++)
    {
      warp_tile (climb, &climb->tiles[i], motion);
      add_tile (climb, &climb->tiles[i], &sums);
    }

  return sums;
}

/* Solves jj × x = y, which is positive definite, by Cholesky's method. */
static gboolean
solve (const Sums   *sums,
       int           n,
       const double *y,
       double       *x)
{
  double root[N_PARAMETERS][N_PARAMETERS];
  int    i, j, k;

  for (i = 0; i < n; i++)
    for (j = 0; j <= i; j++)
      {
        double rest = sums->jj[i][j];

        for (k = 0; k < j; k++)
          rest -= root[i][k] * root[j][k];

        if (i == j && ! (rest > 1e-9 * sums->jj[i][i]))
          return FALSE;
        root[i][j] = i == j ? sqrt (rest) : rest / root[j][j];
      }

  for (i = 0; i < n; i++)
    {
      x[i] = y[i];
      for (k = 0; k < i; k++)
        x[i] -= root[i][k] * x[k];
      x[i] /= root[i][i];
    }

  for (i = n - 1; i >= 0; i--)
    {
      for (k = i + 1; k < n; k++)
        x[i] -= root[k][i] * x[k];
      x[i] /= root[i][i];
    }

  return TRUE;
}

/* One step of Evangelidis and Psarakis' algorithm (their equations 18 to 20). */
static gboolean
get_step (const Sums *sums,
          int         n,
          double      step[N_PARAMETERS])
{
  double by_b[N_PARAMETERS];
  double rest[N_PARAMETERS];
  double above = sums->bb;
  double below = sums->ab;
  int    i;

  if (! solve (sums, n, sums->jb, by_b))
    return FALSE;

  for (i = 0; i < n; i++)
    {
      above -= sums->jb[i] * by_b[i];
      below -= sums->ja[i] * by_b[i];
    }
  if (! (below > 0.0))
    return FALSE;

  for (i = 0; i < n; i++)
    rest[i] = above / below * sums->ja[i] - sums->jb[i];

  return solve (sums, n, rest, step);
}

static double
get_coefficient (const Sums *sums)
{
  return sums->aa > 0.0 && sums->bb > 0.0 ? sums->ab / sqrt (sums->aa * sums->bb) : 0.0;
}

/* Moves @motion, in pixels of the level, to where pictures are most alike. Returns how much they are then, -1 to 1. */
static double
climb_run (Climb        *climb,
           GCancellable *cancellable,
           Motion       *motion)
{
  Motion next = *motion;
  double best = -1.0;
  int    i;

  for (i = 0; i < MAX_STEPS && ! g_cancellable_is_cancelled (cancellable); i++)
    {
      const Sums     sums               = add_up (climb, &next);
      double         step[N_PARAMETERS] = { 0 };
      double complex turn, shift;

      if (get_coefficient (&sums) <= best)
        break;
      best    = get_coefficient (&sums);
      *motion = next;

      if (! get_step (&sums, climb->n_parameters, step))
        break;

      shift = CMPLX (step[0], step[1]);
      turn  = CMPLX (step[2], step[3]);
      next  = (Motion) { motion->factor * (1.0 + turn / climb->reach), motion->shift + motion->factor * shift };
      if (cabs (shift) + cabs (turn) < ENOUGH_PIXELS)
        break;
    }

  return best;
}

/* Refines a motion of the full picture at one level. Returns whether pictures are alike at all then. */
static gboolean
refine (const Pyramid       *target,
        const Pyramid       *guidance,
        int                  level,
        const JfOrientation *top_target,
        const JfOrientation *top_guidance,
        JfAlignKind          kind,
        GCancellable        *cancellable,
        Motion              *motion)
{
  const double  size  = ldexp (1.0, level);
  g_auto(Climb) climb = { 0 };
  Motion        here  = { motion->factor, motion->shift / size };
  double        coefficient;

  climb.middle       = get_middle (&target->levels[0], level);
  climb.n_parameters = kind == JF_ALIGN_SIMILARITY ? 4 : 2;
  climb_init (&climb, &target->levels[level], &guidance->levels[level], top_target, top_guidance, &here);
  coefficient = climb_run (&climb, cancellable, &here);

  motion->factor = here.factor;
  motion->shift  = here.shift * size;

  return coefficient > 0.0;
}

/* The farthest that a motion takes a corner of a picture. */
static double
get_farthest (const Motion   *motion,
              const JfPlanes *picture)
{
  return cabs (motion->shift) + cabs (motion->factor - 1.0) * 0.5 * hypot (picture->width, picture->height);
}

static gboolean
is_plausible (const Motion   *motion,
              const Motion   *found,
              const JfPlanes *picture,
              int             top)
{
  const Motion difference = { 1.0 + motion->factor - found->factor, motion->shift - found->shift };

  return fabs (creal (motion->shift)) <= (double) picture->width / MAX_SHIFT_SHARE &&
         fabs (cimag (motion->shift)) <= (double) picture->height / MAX_SHIFT_SHARE &&
         fabs (carg (motion->factor)) <= (N_STEPS + 0.5) * ANGLE_STEP &&
         fabs (cabs (motion->factor) - 1.0) <= (N_STEPS + 0.5) * SCALE_STEP &&
         get_farthest (&difference, picture) <= ldexp (MAX_CLIMB, top);
}

/* Returns whether @motion is found without doubt. */
static gboolean
estimate (const Pyramid *target,
          const Pyramid *guidance,
          JfAlignKind    kind,
          GCancellable  *cancellable,
          Motion        *motion)
{
  const int             top          = target->n_levels - 1;
  g_auto(JfOrientation) top_target   = { 0 };
  g_auto(JfOrientation) top_guidance = { 0 };
  Motion                found        = { 1.0, 0.0 };
  int                   level;

  orientation_make (&top_target, &target->levels[top]);
  orientation_make (&top_guidance, &guidance->levels[top]);

  if (search (&top_target, &top_guidance, get_middle (&target->levels[0], top), kind, cancellable, &found) < MIN_PEAK)
    return FALSE;

  found.shift *= ldexp (1.0, top);
  *motion      = found;

  for (level = top; level >= 0; level--)
    if (! refine (target, guidance, level, &top_target, &top_guidance, kind, cancellable, motion))
      return FALSE;

  return is_plausible (motion, &found, &target->levels[0], top);
}

static void
make_lanczos (float table[LANCZOS_PHASES + 1][LANCZOS_TAPS])
{
  int phase, tap;

  for (phase = 0; phase <= LANCZOS_PHASES; phase++)
    {
      double sum = 0.0;
      double values[LANCZOS_TAPS];

      for (tap = 0; tap < LANCZOS_TAPS; tap++)
        {
          double t = G_PI * (tap - LANCZOS_RADIUS + 1 - (double) phase / LANCZOS_PHASES);

          values[tap] = fabs (t) < 1e-9 ? 1.0 : fabs (t) >= LANCZOS_RADIUS * G_PI ? 0.0 :
                        LANCZOS_RADIUS * sin (t) * sin (t / LANCZOS_RADIUS) / (t * t);
          sum        += values[tap];
        }
      for (tap = 0; tap < LANCZOS_TAPS; tap++)
        table[phase][tap] = (float) (values[tap] / sum);
    }
}

/* The first pixel of the kernel at a place, and its weights there. Places far outside are as good as near ones. */
static const float *
get_taps (const float  table[LANCZOS_PHASES + 1][LANCZOS_TAPS],
          double       place,
          int          n,
          int         *first)
{
  const double inside = CLAMP (place, -LANCZOS_RADIUS, n - 1 + LANCZOS_RADIUS);

  *first = (int) floor (inside) - LANCZOS_RADIUS + 1;

  return table[(int) ((inside - floor (inside)) * LANCZOS_PHASES + 0.5)];
}

static void
warp_row (const JfPlanes *guidance,
          const Motion   *motion,
          const float     table[LANCZOS_PHASES + 1][LANCZOS_TAPS],
          int             y,
          JfPlanes       *output)
{
  const double complex middle = get_middle (guidance, 0);
  const gsize          plane  = (gsize) guidance->width * guidance->height;
  int                  x, c, i, j;

  for (x = 0; x < output->width; x++)
    {
      double complex  place = move (motion, middle, CMPLX (x, y));
      int             left, top;
      const float    *wx    = get_taps (table, creal (place), guidance->width, &left);
      const float    *wy    = get_taps (table, cimag (place), guidance->height, &top);
      int             columns[LANCZOS_TAPS];
      gsize           rows[LANCZOS_TAPS];

      for (i = 0; i < LANCZOS_TAPS; i++)
        {
          columns[i] = CLAMP (left + i, 0, guidance->width - 1);
          rows[i]    = (gsize) CLAMP (top + i, 0, guidance->height - 1) * guidance->width;
        }

      for (c = 0; c < guidance->channels; c++)
        {
          float sum = 0.0f;

          for (j = 0; j < LANCZOS_TAPS; j++)
            {
              const float *row  = guidance->data + c * plane + rows[j];
              float        line = 0.0f;

              for (i = 0; i < LANCZOS_TAPS; i++)
                line += wx[i] * row[columns[i]];
              sum += wy[j] * line;
            }
          output->data[c * plane + (gsize) y * output->width + x] = sum;
        }
    }
}

/*  public functions  */

/**
 * jf_align_estimate:
 * @target:      a picture of any number of planes, noisy or not
 * @guidance:    another of the same scene and size; light, contrast's sign and colours may differ
 * @kind:        what is looked for
 * @cancellable: (nullable): looked at some times a second
 * @align:       (out caller-allocates): how the guidance lies
 * @error:       return location for a #JF_ALIGN_ERROR, a #JF_PLANES_ERROR or %G_IO_ERROR_CANCELLED
 *
 * Finds how the guidance has to be moved to lie on the target: shifts of up to an eighth of the picture, rotations of
 * up to 4 degrees, and scales of up to 4 percent. What lies within 0.4 pixels at all corners is left where it is. Where
 * pictures have too little in common, or are smaller than 32 pixels, @align says that it is not sure, and that nothing
 * has to be moved.
 *
 * Takes a second for 24 megapixels and memory for half a plane of each picture and some 30 MiB.
 *
 * Returns: TRUE, whether sure or not; FALSE on errors
 */
gboolean
jf_align_estimate (const JfPlanes  *target,
                   const JfPlanes  *guidance,
                   JfAlignKind      kind,
                   GCancellable    *cancellable,
                   JfAlign         *align,
                   GError         **error)
{
  g_auto(Pyramid) targets   = { 0 };
  g_auto(Pyramid) guidances = { 0 };
  Motion          motion    = { 1.0, 0.0 };

  *align = (JfAlign) { .scale = 1.0 };

  if (target->width != guidance->width || target->height != guidance->height)
    {
      g_set_error (error, JF_ALIGN_ERROR, JF_ALIGN_ERROR_SIZE,
                   _("The target is %d × %d pixels but the guidance %d × %d: they must be of one size"),
                   target->width, target->height, guidance->width, guidance->height);
      return FALSE;
    }

  if (MIN (target->width, target->height) < MIN_SIDE)
    return TRUE;

  if (! pyramid_init (&targets, target, error) || ! pyramid_init (&guidances, guidance, error))
    return FALSE;

  align->sure = estimate (&targets, &guidances, kind, cancellable, &motion);
  if (align->sure && get_farthest (&motion, target) >= LEAST_PIXELS)
    *align = (JfAlign) { creal (motion.shift), cimag (motion.shift), carg (motion.factor), cabs (motion.factor), TRUE };

  return ! g_cancellable_set_error_if_cancelled (cancellable, error);
}

/**
 * jf_align_is_identity:
 * @align: how a guidance lies
 *
 * Returns: whether there is nothing to move
 */
gboolean
jf_align_is_identity (const JfAlign *align)
{
  return align->dx == 0.0 && align->dy == 0.0 && align->angle == 0.0 && align->scale == 1.0;
}

/**
 * jf_align_warp:
 * @align:       how the guidance lies
 * @guidance:    the guidance
 * @cancellable: (nullable): looked at some times a second
 * @output:      (inout): planes shaped like @guidance, but not the same
 * @error:       return location for %G_IO_ERROR_CANCELLED
 *
 * Moves a guidance to where it lies on its target, by Lanczos' kernel of radius 3. What comes in from outside are the
 * edge pixels. Nothing is clamped: sharp edges overshoot. Where there is nothing to move, pixels stay as they are.
 *
 * Returns: TRUE on success
 */
gboolean
jf_align_warp (const JfAlign   *align,
               const JfPlanes  *guidance,
               GCancellable    *cancellable,
               JfPlanes        *output,
               GError         **error)
{
  const Motion motion = { align->scale * cexp (CMPLX (0.0, align->angle)), CMPLX (align->dx, align->dy) };
  float        table[LANCZOS_PHASES + 1][LANCZOS_TAPS];
  int          y;

  g_return_val_if_fail (output->channels == guidance->channels, FALSE);
  g_return_val_if_fail (output->width    == guidance->width,    FALSE);
  g_return_val_if_fail (output->height   == guidance->height,   FALSE);

  make_lanczos (table);
  for (y = 0; y < output->height && ! g_cancellable_is_cancelled (cancellable); y++)
    warp_row (guidance, &motion, table, y, output);

  return ! g_cancellable_set_error_if_cancelled (cancellable, error);
}
