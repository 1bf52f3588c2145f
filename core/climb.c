/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * climb: makes a motion between two pictures exact
 *
 * The correlation is climbed by Gauss and Newton's method (ECC: Evangelidis and Psarakis, "Parametric image alignment
 * using enhanced correlation coefficient maximization", PAMI 30, 2008), each step being a motion of its own that goes
 * before the others. Of large pictures some tiles do, so time and memory are bounded.
 */
#include <math.h>

#include "climb.h"

/* Pictures are compared on at most 5 x 5 tiles. */
#define TILE_SIZE 256
#define MAX_TILES 5

/* By so many pixels a motion may be corrected. */
#define MARGIN 6

/* Steps end below a hundredth of a pixel, which takes 3 to 8 of them. */
#define MAX_STEPS     20
#define ENOUGH_PIXELS 0.01

#define N_PARAMETERS 4

/* Two places of the pictures that are to become alike. */
typedef struct
{
  JfOrientation target;
  JfOrientation guidance;
} Tile;

/* All places, and what they are part of. */
typedef struct
{
  Tile           tiles[MAX_TILES * MAX_TILES];
  int            n_tiles;
  int            width;       /* of the guidance               */
  int            height;
  double complex middle;      /* of the picture, in its pixels */
  double         reach;       /* half of its diagonal          */
  int            n_parameters;
  float complex *warped;      /* for one tile                  */
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

/*  private functions  */

/* Orientations at a place between pixels, by Catmull and Rom's spline, which keeps sharp. NaN outside. */
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
get_guidance_region (const JfRegion     *tile,
                     const JfSimilarity *motion,
                     double complex      middle)
{
  const double complex half   = CMPLX (0.5 * tile->width, 0.5 * tile->height);
  const double complex centre = jf_similarity_move (motion, middle, CMPLX (tile->x, tile->y) + half);
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
            const JfOrientation *small_target,
            const JfOrientation *small_guidance,
            const JfSimilarity  *motion)
{
  const int    columns = MIN ((target->width - 1) / TILE_SIZE + 1, MAX_TILES);
  const int    rows    = MIN ((target->height - 1) / TILE_SIZE + 1, MAX_TILES);
  const double scale   = (double) small_target->region.width / target->width;
  int          column, row;

  for (row = 0; row < rows; row++)
    for (column = 0; column < columns; column++)
      {
        const int left = (int) ((gint64) target->width * column / columns);
        const int top  = (int) ((gint64) target->height * row / rows);
        JfRegion  cell = { left, top, (int) ((gint64) target->width * (column + 1) / columns) - left,
                           (int) ((gint64) target->height * (row + 1) / rows) - top };
        JfRegion  here = choose_tile (&cell, small_target, small_guidance, scale);
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
warp_tile (const Climb        *climb,
           const Tile         *tile,
           const JfSimilarity *motion)
{
  const float complex turn = jf_similarity_get_turn (motion);
  const JfRegion     *here = &tile->target.region;
  float complex      *out  = climb->warped;
  int                 x, y;

  for (y = 0; y < here->height; y++)
    for (x = 0; x < here->width; x++, out++)
      {
        double complex place = jf_similarity_move (motion, climb->middle, CMPLX (here->x + x, here->y + y));

        if (creal (place) >= 0.0 && cimag (place) >= 0.0 &&
            creal (place) <= climb->width - 1 && cimag (place) <= climb->height - 1)
          *out = jf_similarity_multiply (sample_spline (&tile->guidance, place), turn);
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
add_up (const Climb        *climb,
        const JfSimilarity *motion)
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

/*  public functions  */

/**
 * jf_climb_run:
 * @target:         a picture
 * @guidance:       another one of its size
 * @small_target:   orientations of @target made small, which tell where there is something to compare
 * @small_guidance: those of @guidance
 * @middle:         where the middle of the pictures is, in their pixels
 * @turning:        whether rotation and scale are to be made exact as well as the shift
 * @cancellable:    (nullable): looked at before each step, some times a second
 * @motion:         (inout): the motion, known to some pixels
 *
 * Moves @motion to where the orientations of pictures are most alike.
 *
 * Returns: how much they are then, -1 to 1
 */
double
jf_climb_run (const JfPlanes      *target,
              const JfPlanes      *guidance,
              const JfOrientation *small_target,
              const JfOrientation *small_guidance,
              double complex       middle,
              gboolean             turning,
              GCancellable        *cancellable,
              JfSimilarity        *motion)
{
  g_auto(Climb) climb = { .middle = middle, .n_parameters = turning ? 4 : 2 };
  JfSimilarity  next  = *motion;
  double        best  = -1.0;
  int           i;

  climb_init (&climb, target, guidance, small_target, small_guidance, motion);

  for (i = 0; i < MAX_STEPS && ! g_cancellable_is_cancelled (cancellable); i++)
    {
      const Sums     sums               = add_up (&climb, &next);
      double         step[N_PARAMETERS] = { 0 };
      double complex turn, shift;

      if (get_coefficient (&sums) <= best)
        break;
      best    = get_coefficient (&sums);
      *motion = next;

      if (! get_step (&sums, climb.n_parameters, step))
        break;

      shift = CMPLX (step[0], step[1]);
      turn  = CMPLX (step[2], step[3]);
      next  = (JfSimilarity) { motion->factor * (1.0 + turn / climb.reach),
                               motion->shift + motion->factor * shift };
      if (cabs (shift) + cabs (turn) < ENOUGH_PIXELS)
        break;
    }

  return best;
}
