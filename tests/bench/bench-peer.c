/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-peer: pictures to the inputs of another library's network and back
 *
 * Edge replication, space to depth, the residual and tiles are done here, with the clocks paused: a peer is timed on
 * its convolutions, ReLUs and the concatenation alone, which is in its favour.
 */
#include <string.h>

#include "bench-peer.h"

typedef struct
{
  BenchShape  shape;
  BenchPeer  *peer;
  int         columns;       /* of tiles */
  int         rows;
  float      *target;
  float      *guidance;
  float      *output;
} Tiles;

static Tiles tiles;

/*  local function prototypes  */

static void    shape_init   (BenchShape     *shape,
                             const BenchJob *job);
static void    tile_run     (BenchJob       *job,
                             int             x,
                             int             y);
static void    target_read  (const BenchJob *job,
                             int             channel,
                             int             x,
                             int             y);
static float * planes_read  (const JfPlanes *planes,
                             int             channel,
                             int             n_channels,
                             int             x,
                             int             y,
                             int             border,
                             float          *data);
static void    output_write (BenchJob       *job,
                             int             channel,
                             int             x,
                             int             y);
static int     pieces       (int             length,
                             int             tile);


/*  public functions  */

char *
bench_program_prepare (BenchJob *job)
{
  BenchShape *shape = &tiles.shape;

  if (job->model->target_channels == 3 && job->target.channels != 3)
    bench_fail ("a model for colour targets is measured on colour targets");

  shape_init (shape, job);

  tiles.target   = g_new (float, (gsize) shape->target_planes *
                                 (shape->width  + 2 * shape->target_border) *
                                 (shape->height + 2 * shape->target_border));
  tiles.guidance = g_new (float, (gsize) shape->guidance_planes *
                                 (shape->width  + 2 * shape->guidance_border) *
                                 (shape->height + 2 * shape->guidance_border));
  tiles.output   = g_new (float, (gsize) shape->output_planes * shape->width * shape->height);
  tiles.peer     = bench_peer_new (shape);

  return bench_peer_describe (tiles.peer);
}

void
bench_program_run (BenchJob *job)
{
  const int r = job->model->space_to_depth;

  for (int row = 0; row < tiles.rows; row++)
    for (int column = 0; column < tiles.columns; column++)
      tile_run (job, column * tiles.shape.width * r, row * tiles.shape.height * r);
}


/*  private functions  */

/* All tiles are of one size, so that a peer prepares once; the last of a row or column may reach beyond the picture. */
static void
shape_init (BenchShape     *shape,
            const BenchJob *job)
{
  const JfModel *model  = job->model;
  const int      r      = model->space_to_depth;
  const int      filter = model->stacks[JF_STACK_FILTER].halo;
  const int      width  = (job->target.width  + r - 1) / r;
  const int      height = (job->target.height + r - 1) / r;

  tiles.columns = pieces (width,  job->tile / r);
  tiles.rows    = pieces (height, job->tile / r);

  shape->model           = model;
  shape->n_threads       = job->n_threads;
  shape->taps            = job->taps;
  shape->target_planes   = model->target_channels * r * r + (model->noise_level ? 1 : 0) +
                           (model->noise_excess ? 1 : 0);
  shape->guidance_planes = 3 * r * r;
  shape->output_planes   = model->target_channels * r * r;
  shape->width           = (width  + tiles.columns - 1) / tiles.columns;
  shape->height          = (height + tiles.rows    - 1) / tiles.rows;
  shape->target_border   = model->stacks[JF_STACK_TARGET].halo + filter;
  shape->guidance_border = model->stacks[JF_STACK_GUIDANCE].halo + filter;
}

static void
tile_run (BenchJob *job,
          int       x,
          int       y)
{
  planes_read (&job->guidance, 0, job->guidance.channels, x, y, tiles.shape.guidance_border, tiles.guidance);

  bench_job_resume (job);
  bench_peer_guide (tiles.peer, tiles.guidance);
  bench_job_pause (job);

  for (int channel = 0; channel < job->target.channels; channel += job->model->target_channels)
    {
      target_read (job, channel, x, y);

      bench_job_resume (job);
      bench_peer_filter (tiles.peer, tiles.target, tiles.output);
      bench_job_pause (job);

      output_write (job, channel, x, y);
    }
}

static void
target_read (const BenchJob *job,
             int             channel,
             int             x,
             int             y)
{
  const BenchShape *shape    = &tiles.shape;
  const gsize       n_values = (gsize) (shape->width  + 2 * shape->target_border) *
                                       (shape->height + 2 * shape->target_border);
  float            *data     = planes_read (&job->target, channel, job->model->target_channels, x, y,
                                            shape->target_border, tiles.target);

  if (job->model->noise_level)
    for (gsize i = 0; i < n_values; i++)
      data[i] = job->noise_level;

  /* Without excess. */
  if (job->model->noise_excess)
    memset (data + n_values, 0, n_values * sizeof (float));
}

/* Channel c, offset (dy, dx) in each r x r block becomes channel c · r² + dy · r + dx of an r times smaller picture. */
static float *
planes_read (const JfPlanes *planes,
             int             channel,
             int             n_channels,
             int             x,
             int             y,
             int             border,
             float          *data)
{
  const BenchShape *shape = &tiles.shape;
  const int         r     = shape->model->space_to_depth;

  for (int plane = 0; plane < n_channels * r * r; plane++)
    {
      const float *from = planes->data + (gsize) (channel + plane / (r * r)) * planes->width * planes->height;
      const int    dy   = plane % (r * r) / r;
      const int    dx   = plane % r;

      for (int v = -border; v < shape->height + border; v++)
        {
          const float *row = from + (gsize) CLAMP (y + v * r + dy, 0, planes->height - 1) * planes->width;

          for (int u = -border; u < shape->width + border; u++)
            *data++ = row[CLAMP (x + u * r + dx, 0, planes->width - 1)];
        }
    }

  return data;
}

/* Where the picture ends inside the tile, the rest of the tile is dropped. */
static void
output_write (BenchJob *job,
              int       channel,
              int       x,
              int       y)
{
  const BenchShape *shape  = &tiles.shape;
  const int         r      = shape->model->space_to_depth;
  const int         right  = MIN (x + shape->width  * r, job->output.width);
  const int         bottom = MIN (y + shape->height * r, job->output.height);

  for (int i = 0; i < job->model->target_channels; i++)
    for (int v = y; v < bottom; v++)
      {
        const gsize  start  = ((gsize) (channel + i) * job->output.height + v) * job->output.width;
        const float *target = job->target.data + start;
        float       *output = job->output.data + start;

        for (int u = x; u < right; u++)
          {
            const gsize plane = (gsize) i * r * r + (v - y) % r * r + (u - x) % r;
            const float value = tiles.output[(plane * shape->height + (v - y) / r) * shape->width + (u - x) / r];

            output[u] = job->model->residual ? target[u] + value : value;
          }
      }
}

static int
pieces (int length,
        int tile)
{
  return tile > 0 ? (length + tile - 1) / tile : 1;
}
