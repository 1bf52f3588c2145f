/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * resample: pictures in other sizes
 *
 * Keys' cubic convolution ("Cubic convolution interpolation for digital image processing", IEEE Transactions on
 * Acoustics, Speech, and Signal Processing 29, 1981) with his parameter of −1/2: what the networks that enlarge were
 * trained on. Pixels are squares, so that borders of pictures lie on each other, and edge pixels go on beyond them.
 */
#include <math.h>

#include "resample.h"


#define N_TAPS 4


/* Where a pixel's value comes from, along a row or a column. */
typedef struct
{
  int   indices[N_TAPS];
  float weights[N_TAPS];
} Taps;


static Taps * get_taps (int length,
                        int n_sources,
                        int factor);
static void   set_taps (Taps  *taps,
                        double position,
                        int    n_sources);


/*  public functions  */

/**
 * jf_resample_enlarge:
 * @source: a picture
 * @factor: how many times larger it becomes
 * @output: (inout): planes as many as those of @source, at most @factor times its size; what is
 *          missing is missing at the right and below
 *
 * Enlarges a picture by cubic interpolation.
 */
void
jf_resample_enlarge (const JfPlanes *source,
                     int             factor,
                     JfPlanes       *output)
{
  g_autofree Taps  *columns = get_taps (output->width,  source->width,  factor);
  g_autofree Taps  *rows    = get_taps (output->height, source->height, factor);
  g_autofree float *row     = g_new (float, source->width);

  for (int c = 0; c < output->channels; c++)
    for (int y = 0; y < output->height; y++)
      {
        float *to = jf_planes_get_row (output, c, 0, y);

        for (int x = 0; x < source->width; x++)
          {
            row[x] = 0.0f;

            for (int i = 0; i < N_TAPS; i++)
              row[x] += rows[y].weights[i] * *jf_planes_get_row (source, c, x, rows[y].indices[i]);
          }

        for (int x = 0; x < output->width; x++)
          {
            to[x] = 0.0f;

            for (int i = 0; i < N_TAPS; i++)
              to[x] += columns[x].weights[i] * row[columns[x].indices[i]];
          }
      }
}


/*  private functions  */

static Taps *
get_taps (int length,
          int n_sources,
          int factor)
{
  Taps *taps = g_new (Taps, length);

  for (int i = 0; i < length; i++)
    set_taps (&taps[i], (i + 0.5) / factor - 0.5, n_sources);

  return taps;
}

/* Keys' equation 8, for the four sources around a position. */
static void
set_taps (Taps   *taps,
          double  position,
          int     n_sources)
{
  int    first = (int) floor (position) - 1;
  double t     = position - floor (position);

  for (int i = 0; i < N_TAPS; i++)
    taps->indices[i] = CLAMP (first + i, 0, n_sources - 1);

  taps->weights[0] = (float) (((-0.5 * t + 1.0) * t - 0.5) * t);
  taps->weights[1] = (float) ((1.5 * t - 2.5) * t * t + 1.0);
  taps->weights[2] = (float) (((-1.5 * t + 2.0) * t + 0.5) * t);
  taps->weights[3] = (float) ((0.5 * t - 0.5) * t * t);
}
