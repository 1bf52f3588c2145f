/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sample: squares of a large picture that stand for all of it
 *
 * Statistics of a picture need neither all of its pixels nor memory for them. The squares lie below each other, as a
 * picture of its own; whoever has no room for the whole one reads them one by one.
 */
#include "sample.h"


/* Large enough that little is lost where two squares meet, small enough that a small area of sky is met, too. */
#define SIDE      128

/* Two million pixels. */
#define N_SQUARES 128


/*  public functions  */

/**
 * jf_sample_count:
 * @width:  of a picture
 * @height: of a picture
 *
 * Returns: the number of squares that stand for it; 0 if it is so small that it stands for itself
 */
int
jf_sample_count (int width,
                 int height)
{
  return (gint64) (width / SIDE) * (height / SIDE) > N_SQUARES ? N_SQUARES : 0;
}

/**
 * jf_sample_get_square:
 * @width:  of a picture that is not small
 * @height: of it
 * @i:      a number from 0 on, less than jf_sample_count ()
 *
 * Returns: a square of it; they are spread evenly
 */
JfRegion
jf_sample_get_square (int width,
                      int height,
                      int i)
{
  const int    n_columns = width  / SIDE;
  const int    n_rows    = height / SIDE;
  const gint64 place     = (gint64) i * n_columns * n_rows / N_SQUARES;

  return (JfRegion) { (width  - n_columns * SIDE) / 2 + (int) (place % n_columns) * SIDE,
                      (height - n_rows    * SIDE) / 2 + (int) (place / n_columns) * SIDE, SIDE, SIDE };
}

/**
 * jf_sample_init:
 * @sample:   (out caller-allocates): free with jf_planes_clear ()
 * @channels: how many planes to sample
 * @width:    of a picture that is not small
 * @height:   of it
 * @error:    return location for an error
 *
 * Returns: whether there is memory for the squares
 */
gboolean
jf_sample_init (JfPlanes  *sample,
                int        channels,
                int        width,
                int        height,
                GError   **error)
{
  return jf_planes_init (sample, channels, SIDE, SIDE * jf_sample_count (width, height), error);
}

/**
 * jf_sample_copy:
 * @sample:  from jf_sample_init ()
 * @i:       which square of it
 * @picture: a picture, as many planes
 * @square:  where it is in @picture
 *
 * Puts a square where it belongs.
 */
void
jf_sample_copy (JfPlanes       *sample,
                int             i,
                const JfPlanes *picture,
                const JfRegion *square)
{
  jf_planes_copy (sample, 0, i * SIDE, picture, square);
}
