/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * band: runs a network over one tile at a time
 *
 * A tile is made from top to bottom, so only a window of what flows between the layers exists at any time, whatever the height.
 * The order of all this is laid down before it begins (schedule.h), so that several threads can do it together.
 *
 * There are two ways: the layers of a graph in step (band-graph.c) and, for networks that have one, a cascade (band-cascade.c).
 * Here is what both share.
 */
#include "band.h"
#include "band-private.h"
#include "network-private.h"
#include "pages.h"

/*  private functions  */

/* The values of one phase go to every step-th pixel from @column on, as far as the region shows it. */
static void
write_phase (const JfBandJob *job,
             const float     *values,
             int              n_values,
             const float     *target,
             int              column,
             int              step,
             float           *output)
{
  int first = column < job->region.x ? 1 : 0;
  int last  = MIN (n_values, (job->region.x + job->region.width - column + step - 1) / step);
  int lane;

  output += column - job->region.x;
  if (target)
    for (lane = first; lane < last; lane++)
      output[lane * step] = target[column + lane * step] + values[lane];
  else
    for (lane = first; lane < last; lane++)
      output[lane * step] = values[lane];
}

/* Does what was claimed; FALSE if the work was stopped. */
static gboolean
work (JfBand   *band,
      JfWorker *worker,
      float    *scratch)
{
  if (band->network->cascade)
    return jf_band_work_cascade (band, worker, scratch);

  return jf_band_work_graph (band, worker, scratch);
}

/*  public functions  */

/**
 * jf_band_new:
 *
 * Returns: (transfer full): a band that fits no network yet; free with jf_band_free()
 */
JfBand *
jf_band_new (void)
{
  JfBand *band = g_new0 (JfBand, 1);

  jf_schedule_init (&band->schedule);

  return band;
}

/**
 * jf_band_free:
 * @band: (nullable): a band
 */
void
jf_band_free (JfBand *band)
{
  if (! band)
    return;

  jf_schedule_clear (&band->schedule);
  jf_graph_clear (&band->graph);
  g_free (band->noise_bias);
  g_free (band->edges);
  jf_cascade_clear_tile (&band->tile);
  g_aligned_free (band->memory);
  g_free (band);
}

/**
 * jf_band_fits:
 * @band:    a band
 * @network: a network
 * @width:   the width of tiles, in blocks
 *
 * Returns: whether jf_band_fit() would have nothing to do
 */
gboolean
jf_band_fits (const JfBand    *band,
              const JfNetwork *network,
              int              width)
{
  return band->serial == network->serial && band->width == width;
}

/**
 * jf_band_fit:
 * @band:    a band
 * @network: (transfer none): the network, which has to live as long as the band runs it
 * @width:   the width of the tiles to come, in blocks
 *
 * Memory for running a network: the windows of all features. It does not depend on the height, and what the band had for
 * another network or width is used again.
 */
void
jf_band_fit (JfBand          *band,
             const JfNetwork *network,
             int              width)
{
  if (jf_band_fits (band, network, width))
    return;

  g_clear_pointer (&band->noise_bias, g_free);
  jf_graph_clear (&band->graph);
  band->network     = network;
  band->serial      = network->serial;
  band->width       = width;
  band->max_threads = JF_BAND_MAX_THREADS;

  if (network->cascade)
    jf_band_fit_cascade (band);
  else
    jf_band_fit_graph (band);
}

/**
 * jf_band_get_strip:
 * @band:  a band
 * @first: whether it is the first strip of a tile
 *
 * Returns: the width in blocks of the strips that tiles are to be made in, at most
 */
int
jf_band_get_strip (const JfBand *band,
                   gboolean      first)
{
  if (band->network->strip == 0)
    return band->width;

  return band->graph.columns - (first ? 2 * jf_network_get_halo (band->network) : 0);
}

/**
 * jf_band_start:
 * @band: a band
 * @job:  (transfer none): what to work on; its tile is at most as wide as the band
 *
 * Prepares running the network over a tile. Pixels outside the planes are those of their edges.
 */
void
jf_band_start (JfBand          *band,
               const JfBandJob *job)
{
  band->job = job;
  if (band->network->cascade)
    jf_band_start_cascade (band);
  else
    jf_band_start_graph (band);
}

/**
 * jf_band_get_max_threads:
 * @band: a band
 *
 * Returns: how many threads find something to do, up to JF_BAND_MAX_THREADS
 */
int
jf_band_get_max_threads (const JfBand *band)
{
  return band->max_threads;
}

/**
 * jf_band_work:
 * @band:   a band that was started
 * @thread: a number below jf_band_get_max_threads() that no other thread has
 *
 * Takes part in the work until nothing is left to begin. It is done when this has returned in all threads, in one of them at
 * least. If the job's function wanted to stop, the output is half written.
 */
void
jf_band_work (JfBand *band,
              int     thread)
{
  const JfBandJob *job     = band->job;
  float           *scratch = band->scratch + thread * band->scratch_size;
  JfWorker         worker;

  jf_schedule_join (&band->schedule, &worker);
  while (jf_schedule_claim (&band->schedule, &worker))
    if (work (band, &worker, scratch))
      {
        jf_schedule_finish (&band->schedule, &worker);
        if (job->func)
          job->func (NULL, job->data);
      }
    else
      {
        jf_schedule_stop (&band->schedule);
      }
}

/*  what both ways need  */

/**
 * jf_band_reserve:
 * @band:  a band
 * @bytes: how many
 *
 * Makes its memory large enough. It is in large pages, as the layers jump between many rows and channels (8 % of the time on
 * Zen 3).
 */
void
jf_band_reserve (JfBand *band,
                 gsize   bytes)
{
  if (bytes + JF_GEMM_PRELOAD <= band->capacity)
    return;

  g_aligned_free (band->memory);
  band->capacity = (bytes + JF_GEMM_PRELOAD + JF_LARGE_PAGE - 1) / JF_LARGE_PAGE * JF_LARGE_PAGE;
  band->memory   = g_aligned_alloc (1, band->capacity, JF_LARGE_PAGE);
  jf_pages_enlarge (band->memory, band->capacity);
}

/**
 * jf_band_set_noise_bias:
 * @band:    a band that is being started
 * @bias:    that of the layer that sees the noise
 * @outputs: how many
 *
 * Adds to it what the noise of the job adds.
 */
void
jf_band_set_noise_bias (JfBand      *band,
                        const float *bias,
                        int          outputs)
{
  const JfNetwork *network = band->network;
  const JfNoise   *noise   = &band->job->noise;
  int              o;

  for (o = 0; o < outputs; o++)
    band->noise_bias[o] = bias[o] + (network->level_gain ? noise->level * network->level_gain[o] : 0.0f);
  if (network->excess_gain)
    for (o = 0; o < outputs; o++)
      band->noise_bias[o] += noise->excess * network->excess_gain[o];
}

/**
 * jf_band_write_channel:
 * @band:         a band that was started
 * @channel:      a channel of the result
 * @row:          the row of the picture that its values are of, which the region shows
 * @values:       [JF_TILE][phase_stride]
 * @phase_stride: floats from one phase to the next
 * @left:         how many values come before those of the blocks
 * @column:       the first block
 * @width:        blocks
 *
 * Puts a row of a channel back to pixels: what space to depth has taken apart, and phases.
 */
void
jf_band_write_channel (const JfBand *band,
                       int           channel,
                       int           row,
                       const float  *values,
                       gsize         phase_stride,
                       int           left,
                       int           column,
                       int           width)
{
  const JfBandJob *job    = band->job;
  int              r      = band->network->space_to_depth;
  int              plane  = channel / (r * r);
  const float     *target = band->network->residual ? jf_planes_get_row (job->target, plane, 0, row) : NULL;
  float           *output = jf_planes_get_row (job->output, plane, 0, row - job->region.y);
  int              x;

  for (x = left; x < left + MIN (JF_TILE, width); x++)
    write_phase (job, values + x % JF_TILE * phase_stride + x / JF_TILE, (left + width - 1 - x) / JF_TILE + 1,
                 target, (column + x - left) * r + channel % r, r * JF_TILE, output);
}
