/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise-cut: noise in front of black or white
 *
 * Where the scene is as dark or as bright as a file can tell, half of the noise is cut off. Places like that are left out
 * of the other measurements, though they may be most of a picture, and noisier than the rest or less noisy. And what is left of
 * their noise shifts them, by up to 0.4 standard deviations and in all channels alike: as coarse as noise can be. Networks are
 * told of this as of all other differences from the truth.
 *
 * It takes no spectrum to measure them: they are the pixels' distances from the limit. A black or white ground is told from
 * edges and lights by blocks of it being much alike.
 */
#include <math.h>
#include <stdlib.h>

#include "noise-private.h"

/* Half of a ground's pixels are at the limit. JPEG moves many away from it: from 15 % to 50 % of a block's were there at
 * quality 92.
 */
#define MIN_CUT        9

/* So many blocks are enough for the quantile below, and so many places to find them. */
#define MIN_GROUND     60
#define MAX_PLACES     (JF_NOISE_MAX_BLOCKS / 4)

/* A ground's blocks have no more than so many times the lower quartile of the mean squares of cut blocks, nor of what noise is
 * likely to have beside what is known of the rest of the picture.
 */
#define QUANTILE       0.25
#define MAX_SPREAD     3.0
#define MAX_GAIN       6.25

/* It is one for sure where the second of these shares of the cut blocks are its own, and none up to the first. Black and white
 * grounds of photographs had 0.82 to 0.98, blown out skies with things in front of them 0.16 to 0.86, mostly less than 0.6.
 */
#define EDGES_SHARE    0.75
#define GROUND_SHARE   0.9

/* Of normal noise on a ground at the limit the mean square of the distances is 3.14 times the square of their mean, and all
 * of the mean is a shift by noise. On one that is a third of a standard deviation away it is 2.38 times, and 43 % of the mean;
 * at a whole one 1.64 times and 8 %. JPEG makes the ratio less: from the second of these on the ground is taken to be at the
 * limit, up to the first the mean is taken for the ground's own distance.
 */
#define NEAR_RATIO     1.9
#define LIMIT_RATIO    2.7

/* A block that is cut off: the mean of the pixels' distances from the limit, and of these distances' squares. */
typedef struct
{
  int    place;
  double shift;
  double square;
} CutBlock;

/* What is cut off of a channel. */
typedef struct
{
  CutBlock *blocks;
  int       n_blocks;
  double    square;         /* of noise, mean over the blocks */
  double    shift;          /* by noise, likewise             */
  double    nearness;       /* to the limit, 0 to 1           */
  double    certainty;
} Ground;

/* Noise where none is cut off and where some is, together. */
typedef struct
{
  double usual;             /* the variance where none is cut off                        */
  double ratio;             /* there, of coarse noise to what it were if noise was white */
  double fine;              /* the variance of all                                       */
  double coarse;            /* likewise, of coarse noise                                 */
  double found;             /* the share of the picture that grounds have                */
} Join;

/*  private functions  */

/* The extreme value that more of a block's pixels have. */
static float
find_limit (const JfNoisePlane *plane,
            const float        *pixels)
{
  int n = 0;

  for (int y = 0; y < JF_NOISE_BLOCK_SIZE; y++, pixels += plane->width)
    for (int x = 0; x < JF_NOISE_BLOCK_SIZE; x++)
      n += (pixels[x] >= plane->brightest) - (pixels[x] <= plane->darkest);

  return n > 0 ? plane->brightest : plane->darkest;
}

static gboolean
measure_cut_block (const JfNoisePlane *plane,
                   int                 n_places,
                   int                 place,
                   CutBlock           *block)
{
  const gsize  start      = jf_noise_get_place (plane->width, plane->height, JF_NOISE_BLOCK_SIZE, n_places, place);
  const float *pixels     = plane->pixels + start;
  const int    n_extremes = jf_noise_plane_count_extremes (plane, pixels, JF_NOISE_BLOCK_SIZE);
  float        sums[JF_NOISE_BLOCK_SIZE]    = { 0 };
  float        squares[JF_NOISE_BLOCK_SIZE] = { 0 };
  float        limit;

  if (n_extremes < MIN_CUT || n_extremes > JF_NOISE_MAX_CUT)
    return FALSE;

  limit  = find_limit (plane, pixels);
  *block = (CutBlock) { .place = place };

  for (int y = 0; y < JF_NOISE_BLOCK_SIZE; y++, pixels += plane->width)
    for (int x = 0; x < JF_NOISE_BLOCK_SIZE; x++)
      {
        sums[x]    += pixels[x] - limit;
        squares[x] += (pixels[x] - limit) * (pixels[x] - limit);
      }

  for (int x = 0; x < JF_NOISE_BLOCK_SIZE; x++)
    {
      block->shift  += sums[x] / JF_NOISE_BLOCK_PIXELS;
      block->square += squares[x] / JF_NOISE_BLOCK_PIXELS;
    }

  return isfinite (block->square);
}

static int
compare_squares (const void *a,
                 const void *b)
{
  return jf_noise_compare_doubles (&((const CutBlock *) a)->square, &((const CutBlock *) b)->square);
}

/* From the means of the distances from the limit and of their squares. */
static void
leave_out_distance (Ground *ground)
{
  const double mean  = ground->shift;
  const double ratio = mean > 0.0 ? ground->square / (mean * mean) : 0.0;

  ground->nearness = jf_noise_get_share (ratio, NEAR_RATIO, LIMIT_RATIO);
  ground->shift    = ground->nearness * mean;
  ground->square  += ground->shift * ground->shift - mean * mean;
}

/* Leaves nothing but the ground's blocks, if there is a ground. @usual is the variance elsewhere. */
static void
find_ground (Ground *ground,
             double  usual)
{
  const int n = ground->n_blocks;
  double    most;

  ground->n_blocks = 0;
  if (n < MIN_GROUND)
    return;

  qsort (ground->blocks, n, sizeof (CutBlock), compare_squares);
  most = MAX_SPREAD * MIN (ground->blocks[(int) (QUANTILE * n)].square, MAX_GAIN * usual);
  while (ground->n_blocks < n && ground->blocks[ground->n_blocks].square <= most)
    ground->n_blocks++;

  ground->certainty = jf_noise_get_share ((double) ground->n_blocks / n, EDGES_SHARE, GROUND_SHARE);
  for (int i = 0; i < ground->n_blocks; i++)
    {
      ground->square += ground->blocks[i].square / ground->n_blocks;
      ground->shift  += fabs (ground->blocks[i].shift) / ground->n_blocks;
    }

  leave_out_distance (ground);
}

static void
measure_ground (const JfNoisePlane *plane,
                int                 n_places,
                double              usual,
                Ground             *ground)
{
  *ground = (Ground) { .blocks = g_new (CutBlock, n_places) };

  for (int i = 0; i < n_places; i++)
    ground->n_blocks += measure_cut_block (plane, n_places, i, &ground->blocks[ground->n_blocks]);

  find_ground (ground, usual);
}

/* How much more of noise there is than usual. Less counts only where the ground's shift is known to make up for it. */
static double
get_difference (const Ground *ground,
                double        square,
                double        usual)
{
  return square > usual ? square - usual : ground->nearness * (square - usual);
}

/* Adds what a channel's ground has. @shifts: of all places, by all channels in the mean. */
static void
join_add (Join               *join,
          const JfNoisePlane *plane,
          int                 n_planes,
          int                 n_places,
          double             *shifts)
{
  g_autofree CutBlock *blocks = NULL;
  Ground               ground;
  double               share;

  measure_ground (plane, n_places, join->usual, &ground);
  blocks = ground.blocks;
  share  = ground.certainty * ground.n_blocks / n_places / n_planes;

  join->found  += share;
  join->fine   += share * get_difference (&ground, ground.square, join->usual);
  join->coarse += share * get_difference (&ground, ground.square - ground.shift * ground.shift, join->usual) * join->ratio;

  for (int i = 0; i < ground.n_blocks; i++)
    shifts[blocks[i].place] += copysign (ground.certainty * ground.shift / n_planes, blocks[i].shift);
}

/*  public functions  */

/**
 * jf_noise_add_cut:
 * @planes:   the channels of a picture
 * @n_planes: how many
 * @noise:    (inout): the noise where none is cut off
 *
 * Joins it with the noise in front of black and white, by their shares of the picture, if there is any.
 */
void
jf_noise_add_cut (const JfNoisePlane *planes,
                  int                 n_planes,
                  JfNoise            *noise)
{
  const double       level  = noise->level;
  const double       usual  = level * level;
  const double       share  = level > 0.0 ? 1.0 + noise->excess / level : 1.0;
  const double       gain   = jf_noise_get_coarse_gain (n_planes);
  Join               join   = { usual, share * share, usual, usual * share * share, 0.0 };
  g_autofree double *shifts = NULL;
  int                n;

  if (planes->width < JF_NOISE_BLOCK_SIZE || planes->height < JF_NOISE_BLOCK_SIZE)
    return;

  n      = jf_noise_count_places (planes->width, planes->height, JF_NOISE_BLOCK_SIZE, MAX_PLACES);
  shifts = g_new0 (double, n);

  for (int i = 0; i < n_planes; i++)
    join_add (&join, &planes[i], n_planes, n, shifts);

  if (join.found == 0.0)
    return;

  for (int i = 0; i < n; i++)
    join.coarse += gain * gain * shifts[i] * shifts[i] / n;

  noise->level  = (float) sqrt (MAX (join.fine, 0.0));
  noise->excess = (float) sqrt (MAX (join.coarse, 0.0)) - noise->level;
}
