/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * network: the three sub-networks over one band of rows
 *
 * The target and guidance stacks make features, the filter stack joins them (PAPER: CNN_T, CNN_G, CNN_F). A band
 * runs all layers in step, a few rows at a time: a layer that is asked for rows first asks its sources for what
 * these need, so only a window of every feature exists at any time, whatever the height. The order of all this is laid down
 * before it begins (schedule.h), so that several threads can do it together.
 *
 * A tile that is wider than what the cache holds is made in strips from left to right. The strip of a layer lies as much to the
 * right of its readers' as these look around themselves: so it adds to what the strip before has made, of which the last columns
 * are kept ("edges"), and nothing is made twice. The first strip of a tile has no such columns and begins further left.
 *
 * Where the pictures go straight into one stack of 3x3 kernels, a cascade makes all of it instead (cascade.h).
 *
 * A three-plane target under a one-plane model has three copies of T and F beside each other and G only once, as well as what
 * F's first layer makes of G's features.
 *
 * What the kind of picture makes constant is folded into the weights, exactly: a grey guidance is the same in
 * its three input planes, a grey target under a three-plane model likewise (and its outputs are averaged), and the
 * planes of the noise's level and excess are a bias. Where no ReLU lies between, so are layers in each other.
 */
#include <string.h>

#include "cascade.h"
#include "chain.h"
#include "graph.h"
#include "network.h"
#include "network-private.h"
#include "pages.h"
#include "schedule.h"
#include "simd.h"

#define COLOURS 3

/* The lanes of a tile's widest layer, at most, and at least where features are many; and the floats that the features of a tile
 * may fill: 2.5 MiB for each thread of a third-level cache that threads and other programs share. Measured on Zen 4, two
 * threads and a network of 400 channels: 32 lanes (2.4 MiB) take 4 % less time than 48, 10 % less than 128. Four times as much is
 * no faster on a Xeon (Emerald Rapids), although its second-level cache is twice as large. Where features are so few that only
 * the lanes matter, 256 of them take 5 % less time than 128 there, as less of the halo is computed twice, and 512 no less.
 */
#define MAX_LANES     256
#define MIN_LANES     32
#define FEATURE_CACHE (640 << 10)

struct _JfBand
{
  const JfNetwork *network;             /* while it runs; later it may have been freed */
  guint            serial;              /* of the network that it is laid out for, 0 without one */
  int              width;
  JfGraph          graph;
  float           *noise_bias;
  float           *memory;              /* of all features and what threads need */
  gsize            capacity;            /* bytes */
  gsize            features_size;       /* floats at its start */
  float           *nothing;             /* zeros */
  gboolean         looks_ahead;         /* whether there is a layer that looks at the next panel of its source */
  int              vectors;             /* of the strip */
  int              start;               /* the column that the strip of the result starts with, in blocks */
  int              strip;               /* its number */
  float           *edges;               /* of all layers */
  gsize            edges_capacity;      /* floats */
  float           *scratch;             /* [JF_BAND_MAX_THREADS][scratch_size] */
  gsize            scratch_size;
  JfSchedule       schedule;
  const JfBandJob *job;                 /* from start to end */
  int              max_threads;
  JfCascadeTile    tile;                /* of a cascade */
};

/*  private functions  */

/* Replaces a layer's weights by a copy in which input i of the result is the sum of inputs i, i + @inputs, … of
 * the first @folds · @inputs; what follows them is dropped.
 */
static float *
layer_fold_inputs (JfLayer *layer,
                   int      inputs,
                   int      folds)
{
  int    area    = layer->kernel * layer->kernel;
  float *weights = g_new0 (float, (gsize) layer->outputs * inputs * area);
  int    o, f, t;

  for (o = 0; o < layer->outputs; o++)
    for (f = 0; f < folds; f++)
      for (t = 0; t < inputs * area; t++)
        weights[(gsize) o * inputs * area + t] +=
          layer->weight[((gsize) o * layer->inputs + f * inputs) * area + t];

  layer->inputs = inputs;
  layer->weight = weights;

  return weights;
}

/* Replaces a layer's weights and biases by the means over every @outputs-th output. */
static float *
layer_average_outputs (JfLayer  *layer,
                       int       outputs,
                       float   **biases)
{
  gsize  size    = (gsize) layer->inputs * layer->kernel * layer->kernel;
  float *weights = g_new0 (float, outputs * size);
  int    folds   = layer->outputs / outputs;
  gsize  t;
  int    o;

  *biases = g_new0 (float, outputs);
  for (o = 0; o < layer->outputs; o++)
    {
      (*biases)[o % outputs] += layer->bias[o] / (float) folds;
      for (t = 0; t < size; t++)
        weights[o % outputs * size + t] += layer->weight[o * size + t] / (float) folds;
    }

  layer->outputs = outputs;
  layer->weight  = weights;
  layer->bias    = *biases;

  return weights;
}

/* The sum of the weights that see a constant plane, by outputs. */
static float *
sum_weights (const JfLayer *layer,
             int            input)
{
  int    area = layer->kernel * layer->kernel;
  float *gain = g_new0 (float, layer->outputs);
  int    o, t;

  for (o = 0; o < layer->outputs; o++)
    {
      double sum = 0.0;

      for (t = 0; t < area; t++)
        sum += layer->weight[((gsize) o * layer->inputs + input) * area + t];
      gain[o] = (float) sum;
    }

  return gain;
}

/* Adds to @joined, from its input @first on, what a 1x1 layer @joint makes of the outputs of @layer, which are its inputs from
 * @first_feature on.
 */
static void
layer_join (const JfLayer *joint,
            int            first_feature,
            const JfLayer *layer,
            const JfLayer *joined,
            int            first,
            float         *weights,
            float         *biases)
{
  int area = layer->kernel * layer->kernel;
  int o, m, t;

  for (o = 0; o < joint->outputs; o++)
    for (m = 0; m < layer->outputs; m++)
      {
        float        share = joint->weight[o * joint->inputs + first_feature + m];
        const float *from  = layer->weight + (gsize) m * layer->inputs * area;
        float       *to    = weights + ((gsize) o * joined->inputs + first) * area;

        for (t = 0; t < layer->inputs * area; t++)
          to[t] += share * from[t];
        biases[o] += share * layer->bias[m];
      }
}

/* Whether guidance, target and what joins them are one convolution: one layer each, of one size, a 1x1 layer, and no ReLU. */
static gboolean
model_joins_at_once (const JfModel *model)
{
  const JfStack *stacks = model->stacks;

  return ! model->merge_relu && stacks[JF_STACK_FILTER].n_layers > 1 &&
         stacks[JF_STACK_GUIDANCE].n_layers == 1 && stacks[JF_STACK_TARGET].n_layers == 1 &&
         stacks[JF_STACK_GUIDANCE].layers[0].kernel == stacks[JF_STACK_TARGET].layers[0].kernel &&
         stacks[JF_STACK_FILTER].layers[0].kernel == 1;
}

/* A copy of a stack's layers, the first one folded to planes as the pictures to come have; free @folded, too. */
static JfLayer *
copy_layers (const JfNetwork  *network,
             const JfModel    *model,
             JfStackKind       kind,
             float           **folded)
{
  const JfStack *stack        = &model->stacks[kind];
  JfLayer       *layers       = g_memdup2 (stack->layers, stack->n_layers * sizeof (JfLayer));
  int            cells        = model->space_to_depth * model->space_to_depth;
  int            planes       = kind == JF_STACK_GUIDANCE ? network->guidance_planes : network->target_planes / network->copies;
  int            model_planes = kind == JF_STACK_GUIDANCE ? COLOURS : model->target_channels;

  *folded = layer_fold_inputs (&layers[0], planes * cells, model_planes / planes);

  return layers;
}

/* A stack that makes features. */
static void
init_features (JfNetwork       *network,
               const JfModel   *model,
               const JfGemm    *gemm,
               JfNetworkMethod  method,
               JfStackKind      kind)
{
  g_autofree float   *folded = NULL;
  g_autofree JfLayer *layers = copy_layers (network, model, kind, &folded);

  jf_chain_init (&network->chains[kind], gemm, method, layers, model->stacks[kind].n_layers,
              kind == JF_STACK_TARGET ? network->copies : 1, 0, model->merge_relu);
}

/* The filter stack; @first replaces its first layer, of whose inputs @shared come from the guidance. */
static void
init_filter (JfNetwork       *network,
             const JfModel   *model,
             const JfGemm    *gemm,
             JfNetworkMethod  method,
             const JfLayer   *first,
             int              shared)
{
  const JfStack      *stack    = &model->stacks[JF_STACK_FILTER];
  int                 planes   = network->target_planes / network->copies;
  int                 outputs  = planes * model->space_to_depth * model->space_to_depth;
  g_autofree float   *averaged = NULL;
  g_autofree float   *biases   = NULL;
  g_autofree JfLayer *layers   = g_memdup2 (stack->layers, stack->n_layers * sizeof (JfLayer));

  layers[0] = *first;
  averaged  = layer_average_outputs (&layers[stack->n_layers - 1], outputs, &biases);

  if (network->copies == 1 && network->chains[JF_STACK_TARGET].n_steps == 0 && jf_cascade_suits (layers, stack->n_layers))
    {
      network->cascade = jf_cascade_new (gemm, layers, stack->n_layers, model->space_to_depth);
      network->chains[JF_STACK_FILTER].halo = stack->n_layers;
      return;
    }

  jf_chain_init (&network->chains[JF_STACK_FILTER], gemm, method, layers, stack->n_layers, network->copies, shared, FALSE);
}

/* The filter stack from the pictures on; the other two are part of its first layer. */
static void
init_joined (JfNetwork       *network,
             const JfModel   *model,
             const JfGemm    *gemm,
             JfNetworkMethod  method)
{
  const JfLayer      *joint           = &model->stacks[JF_STACK_FILTER].layers[0];
  g_autofree float   *folded_guidance = NULL;
  g_autofree float   *folded_target   = NULL;
  g_autofree JfLayer *guidance        = copy_layers (network, model, JF_STACK_GUIDANCE, &folded_guidance);
  g_autofree JfLayer *target          = copy_layers (network, model, JF_STACK_TARGET, &folded_target);
  JfLayer             joined          = { guidance->inputs + target->inputs, joint->outputs, target->kernel, NULL, NULL };
  g_autofree float   *weights         = g_new0 (float, (gsize) joined.outputs * joined.inputs * joined.kernel * joined.kernel);
  g_autofree float   *biases          = g_memdup2 (joint->bias, joint->outputs * sizeof (float));

  joined.weight = weights;
  joined.bias   = biases;
  layer_join (joint, 0, guidance, &joined, 0, weights, biases);
  layer_join (joint, guidance->outputs, target, &joined, guidance->inputs, weights, biases);

  init_filter (network, model, gemm, method, &joined, guidance->inputs);
}

/* What is added to the outputs of the 1x1 layer that joins, by what is added to the target's features. */
static float *
join_gain (const JfModel *model,
           const float   *target_gain)
{
  const JfLayer *joint = &model->stacks[JF_STACK_FILTER].layers[0];
  int            first = model->stacks[JF_STACK_GUIDANCE].layers[0].outputs;
  float         *gain  = g_new0 (float, joint->outputs);
  int            o, m;

  for (o = 0; o < joint->outputs; o++)
    for (m = first; m < joint->inputs; m++)
      gain[o] += joint->weight[o * joint->inputs + m] * target_gain[m - first];

  return gain;
}

/* What a constant plane of 1 as an input of the target stack adds to the bias of the step that sees it. */
static float *
get_gain (const JfNetwork *network,
          const JfModel   *model,
          int              input)
{
  g_autofree float *target_gain = sum_weights (&model->stacks[JF_STACK_TARGET].layers[0], input);

  return network->chains[JF_STACK_TARGET].n_steps == 0 ? join_gain (model, target_gain) : g_steal_pointer (&target_gain);
}

static void
init_noise (JfNetwork     *network,
            const JfModel *model)
{
  gboolean joined = network->chains[JF_STACK_TARGET].n_steps == 0;
  int      planes = model->target_channels * model->space_to_depth * model->space_to_depth;

  network->noise_step = network->chains[joined ? JF_STACK_FILTER : JF_STACK_TARGET].steps;
  network->level_gain = get_gain (network, model, planes);
  if (model->noise_excess)
    network->excess_gain = get_gain (network, model, planes + 1);
}

/* Results of strips depend on rows that are left to the right. */
static gboolean
has_exact_rows (const JfNetwork *network)
{
  g_auto (JfGraph) graph = { 0 };

  if (jf_network_runs_in_strips (network))
    return FALSE;

  jf_graph_init (&graph, network, JF_TILE);

  return jf_graph_has_exact_rows (&graph);
}

/* Floats of all features of tiles of a width. */
static gsize
count_floats (const JfNetwork *network,
              int              width)
{
  g_auto (JfGraph) graph = { 0 };

  jf_graph_init (&graph, network, width);

  return jf_graph_count_floats (&graph);
}

/* Whether all layers can be made strip by strip: taps add to what lies left, and direct convolutions have no context. */
static gboolean
strips_suit (const JfNetwork *network)
{
  int c, i;

  if (MIN_LANES * JF_TILE <= 4 * jf_network_get_halo (network))
    return FALSE;

  for (c = 0; c < JF_N_STACKS; c++)
    for (i = 0; i < network->chains[c].n_steps; i++)
      {
        const JfConv *conv = &network->chains[c].steps[i].conv;

        if (conv->method != JF_CONV_WINOGRAD || conv->late > 0 || conv->kernel - 1 > JF_TILE)
          return FALSE;
      }

  return TRUE;
}

/* Strips or, where they do not suit, tiles of which the cache holds what flows. */
static void
choose_width (JfNetwork *network)
{
  int halo  = jf_network_get_halo (network);
  int lanes = MAX_LANES;

  if (network->cascade)
    {
      network->widest_tile = G_MAXINT;
      return;
    }

  while (lanes > MIN_LANES && count_floats (network, MAX (lanes * JF_TILE - 2 * halo, 1)) > FEATURE_CACHE)
    lanes -= 2 * JF_LANES;

  network->widest_tile = MAX (lanes * JF_TILE - 2 * halo, JF_TILE);
  if (strips_suit (network))
    {
      network->strip       = lanes * JF_TILE;
      network->widest_tile = G_MAXINT;
    }
}

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

/* In large pages, as the layers jump between many rows and channels (8 % of the time on Zen 3). */
static void
band_reserve (JfBand *band,
              gsize   bytes)
{
  if (bytes <= band->capacity)
    return;

  g_aligned_free (band->memory);
  band->capacity = (bytes + JF_LARGE_PAGE - 1) / JF_LARGE_PAGE * JF_LARGE_PAGE;
  band->memory   = g_aligned_alloc (1, band->capacity, JF_LARGE_PAGE);
  jf_pages_enlarge (band->memory, band->capacity);
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

  band_reserve (band, (size + nothing + JF_BAND_MAX_THREADS * band->scratch_size) * sizeof (float));
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

static void
band_fit_graph (JfBand *band)
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

/* Asks for a part of a row of a picture, which is too short for the processor to foresee. */
static void
prefetch_row (const float *from,
              int          n)
{
  int x;

  for (x = 0; x < n; x += JF_LINE_FLOATS)
    __builtin_prefetch (from + x, 0, 2);
}

/* One row of blocks of an input, rearranged: channel c, offset (dy, dx) becomes channel c·r² + dy·r + dx. */
static void
node_read_row (const JfNode    *node,
               const JfBand    *band,
               const JfBandJob *job,
               int              row)
{
  const JfPlanes *planes = node->planes;
  int             r      = band->network->space_to_depth;
  int             lanes  = node->feature.vectors * JF_LANES;
  float          *to     = jf_feature_new_row (&node->feature, row);
  int             plane, dy, i, lane;

  for (plane = 0; plane < node->n_planes; plane++)
    for (dy = 0; dy < r; dy++)
      {
        int          y       = CLAMP (r * (job->tile.y - node->margin + row) + dy, 0, planes->height - 1);
        const float *from    = planes->data +
                               ((gsize) plane * planes->height + y) * planes->width;
        const int   *columns = node->columns;
        int          below   = MIN (r * JF_TILE, planes->height - 1 - y);

        prefetch_row (from + (gsize) below * planes->width + columns[0], node->columns[r * JF_TILE * lanes - 1] - columns[0]);
        for (i = 0; i < r * JF_TILE; i++)
          {
            for (lane = 0; lane < lanes; lane++)
              to[lane] = from[columns[lane]];
            columns += lanes;
            to      += node->feature.phase_stride;
          }
      }
}

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

/* Writes the values of one channel, of which @left come before those of the @width blocks from @column on. */
static void
write_channel (const JfBandJob *job,
               const float     *values,
               gsize            phase_stride,
               int              left,
               int              column,
               int              width,
               int              r,
               int              dx,
               const float     *target,
               float           *output)
{
  int x;

  for (x = left; x < left + MIN (JF_TILE, width); x++)
    write_phase (job, values + x % JF_TILE * phase_stride + x / JF_TILE, (left + width - 1 - x) / JF_TILE + 1,
                 target, (column + x - left) * r + dx, r * JF_TILE, output);
}

/* Asks for the part of a row that will be written in the next block of rows. */
static void
prefetch_output (const JfBandJob *job,
                 float           *output,
                 int              row,
                 int              r)
{
  int below = MIN (r * JF_TILE, job->region.y + job->region.height - 1 - row);
  int first = MAX (job->tile.x * r - job->region.x, 0);
  int last  = MIN ((job->tile.x + job->tile.width) * r - job->region.x, job->region.width);
  int x;

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
      int          plane  = channel / (r * r);
      int          row    = (job->tile.y + y) * r + channel / r % r;
      const float *target = job->target->data +
                            ((gsize) plane * job->target->height + row) * job->target->width;
      float       *output = job->output->data +
                            ((gsize) plane * job->region.height + row - job->region.y) * job->region.width;

      if (row < job->region.y || row >= job->region.y + job->region.height)
        continue;

      if (channel % r == 0)
        prefetch_output (job, output, row, r);
      write_channel (job, from + channel * jf_feature_channel_stride (&node->feature), node->feature.phase_stride, left,
                     job->tile.x, job->tile.width, r, channel % r, band->network->residual ? target : NULL, output);
    }
}

/*  strips  */

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
  jf_conv_run (conv, sources, node->n_sources, node->step == band->network->noise_step ? band->noise_bias : node->step->bias,
               y, worker->first, worker->n, &node->feature, scratch);
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

/*  cascades  */

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
    prefetch_row (jf_planes_get_row (planes, plane, columns[0], part_find_row (part, band, planes, row, dy)),
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

/* Both pictures, as in node_read_row(). */
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
  int              plane  = channel / (r * r);
  gsize            stride = part->phase_stride;
  int              i;

  for (i = 0; i < n_rows; i++, from += JF_TILE * stride)
    {
      int          row    = (job->tile.y + part->top + i) * r + channel / r % r;
      const float *target = band->network->residual ? jf_planes_get_row (job->target, plane, 0, row) : NULL;

      if (row >= job->region.y && row < job->region.y + job->region.height)
        write_channel (job, from + JF_CASCADE_LEAD, stride, part->left - part->column, job->tile.x + part->left,
                       part->right - part->left, r, channel % r, target,
                       jf_planes_get_row (job->output, plane, 0, row - job->region.y));
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

/* Of one part all layers, each of them after the part before has passed it on. */
static gboolean
work_on_part (JfBand *band,
              int     number,
              float  *scratch)
{
  const JfCascade *cascade = band->network->cascade;
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

/* What parts hand on, and what threads need. Only the passing on of a layer has to wait for the part before, a third of the time
 * of a part: by count sixteen threads are 13 times as fast as one where 512x512 pixels go through 10 layers.
 */
static void
band_fit_cascade (JfBand *band)
{
  const JfCascade *cascade = band->network->cascade;
  gsize            carry   = jf_cascade_get_carry_size (cascade);
  gsize            columns = band->network->space_to_depth * JF_TILE * jf_cascade_get_max_phase_stride (cascade);

  band->noise_bias   = g_new (float, jf_cascade_get_outputs (cascade, 0));
  band->scratch_size = jf_cascade_get_part_size (cascade) + columns + JF_LINE_FLOATS;

  band_reserve (band, (carry + JF_BAND_MAX_THREADS * band->scratch_size) * sizeof (float));
  band->tile.carry = band->memory;
  band->scratch    = band->memory + carry;
}

/* Of the layer that sees the noise: its own, and what the noise adds. */
static void
band_set_noise_bias (JfBand      *band,
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

static void
band_start_cascade (JfBand *band)
{
  const JfCascade *cascade = band->network->cascade;
  int              number;

  band_set_noise_bias (band, jf_cascade_get_bias (cascade, 0), jf_cascade_get_outputs (cascade, 0));
  jf_cascade_start_tile (cascade, &band->tile, band->job->tile.width, band->job->tile.height);
  jf_schedule_restart (&band->schedule);
  for (number = 0; number < band->tile.n_strips * band->tile.n_blocks; number++)
    jf_schedule_add (&band->schedule, &(JfStage) { .y = number, .n_parts = jf_cascade_get_n_layers (cascade),
                                                   .in_order = TRUE });
  jf_schedule_begin (&band->schedule);
}

/* Does what was claimed; FALSE if the work was stopped. */
static gboolean
work (JfBand   *band,
      JfWorker *worker,
      float    *scratch)
{
  JfNode *node = worker->stage->what;
  int     i;

  if (band->network->cascade)
    return work_on_part (band, worker->stage->y, scratch);
  if (! node)
    return work_on_output (band, worker->stage->y);
  if (node->step)
    return work_on_layer (band, worker, node, scratch);

  for (i = 0; i < worker->n; i++)
    node_read_row (node, band, band->job, worker->stage->y + worker->first + i);
  if (band->job->continues)
    node_leave_edge (node, band, worker->stage->y + worker->first, worker->n);

  return TRUE;
}

/*  public functions  */

/**
 * jf_network_new:
 * @model:           the model
 * @path:            what to multiply with
 * @method:          how to choose the methods of convolution
 * @target_planes:   1 or 3, or 2 if the model takes planes one by one: planes of the targets to come
 * @guidance_planes: 1 or 3: planes of the guidances to come
 *
 * Folds and packs a model's weights. The model is not needed any more afterwards.
 *
 * Returns: (transfer full): free with jf_network_free()
 */
JfNetwork *
jf_network_new (const JfModel   *model,
                JfGemmPath       path,
                JfNetworkMethod  method,
                int              target_planes,
                int              guidance_planes)
{
  static gint   last_serial;

  JfNetwork     *network  = g_new0 (JfNetwork, 1);
  const JfGemm  *gemm     = jf_gemm_get (path);
  const JfStack *guidance = &model->stacks[JF_STACK_GUIDANCE];

  network->serial          = (guint) g_atomic_int_add (&last_serial, 1) + 1;
  network->space_to_depth  = model->space_to_depth;
  network->residual        = model->residual;
  network->target_planes   = target_planes;
  network->guidance_planes = guidance_planes;
  network->copies          = target_planes / MIN (target_planes, model->target_channels);

  if (method == JF_NETWORK_FASTEST && model_joins_at_once (model))
    {
      init_joined (network, model, gemm, method);
    }
  else
    {
      init_features (network, model, gemm, method, JF_STACK_TARGET);
      init_features (network, model, gemm, method, JF_STACK_GUIDANCE);
      init_filter (network, model, gemm, method, &model->stacks[JF_STACK_FILTER].layers[0],
                   guidance->layers[guidance->n_layers - 1].outputs);
    }
  if (model->noise_level)
    init_noise (network, model);
  choose_width (network);
  network->exact_rows = has_exact_rows (network);

  return network;
}

/**
 * jf_network_free:
 * @network: (nullable): a network
 */
void
jf_network_free (JfNetwork *network)
{
  int i;

  if (! network)
    return;

  for (i = 0; i < JF_N_STACKS; i++)
    jf_chain_clear (&network->chains[i]);
  jf_cascade_free (network->cascade);
  g_free (network->level_gain);
  g_free (network->excess_gain);
  g_free (network);
}

/**
 * jf_network_get_halo:
 * @network: a network
 *
 * Returns: how many blocks around a block its result depends on
 */
int
jf_network_get_halo (const JfNetwork *network)
{
  return network->chains[JF_STACK_FILTER].halo +
         MAX (network->chains[JF_STACK_TARGET].halo, network->chains[JF_STACK_GUIDANCE].halo);
}

/**
 * jf_network_get_widest_tile:
 * @network: a network
 *
 * Returns: the width in blocks of the widest tiles that are worth while: their features still fit into the cache
 */
int
jf_network_get_widest_tile (const JfNetwork *network)
{
  return network->widest_tile;
}

/**
 * jf_network_runs_in_strips:
 * @network: a network
 *
 * Returns: whether wide tiles are made in strips: see jf_band_get_strip(), or those of a cascade
 */
gboolean
jf_network_runs_in_strips (const JfNetwork *network)
{
  return network->strip > 0 || network->cascade;
}

/**
 * jf_network_has_exact_rows:
 * @network: a network
 *
 * Returns: whether results are the same, to the last bit, wherever one tile follows below another one whose height is a multiple
 *   of JF_TILE
 */
gboolean
jf_network_has_exact_rows (const JfNetwork *network)
{
  return network->exact_rows;
}

/**
 * jf_network_is_cascade:
 * @network: a network
 *
 * Returns: whether tiles are made by a cascade (cascade.h), which all threads of a band can share at no cost
 */
gboolean
jf_network_is_cascade (const JfNetwork *network)
{
  return network->cascade != NULL;
}

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
    band_fit_cascade (band);
  else
    band_fit_graph (band);
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
  const JfNetwork *network = band->network;
  guint            i;

  band->job = job;
  if (network->cascade)
    {
      band_start_cascade (band);
      return;
    }

  if (network->strip > 0)
    band_start_strip (band);
  for (i = 0; i < band->graph.nodes->len; i++)
    node_start_tile (jf_graph_get_node (&band->graph, i), band);

  if (network->noise_step)
    band_set_noise_bias (band, network->noise_step->bias, network->noise_step->conv.outputs);

  band_plan (band, job->tile.height);
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
