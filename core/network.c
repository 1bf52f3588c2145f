/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * network: a model, packed for one kind of picture
 *
 * The target and guidance stacks make features, the filter stack joins them (PAPER: CNN_T, CNN_G, CNN_F). Where the pictures go
 * straight into one stack of 3x3 kernels, a cascade makes all of it instead (cascade.h).
 *
 * A three-plane target under a one-plane model has three copies of T and F beside each other and G only once, as well as what
 * F's first layer makes of G's features.
 *
 * What the kind of picture makes constant is folded into the weights, exactly: a grey guidance is the same in
 * its three input planes, a grey target under a three-plane model likewise (and its outputs are averaged), and the
 * planes of the noise's level and excess are a bias. Where no ReLU lies between, so are layers in each other.
 */
#include "graph.h"
#include "network.h"
#include "network-private.h"
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
 * jf_network_get_space_to_depth:
 * @network: a network
 *
 * Returns: the side of a block, in pixels
 */
int
jf_network_get_space_to_depth (const JfNetwork *network)
{
  return network->space_to_depth;
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
