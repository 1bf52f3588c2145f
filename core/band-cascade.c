/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * band-cascade: how a band runs a network that is a cascade
 *
 * Parts of the tile go through all layers one after the other (cascade.h). Each is read from the pictures and written to the
 * output by the thread that makes it.
 */
#include "band-private.h"
#include "network-private.h"

/*  private functions  */

/* The columns of the picture in the lanes of a row, of which there is one more on the left, for the r columns of a block. */
static void
part_find_columns (const JfCascadePart *part,
                   const JfBand        *band,
                   int                 *columns)
{
  int r     = band->network->space_to_depth;
  int first = band->job->tile.x + part->column + jf_cascade_get_n_layers (band->network->cascade);
  int lanes = part->vectors * JF_LANES;
  int dx, phase, lane;

  for (dx = 0; dx < r; dx++)
    for (phase = 0; phase < JF_TILE; phase++)
      for (lane = -1; lane < lanes; lane++)
        *columns++ = CLAMP (r * (first + JF_TILE * lane + phase) + dx, 0, band->job->target->width - 1);
}

/* The row of a picture that is row @dy of the blocks of row @row. */
static int
part_find_row (const JfCascadePart *part,
               const JfBand        *band,
               const JfPlanes      *planes,
               int                  row,
               int                  dy)
{
  int block = CLAMP (part->first_row + row, part->min_row, part->max_row);

  return CLAMP (band->network->space_to_depth * (band->job->tile.y + block) + dy, 0, planes->height - 1);
}

/* Asks for all rows that part_read_plane() will read. */
static void
part_prefetch_plane (const JfCascadePart *part,
                     const JfBand        *band,
                     const JfPlanes      *planes,
                     int                  plane,
                     int                  dy,
                     const int           *columns)
{
  int r    = band->network->space_to_depth;
  int last = r * JF_TILE * (part->vectors * JF_LANES + 1) - 1;
  int row;

  for (row = 0; row < JF_CASCADE_ROWS; row++)
    jf_band_prefetch_row (jf_planes_get_row (planes, plane, columns[0], part_find_row (part, band, planes, row, dy)),
                          columns[last] - columns[0]);
}

/* Row @dy of all blocks of a plane. */
JF_DISPATCH static void
part_read_plane (const JfCascadePart *part,
                 const JfBand        *band,
                 const JfPlanes      *planes,
                 int                  plane,
                 int                  dy,
                 const int           *columns)
{
  int    r      = band->network->space_to_depth;
  int    lanes  = part->vectors * JF_LANES + 1;
  float *to     = part->rows + JF_CASCADE_LEAD - 1;
  int    dx, row, phase, lane;

  for (dx = 0; dx < r; dx++, columns += JF_TILE * lanes)
    for (row = 0; row < JF_CASCADE_ROWS; row++)
      {
        const float *from = jf_planes_get_row (planes, plane, 0, part_find_row (part, band, planes, row, dy));

        for (phase = 0; phase < JF_TILE; phase++, to += part->phase_stride)
          for (lane = 0; lane < lanes; lane++)
            to[lane] = from[columns[phase * lanes + lane]];
      }
}

/* Both pictures, rearranged: channel c, offset (dy, dx) becomes channel c·r² + dy·r + dx. */
static void
part_read (const JfCascadePart *part,
           const JfBand        *band,
           int                 *columns)
{
  const JfPlanes *pictures[] = { band->job->guidance, band->job->target };
  int             r          = band->network->space_to_depth;
  int             channel    = 0;
  guint           i;
  int             plane, dy;

  part_find_columns (part, band, columns);
  for (i = 0; i < G_N_ELEMENTS (pictures); i++)
    for (plane = 0; plane < pictures[i]->channels; plane++)
      for (dy = 0; dy < r; dy++, channel += r)
        {
          part_prefetch_plane (part, band, pictures[i], MIN (plane + 1, pictures[i]->channels - 1), dy, columns);
          part_read_plane (part, band, pictures[i], plane, dy, columns);
          jf_cascade_read (part, channel, r);
        }
}

/* One channel of the result. */
static void
part_write_channel (const JfCascadePart *part,
                    const JfBand        *band,
                    const float         *from,
                    int                  channel,
                    int                  n_rows)
{
  const JfBandJob *job    = band->job;
  int              r      = band->network->space_to_depth;
  gsize            stride = part->phase_stride;
  int              i;

  for (i = 0; i < n_rows; i++, from += JF_TILE * stride)
    {
      int row = (job->tile.y + part->top + i) * r + channel / r % r;

      if (row >= job->region.y && row < job->region.y + job->region.height)
        jf_band_write_channel (band, channel, row, from + JF_CASCADE_LEAD, stride, part->left - part->column,
                               job->tile.x + part->left, part->right - part->left);
    }
}

static gboolean
part_write (const JfCascadePart *part,
            JfBand              *band,
            int                  number)
{
  const JfBandJob *job     = band->job;
  const JfCascade *cascade = band->network->cascade;
  int              last    = jf_cascade_get_n_layers (cascade) - 1;
  int              n_rows  = MIN (JF_CASCADE_BLOCK_ROWS, job->tile.height - part->top);
  int              channel;

  for (channel = 0; channel < jf_cascade_get_outputs (cascade, last); channel++)
    part_write_channel (part, band, jf_cascade_make (part, channel), channel, n_rows);

  if (! jf_schedule_await_part (&band->schedule, jf_cascade_find_earlier (cascade, &band->tile, number, last), last))
    return FALSE;

  return ! job->func ||
         job->func (&(JfRegion) { job->tile.x + part->left, job->tile.y + part->top, part->right - part->left, n_rows },
                    job->data);
}

/*  public functions  */

/**
 * jf_band_fit_cascade:
 * @band: a band whose network is a cascade
 *
 * Memory for what parts hand on, and what threads need.
 *
 * Only the passing on of a layer has to wait for the part before, a third of the time of a part: by count sixteen threads are 13
 * times as fast as one where 512x512 pixels go through 10 layers.
 */
void
jf_band_fit_cascade (JfBand *band)
{
  const JfCascade *cascade = band->network->cascade;
  gsize            carry   = jf_cascade_get_carry_size (cascade);
  gsize            columns = band->network->space_to_depth * JF_TILE * jf_cascade_get_max_phase_stride (cascade);

  band->noise_bias   = g_new (float, jf_cascade_get_outputs (cascade, 0));
  band->scratch_size = jf_cascade_get_part_size (cascade) + columns + JF_LINE_FLOATS;

  jf_band_reserve (band, (carry + JF_BAND_MAX_THREADS * band->scratch_size) * sizeof (float));
  band->tile.carry = band->memory;
  band->scratch    = band->memory + carry;
}

/**
 * jf_band_start_cascade:
 * @band: a band that fits a cascade and has a job
 *
 * Prepares the parts of the tile.
 */
void
jf_band_start_cascade (JfBand *band)
{
  const JfCascade *cascade = band->network->cascade;
  int              number;

  jf_band_set_noise_bias (band, jf_cascade_get_bias (cascade, 0), jf_cascade_get_outputs (cascade, 0));
  jf_cascade_start_tile (cascade, &band->tile, band->job->tile.width, band->job->tile.height);
  jf_schedule_restart (&band->schedule);
  for (number = 0; number < band->tile.n_strips * band->tile.n_blocks; number++)
    jf_schedule_add (&band->schedule, &(JfStage) { .y = number, .n_parts = jf_cascade_get_n_layers (cascade),
                                                   .in_order = TRUE });
  jf_schedule_begin (&band->schedule);
}

/**
 * jf_band_work_cascade:
 * @band:    a band that was started
 * @worker:  what to do
 * @scratch: the thread's own
 *
 * Makes of one part all layers, each of them after the part before has passed it on.
 *
 * Returns: FALSE if the work was stopped
 */
gboolean
jf_band_work_cascade (JfBand         *band,
                      const JfWorker *worker,
                      float          *scratch)
{
  const JfCascade *cascade = band->network->cascade;
  int              number  = worker->stage->y;
  int              last    = jf_cascade_get_n_layers (cascade) - 1;
  JfCascadePart    part;
  int              layer;

  jf_cascade_start_part (cascade, &band->tile, number, scratch, &part);
  part_read (&part, band, (int *) (scratch + jf_cascade_get_part_size (cascade)));
  for (layer = 0; layer < part.n_layers; layer++)
    {
      jf_cascade_multiply (&part, layer);
      if (layer == last)
        return part_write (&part, band, number);

      if (! jf_schedule_await_part (&band->schedule, jf_cascade_find_earlier (cascade, &band->tile, number, layer), layer))
        return FALSE;
      jf_cascade_pass_on (&part, layer, layer == 0 ? band->noise_bias : jf_cascade_get_bias (cascade, layer));
      jf_schedule_finish_part (&band->schedule, number, layer);
    }

  return TRUE;
}
