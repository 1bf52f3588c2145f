/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * band-graph: how a band runs a graph
 *
 * All layers run in step, a few rows at a time: a layer that is asked for rows first asks its sources for what these need.
 *
 * A tile that is wider than what the cache holds is made in strips from left to right. The strip of a layer lies as much to the
 * right of its readers' as these look around themselves: so it adds to what the strip before has made, of which the last columns
 * are kept ("edges"), and nothing is made twice. The first strip of a tile has no such columns and begins further left.
 */
#include <string.h>

#include "band-private.h"
#include "network-private.h"

/*  private functions  */

/* By how many panels the sources of a layer have to be ahead of it. In strips they lie to the left, but kernels that are not a
 * multiple of Winograd's reach by their zeros into the next tile.
 */
static int
panels_ahead (const JfBand *band,
              const JfConv *conv)
{
  return band->network->strip > 0 && conv->reach - conv->kernel + 1 < JF_TILE ? 0 : 1;
}

/* What a layer needs of the band: scratch, and threads that are not more than can follow each other through its panels. */
static void
node_limit (const JfNode *node,
            JfBand       *band)
{
  const JfConv *conv = &node->step->conv;

  /* Whole cache lines, and not those of one thread after the other's at the same place of a page. */
  band->scratch_size = MAX (band->scratch_size, jf_round_to_lines (conv->scratch) + JF_LINE_FLOATS);
  if (panels_ahead (band, conv) > 0)
    band->looks_ahead = TRUE;
  if (conv->method == JF_CONV_WINOGRAD)
    band->max_threads = MIN (band->max_threads, MAX (jf_conv_count_parts (conv, &node->feature) - panels_ahead (band, conv), 2));
}

/* One piece of memory for everything that flows, and for nothing: what lies left of a first strip. */
static void
band_allocate (JfBand *band)
{
  gsize  nothing = 0;
  gsize  size    = 0;
  float *free_memory;
  guint  i;

  for (i = 0; i < band->graph.nodes->len; i++)
    {
      const JfFeature *feature = &jf_graph_get_node (&band->graph, i)->feature;

      size   += jf_feature_size (feature);
      nothing = MAX (nothing, (gsize) feature->channels * feature->context);
    }
  nothing = jf_round_to_lines (nothing);

  jf_band_reserve (band, (size + nothing + JF_BAND_MAX_THREADS * band->scratch_size) * sizeof (float));
  memset (band->memory, 0, (size + nothing) * sizeof (float));
  band->features_size = size;
  band->vectors       = band->graph.result->feature.vectors;

  free_memory = band->memory;
  for (i = 0; i < band->graph.nodes->len; i++)
    {
      JfFeature *feature = &jf_graph_get_node (&band->graph, i)->feature;

      feature->data = free_memory;
      free_memory  += jf_feature_size (feature);
    }
  band->nothing = free_memory;
  band->scratch = free_memory + nothing;
}

/*  planning  */

static int
add_stage (JfBand *band,
           JfNode *node,
           int     y,
           int     n_rows)
{
  const JfConv *conv      = node->step ? &node->step->conv : NULL;
  gboolean      by_panels = conv && conv->method == JF_CONV_WINOGRAD;
  JfStage       stage     = { .what = node, .y = y, .n_parts = n_rows, .batch = n_rows };

  if (conv)
    {
      stage.n_parts   = jf_conv_count_parts (conv, &node->feature);
      stage.batch     = conv->panels;
      stage.by_panels = by_panels;
    }

  return jf_schedule_add (&band->schedule, &stage);
}

/* Taps are added to the rows of the stage before, and begin rows in all panels at once. What fills up the first block of tiles lies
 * where a later one will, which has to come later even where no source does between them, as in very small pictures.
 */
static void
node_plan_block (JfNode *node,
                 JfBand *band,
                 int     n_rows)
{
  int            stage = add_stage (band, node, node->next, n_rows);
  gboolean       late  = jf_node_get_late (node) > 0;
  JfScheduleNeed need  = node->step && panels_ahead (band, &node->step->conv) == 0 ? JF_SCHEDULE_SAME : JF_SCHEDULE_NEXT;
  int            s;

  for (s = 0; s < node->n_sources; s++)
    {
      const JfConv *conv = node->sources[s]->step ? &node->sources[s]->step->conv : NULL;

      jf_schedule_depend (&band->schedule, stage, node->sources[s]->made_by,
                          conv && conv->tap_relu ? JF_SCHEDULE_WHOLE : need);
      node->sources[s]->read_by = stage;
    }
  jf_schedule_depend (&band->schedule, stage, node->read_by, late ? JF_SCHEDULE_WHOLE : JF_SCHEDULE_NEXT);
  if (late || node->block_rows > 1)
    jf_schedule_depend (&band->schedule, stage, node->made_by, JF_SCHEDULE_NEXT);

  node->made_by = stage;
  node->next   += n_rows;
}

/* Plans the first @rows rows of a node's feature, as far as they are not planned yet. */
static void
node_plan (JfNode *node,
           JfBand *band,
           int     rows)
{
  int s;

  rows = MIN (rows, node->feature.height) + jf_node_get_late (node);
  if (! node->step)
    {
      if (node->next < rows)
        node_plan_block (node, band, rows - node->next);
      return;
    }

  while (node->next < rows)
    {
      for (s = 0; s < node->n_sources; s++)
        node_plan (node->sources[s], band, node->next + node->step->conv.window);
      node_plan_block (node, band, node->block_rows);
    }
}

/* Everything that is to be done for a tile. */
static void
band_plan (JfBand *band,
           int     height)
{
  JfNode *result = band->graph.result;
  int     y, rows, stage;

  jf_schedule_restart (&band->schedule);
  for (y = 0; y < height; y += rows)
    {
      rows = MIN (result->block_rows, height - y);
      node_plan (result, band, y + rows);

      stage = jf_schedule_add (&band->schedule, &(JfStage) { .y = y, .n_parts = 1, .batch = 1 });
      jf_schedule_depend (&band->schedule, stage, result->made_by, JF_SCHEDULE_WHOLE);
      result->read_by = stage;
    }
  jf_schedule_begin (&band->schedule);
}

/*  running  */

/* The column of blocks of the picture that a node's first one is. */
static int
node_left (const JfNode *node,
           const JfBand *band)
{
  return band->network->strip > 0 ? band->start + node->margin : band->job->tile.x - node->margin;
}

/* The clamped column of every lane, for the r columns of a block. */
static void
node_find_columns (const JfNode *node,
                   const JfBand *band)
{
  int  r      = band->network->space_to_depth;
  int  lanes  = node->feature.vectors * JF_LANES;
  int  left   = node_left (node, band);
  int *column = node->columns;
  int  dx, phase, lane;

  for (dx = 0; dx < r; dx++)
    for (phase = 0; phase < JF_TILE; phase++)
      for (lane = 0; lane < lanes; lane++)
        *column++ = CLAMP (r * (left + JF_TILE * lane + phase) + dx, 0, node->planes->width - 1);
}

/* One row of blocks of an input, rearranged: channel c, offset (dy, dx) becomes channel c·r² + dy·r + dx. */
static void
node_read_row (const JfNode *node,
               const JfBand *band,
               int           row)
{
  const JfPlanes *planes = node->planes;
  int             r      = band->network->space_to_depth;
  int             lanes  = node->feature.vectors * JF_LANES;
  float          *to     = jf_feature_new_row (&node->feature, row);
  int             plane, dy, i, lane;

  for (plane = 0; plane < node->n_planes; plane++)
    for (dy = 0; dy < r; dy++)
      {
        int          y       = CLAMP (r * (band->job->tile.y - node->margin + row) + dy, 0, planes->height - 1);
        const float *from    = planes->data +
                               ((gsize) plane * planes->height + y) * planes->width;
        const int   *columns = node->columns;
        int          below   = MIN (r * JF_TILE, planes->height - 1 - y);

        jf_band_prefetch_row (from + (gsize) below * planes->width + columns[0],
                              node->columns[r * JF_TILE * lanes - 1] - columns[0]);
        for (i = 0; i < r * JF_TILE; i++)
          {
            for (lane = 0; lane < lanes; lane++)
              to[lane] = from[columns[lane]];
            columns += lanes;
            to      += node->feature.phase_stride;
          }
      }
}

/* Asks for the part of a row that will be written in the next block of rows. */
static void
prefetch_output (const JfBandJob *job,
                 int              plane,
                 int              row,
                 int              r)
{
  float *output = jf_planes_get_row (job->output, plane, 0, row - job->region.y);
  int    below  = MIN (r * JF_TILE, job->region.y + job->region.height - 1 - row);
  int    first  = MAX (job->tile.x * r - job->region.x, 0);
  int    last   = MIN ((job->tile.x + job->tile.width) * r - job->region.x, job->region.width);
  int    x;

  for (x = first; x < last; x += JF_LINE_FLOATS)
    __builtin_prefetch (output + (gsize) below * job->region.width + x, 1, 2);
}

/* Writes a row of blocks of results, put back from channels to pixels. */
static void
node_write_row (const JfNode *node,
                const JfBand *band,
                int           y)
{
  const JfBandJob *job  = band->job;
  int              r    = band->network->space_to_depth;
  const float     *from = jf_feature_row (&node->feature, y);
  int              left = job->tile.x - node_left (node, band);
  int              channel;

  for (channel = 0; channel < node->feature.channels; channel++)
    {
      int row = (job->tile.y + y) * r + channel / r % r;

      if (row < job->region.y || row >= job->region.y + job->region.height)
        continue;

      if (channel % r == 0)
        prefetch_output (job, channel / (r * r), row, r);
      jf_band_write_channel (band, channel, row, from + channel * jf_feature_channel_stride (&node->feature),
                             node->feature.phase_stride, left, job->tile.x, job->tile.width);
    }
}

/*  strips  */

/* Floats of what one strip leaves for the next one. */
static gsize
node_edges_size (const JfNode *node)
{
  return (gsize) node->edge_rows * node->feature.channels * node->feature.context;
}

static void
band_allocate_edges (JfBand *band)
{
  gsize  size = 0;
  float *free_memory;
  guint  i;

  for (i = 0; i < band->graph.nodes->len; i++)
    {
      JfNode *node = jf_graph_get_node (&band->graph, i);

      node->edge_rows = band->job->tile.height + 2 * node->margin;
      size           += 2 * node_edges_size (node);
    }

  if (size > band->edges_capacity)
    {
      g_free (band->edges);
      band->edges          = g_new (float, size);
      band->edges_capacity = size;
    }

  free_memory = band->edges;
  for (i = 0; i < band->graph.nodes->len; i++)
    {
      JfNode *node = jf_graph_get_node (&band->graph, i);

      node->edges  = free_memory;
      free_memory += 2 * node_edges_size (node);
    }
}

/* What the strip leaves of a row for the one after it, or what the one before has left. */
static float *
node_get_edge (const JfNode *node,
               int         strip,
               int         row)
{
  return node->edges + strip % 2 * node_edges_size (node) +
         (gsize) row * node->feature.channels * node->feature.context;
}

static void
node_start_strip (JfNode       *node,
                  const JfBand *band)
{
  JfFeature *feature = &node->feature;
  gboolean   follows = band->job->follows;

  feature->vectors       = band->vectors;
  feature->left          = follows ? node_get_edge (node, band->strip - 1, 0) : band->nothing;
  feature->left_stride   = follows ? (gsize) feature->channels * feature->context : 0;
  feature->left_channels = feature->channels;
}

/* The strip of the result; the first one begins so far left that all layers' have what their readers need. */
static void
band_start_strip (JfBand *band)
{
  const JfBandJob *job = band->job;
  int              columns, vectors;
  guint            i;

  band->strip = job->follows ? band->strip + 1 : 0;
  band->start = job->follows ? job->tile.x : job->tile.x - 2 * jf_network_get_halo (band->network);
  columns     = job->tile.x + job->tile.width - band->start;
  vectors     = (columns - 1) / (JF_TILE * JF_LANES) + 1;

  /* What an earlier one left to the right of this one must not show in the rounding of who looks there. */
  if (vectors != band->vectors && band->looks_ahead)
    memset (band->memory, 0, band->features_size * sizeof (float));
  band->vectors = vectors;

  if (job->continues && ! job->follows)
    band_allocate_edges (band);
  for (i = 0; i < band->graph.nodes->len; i++)
    node_start_strip (jf_graph_get_node (&band->graph, i), band);
}

/* The last columns of new rows, for the strip that follows. */
static void
node_leave_edge (const JfNode *node,
                 const JfBand *band,
                 int           y,
                 int           n_rows)
{
  const JfFeature *feature = &node->feature;
  int              width   = feature->vectors * JF_LANES * JF_TILE;
  gsize            stride  = jf_feature_channel_stride (feature);
  int              row, channel, x;

  for (row = MAX (y, 0); row < MIN (y + n_rows, feature->height); row++)
    {
      float *edge = node_get_edge (node, band->strip, row);

      for (x = width - feature->context; x < width; x++)
        {
          const float *from = jf_feature_new_row (feature, row) + jf_feature_column (feature, x);

          for (channel = 0; channel < feature->channels; channel++)
            *edge++ = from[channel * stride];
        }
    }
}

/*  working  */

static void
node_start_tile (JfNode       *node,
                 const JfBand *band)
{
  const JfBandJob *job = band->job;

  node->next           = node->first;
  node->made_by        = -1;
  node->read_by        = -1;
  node->feature.height = job->tile.height + 2 * node->margin;
  if (! node->step)
    {
      node->planes = node == band->graph.guidance ? job->guidance : job->target;
      node_find_columns (node, band);
    }
}

/* That of the layer that sees the noise is the band's own. */
static const float *
node_get_bias (const JfNode *node,
               const JfBand *band)
{
  return node->step == band->network->noise_step ? band->noise_bias : node->step->bias;
}

static gboolean
work_on_layer (JfBand   *band,
               JfWorker *worker,
               JfNode   *node,
               float    *scratch)
{
  const JfConv    *conv = &node->step->conv;
  const JfFeature *sources[JF_CONV_MAX_SOURCES];
  int              y    = worker->stage->y;
  int              s;

  for (s = 0; s < node->n_sources; s++)
    sources[s] = &node->sources[s]->feature;
  jf_conv_run (conv, sources, node->n_sources, node_get_bias (node, band), y, worker->first, worker->n, &node->feature, scratch);
  if (band->job->continues && worker->first + worker->n == worker->stage->n_parts)
    node_leave_edge (node, band, y, node->block_rows);
  if (conv->late == 0)
    return TRUE;

  if (! jf_schedule_await_turn (&band->schedule, worker))
    return FALSE;
  jf_conv_join (conv, y, worker->first, worker->n, &node->feature, scratch);

  return TRUE;
}

/* In one thread, so that somebody can be told of rows in their order. */
static gboolean
work_on_output (JfBand *band,
                int     y)
{
  const JfBandJob *job  = band->job;
  int              rows = MIN (band->graph.result->block_rows, job->tile.height - y);
  int              i;

  for (i = 0; i < rows; i++)
    node_write_row (band->graph.result, band, y + i);

  return ! job->func ||
         job->func (&(JfRegion) { job->tile.x, job->tile.y + y, job->tile.width, rows }, job->data);
}

/*  public functions  */

/**
 * jf_band_fit_graph:
 * @band: a band whose network is no cascade
 *
 * Memory for the windows of all features, and what threads need.
 */
void
jf_band_fit_graph (JfBand *band)
{
  const JfNetwork *network = band->network;
  guint            i;

  jf_graph_init (&band->graph, network, band->width);
  if (network->noise_step)
    band->noise_bias = g_new (float, network->noise_step->conv.outputs);

  band->scratch_size = 0;
  band->looks_ahead  = FALSE;
  for (i = 0; i < band->graph.nodes->len; i++)
    if (jf_graph_get_node (&band->graph, i)->step)
      node_limit (jf_graph_get_node (&band->graph, i), band);
  band_allocate (band);
}

/**
 * jf_band_start_graph:
 * @band: a band that fits a graph and has a job
 *
 * Plans all that is to be done for the tile or its strip.
 */
void
jf_band_start_graph (JfBand *band)
{
  const JfNetwork *network = band->network;
  guint            i;

  if (network->strip > 0)
    band_start_strip (band);
  for (i = 0; i < band->graph.nodes->len; i++)
    node_start_tile (jf_graph_get_node (&band->graph, i), band);

  if (network->noise_step)
    jf_band_set_noise_bias (band, network->noise_step->bias, network->noise_step->conv.outputs);

  band_plan (band, band->job->tile.height);
}

/**
 * jf_band_work_graph:
 * @band:    a band that was started
 * @worker:  what to do
 * @scratch: the thread's own
 *
 * Makes some rows or panels of an input or a layer, or writes some of the output.
 *
 * Returns: FALSE if the work was stopped
 */
gboolean
jf_band_work_graph (JfBand   *band,
                    JfWorker *worker,
                    float    *scratch)
{
  JfNode *node = worker->stage->what;
  int     i;

  if (! node)
    return work_on_output (band, worker->stage->y);
  if (node->step)
    return work_on_layer (band, worker, node, scratch);

  for (i = 0; i < worker->n; i++)
    node_read_row (node, band, worker->stage->y + worker->first + i);
  if (band->job->continues)
    node_leave_edge (node, band, worker->stage->y + worker->first, worker->n);

  return TRUE;
}
