/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-onednn: our networks as oneDNN convolutions, each in the memory format oneDNN likes best
 *
 * Each layer takes the fastest of all implementations oneDNN has for it, Winograd (which not every processor gets) included.
 * A plan is a list of steps. Layers read from one of two arenas and write to the other, as their formats are reordered
 * only where two neighbours differ. With taps, a last k x k layer with one output, which oneDNN would pad to a vector of
 * outputs, is a 1x1 layer to its k² taps followed by shifting and adding them.
 */
#include <string.h>

#include <dnnl.h>
#include <omp.h>

#include "bench-peer.h"

#define N_DIMENSIONS 4
#define N_ARENAS     2

typedef struct
{
  dnnl_primitive_t  primitive;      /* NULL: shift and add the taps */
  dnnl_exec_arg_t   arguments[4];
  int               n_arguments;
  const JfLayer    *layer;          /* of the taps */
  dnnl_memory_t     taps;
  dnnl_memory_t     sum;
} Step;

struct _BenchPeer
{
  BenchShape      shape;
  dnnl_engine_t   engine;
  dnnl_stream_t   stream;
  GArray         *guide;                  /* steps from the guidance to its features          */
  GArray         *filter;                 /* steps from the target and them to the output     */
  GArray         *steps;                  /* whichever is being planned                       */
  dnnl_memory_t   guidance;
  dnnl_memory_t   target;
  dnnl_memory_t   output;
  float          *arenas[N_ARENAS];
  gsize           arena_sizes[N_ARENAS];
  GPtrArray      *tenants[N_ARENAS];      /* memory to be placed in an arena                  */
  int             arena;                  /* the one to write to next                         */
  GString        *implementations;
};

/*  local function prototypes  */

static void                        check             (dnnl_status_t               status,
                                                      const char                 *what);
static void                        steps_run         (BenchPeer                  *peer,
                                                      GArray                     *steps);
static void                        plan              (BenchPeer                  *peer);
static dnnl_memory_t               plan_stack        (BenchPeer                  *peer,
                                                      JfStackKind                 kind,
                                                      dnnl_memory_t               memory);
static dnnl_memory_t               plan_layer        (BenchPeer                  *peer,
                                                      const JfLayer              *layer,
                                                      gboolean                    relu,
                                                      dnnl_memory_t               source);
static dnnl_memory_t               plan_taps         (BenchPeer                  *peer,
                                                      const JfLayer              *layer,
                                                      dnnl_memory_t               source);
static void                        plan_reorder      (BenchPeer                  *peer,
                                                      dnnl_memory_t               from,
                                                      dnnl_memory_t               to);
static dnnl_memory_t               features_new      (BenchPeer                  *peer);
static dnnl_memory_t               features_part     (BenchPeer                  *peer,
                                                      dnnl_memory_t               features,
                                                      int                         plane,
                                                      int                         n_planes);
static dnnl_primitive_desc_t       convolution_new   (BenchPeer                  *peer,
                                                      const JfLayer              *layer,
                                                      gboolean                    relu,
                                                      const dnnl_dim_t           *source);
static dnnl_primitive_desc_t       convolution_try   (BenchPeer                  *peer,
                                                      dnnl_alg_kind_t             algorithm,
                                                      int                         n,
                                                      const JfLayer              *layer,
                                                      gboolean                    relu,
                                                      const dnnl_dim_t           *source);
static gint64                      convolution_time  (BenchPeer                  *peer,
                                                      dnnl_primitive_desc_t       desc,
                                                      gint64                      limit);
static const char                * implementation_name (dnnl_primitive_desc_t     desc);
static dnnl_memory_t               weights_new       (BenchPeer                  *peer,
                                                      const JfLayer              *layer,
                                                      const_dnnl_memory_desc_t    wanted);
static dnnl_memory_t               bias_new          (BenchPeer                  *peer,
                                                      const JfLayer              *layer);
static dnnl_memory_t               memory_new        (BenchPeer                  *peer,
                                                      dnnl_dim_t                  images,
                                                      dnnl_dim_t                  planes,
                                                      dnnl_dim_t                  width,
                                                      dnnl_dim_t                  height,
                                                      void                       *data);
static dnnl_memory_t               arena_memory_new  (BenchPeer                  *peer,
                                                      const_dnnl_memory_desc_t    desc);
static void                        arenas_fill       (BenchPeer                  *peer);
static const dnnl_dim_t          * memory_dimensions (dnnl_memory_t               memory);
static const_dnnl_memory_desc_t    memory_desc       (dnnl_memory_t               memory);
static dnnl_memory_desc_t          desc_new          (dnnl_dim_t                  images,
                                                      dnnl_dim_t                  planes,
                                                      dnnl_dim_t                  width,
                                                      dnnl_dim_t                  height,
                                                      dnnl_format_tag_t           tag);
static void                        taps_add          (const Step                 *step);
static float                     * memory_data       (dnnl_memory_t               memory);


/*  public functions  */

BenchPeer *
bench_peer_new (const BenchShape *shape)
{
  BenchPeer *peer = g_new0 (BenchPeer, 1);

  peer->shape           = *shape;
  peer->guide           = g_array_new (FALSE, TRUE, sizeof (Step));
  peer->filter          = g_array_new (FALSE, TRUE, sizeof (Step));
  peer->implementations = g_string_new (NULL);
  for (int i = 0; i < N_ARENAS; i++)
    peer->tenants[i] = g_ptr_array_new ();

  omp_set_num_threads (shape->n_threads);
  /* with its cache on, dnnl_primitive_desc_next_impl () returns the same implementation for ever once it has run */
  check (dnnl_set_primitive_cache_capacity (0), "cache");
  check (dnnl_engine_create (&peer->engine, dnnl_cpu, 0), "engine");
  check (dnnl_stream_create (&peer->stream, peer->engine, dnnl_stream_default_flags), "stream");

  plan (peer);
  arenas_fill (peer);

  return peer;
}

char *
bench_peer_describe (BenchPeer *peer)
{
  const dnnl_version_t *version = dnnl_version ();

  return g_strdup_printf ("library=oneDNN-%d.%d.%d layers=%s", version->major, version->minor, version->patch,
                          peer->implementations->str);
}

void
bench_peer_guide (BenchPeer *peer,
                  float     *guidance)
{
  check (dnnl_memory_set_data_handle (peer->guidance, guidance), "guidance");
  steps_run (peer, peer->guide);
}

void
bench_peer_filter (BenchPeer *peer,
                   float     *target,
                   float     *output)
{
  check (dnnl_memory_set_data_handle (peer->target, target), "target");
  check (dnnl_memory_set_data_handle (peer->output, output), "output");
  steps_run (peer, peer->filter);
}


/*  private functions  */

static void
check (dnnl_status_t  status,
       const char    *what)
{
  if (status != dnnl_success)
    bench_fail ("oneDNN: %s: status %d", what, status);
}

static void
steps_run (BenchPeer *peer,
           GArray    *steps)
{
  for (guint i = 0; i < steps->len; i++)
    {
      const Step *step = &g_array_index (steps, Step, i);

      if (step->primitive)
        check (dnnl_primitive_execute (step->primitive, peer->stream, step->n_arguments, step->arguments), "run");
      else
        taps_add (step);
    }

  check (dnnl_stream_wait (peer->stream), "wait");
}

static void
plan (BenchPeer *peer)
{
  const BenchShape *shape         = &peer->shape;
  const int         guide_planes  = bench_stack_outputs (&shape->model->stacks[JF_STACK_GUIDANCE]);
  const int         target_planes = bench_stack_outputs (&shape->model->stacks[JF_STACK_TARGET]);
  dnnl_memory_t     features      = features_new (peer);
  dnnl_memory_t     memory;

  peer->guidance = memory_new (peer, 1, shape->guidance_planes, shape->width + 2 * shape->guidance_border,
                               shape->height + 2 * shape->guidance_border, DNNL_MEMORY_NONE);
  peer->target   = memory_new (peer, 1, shape->target_planes, shape->width + 2 * shape->target_border,
                               shape->height + 2 * shape->target_border, DNNL_MEMORY_NONE);
  peer->output   = memory_new (peer, 1, shape->output_planes, shape->width, shape->height, DNNL_MEMORY_NONE);

  peer->steps = peer->guide;
  memory = plan_stack (peer, JF_STACK_GUIDANCE, peer->guidance);
  plan_reorder (peer, memory, features_part (peer, features, 0, guide_planes));

  peer->steps = peer->filter;
  memory = plan_stack (peer, JF_STACK_TARGET, peer->target);
  plan_reorder (peer, memory, features_part (peer, features, guide_planes, target_planes));
  memory = plan_stack (peer, JF_STACK_FILTER, features);
  plan_reorder (peer, memory, peer->output);
}

static dnnl_memory_t
plan_stack (BenchPeer     *peer,
            JfStackKind    kind,
            dnnl_memory_t  memory)
{
  const JfStack *stack = &peer->shape.model->stacks[kind];

  for (int i = 0; i < stack->n_layers; i++)
    {
      const JfLayer  *layer = &stack->layers[i];
      const gboolean  relu  = bench_layer_has_relu (peer->shape.model, kind, i);

      if (peer->shape.taps && layer->outputs == 1 && layer->kernel > 1 && ! relu)
        memory = plan_taps (peer, layer, memory);
      else
        memory = plan_layer (peer, layer, relu, memory);
    }

  return memory;
}

static dnnl_memory_t
plan_layer (BenchPeer     *peer,
            const JfLayer *layer,
            gboolean       relu,
            dnnl_memory_t  source)
{
  dnnl_primitive_desc_t     desc   = convolution_new (peer, layer, relu, memory_dimensions (source));
  const_dnnl_memory_desc_t  wanted = dnnl_primitive_desc_query_md (desc, dnnl_query_src_md, 0);
  Step                      step   = { .n_arguments = 4 };
  dnnl_memory_t             result;

  g_string_append_printf (peer->implementations, "%s%s", peer->implementations->len > 0 ? "," : "",
                          implementation_name (desc));

  if (! dnnl_memory_desc_equal (memory_desc (source), wanted))
    {
      dnnl_memory_t reordered = arena_memory_new (peer, wanted);

      plan_reorder (peer, source, reordered);
      source = reordered;
    }

  result = arena_memory_new (peer, dnnl_primitive_desc_query_md (desc, dnnl_query_dst_md, 0));

  step.arguments[0] = (dnnl_exec_arg_t) { DNNL_ARG_SRC, source };
  step.arguments[1] = (dnnl_exec_arg_t) { DNNL_ARG_WEIGHTS,
    weights_new (peer, layer, dnnl_primitive_desc_query_md (desc, dnnl_query_weights_md, 0)) };
  step.arguments[2] = (dnnl_exec_arg_t) { DNNL_ARG_BIAS, bias_new (peer, layer) };
  step.arguments[3] = (dnnl_exec_arg_t) { DNNL_ARG_DST, result };
  check (dnnl_primitive_create (&step.primitive, desc), "convolution");
  check (dnnl_primitive_desc_destroy (desc), "convolution");
  g_array_append_val (peer->steps, step);

  return result;
}

/* Tap t of the layer is output t of a 1x1 layer. */
static dnnl_memory_t
plan_taps (BenchPeer     *peer,
           const JfLayer *layer,
           dnnl_memory_t  source)
{
  const dnnl_dim_t *size     = memory_dimensions (source);
  const int         n_taps   = layer->kernel * layer->kernel;
  float            *weight   = g_new (float, n_taps * layer->inputs);
  const JfLayer     pointwise = { layer->inputs, n_taps, 1, weight, g_new0 (float, n_taps) };
  Step              step     = { .layer = layer };
  dnnl_memory_desc_t desc    = desc_new (size[0], 1, size[3] - layer->kernel + 1, size[2] - layer->kernel + 1,
                                         dnnl_nchw);

  for (int tap = 0; tap < n_taps; tap++)
    for (int input = 0; input < layer->inputs; input++)
      weight[tap * layer->inputs + input] = layer->weight[input * n_taps + tap];

  step.taps = plan_layer (peer, &pointwise, FALSE, source);
  step.sum  = arena_memory_new (peer, desc);
  g_array_append_val (peer->steps, step);

  check (dnnl_memory_desc_destroy (desc), "taps");
  g_free (weight);
  g_free ((float *) pointwise.bias);

  return step.sum;
}

static void
plan_reorder (BenchPeer     *peer,
              dnnl_memory_t  from,
              dnnl_memory_t  to)
{
  Step                  step = { .n_arguments = 2 };
  dnnl_primitive_desc_t desc;

  check (dnnl_reorder_primitive_desc_create (&desc, memory_desc (from), peer->engine, memory_desc (to), peer->engine,
                                             NULL), "reorder");
  check (dnnl_primitive_create (&step.primitive, desc), "reorder");
  check (dnnl_primitive_desc_destroy (desc), "reorder");

  step.arguments[0] = (dnnl_exec_arg_t) { DNNL_ARG_FROM, from };
  step.arguments[1] = (dnnl_exec_arg_t) { DNNL_ARG_TO, to };
  g_array_append_val (peer->steps, step);
}

/* In the format the filter stack's first layer likes best, if the guidance's and the target's parts are whole blocks of it. */
static dnnl_memory_t
features_new (BenchPeer *peer)
{
  const BenchShape      *shape  = &peer->shape;
  const JfStack         *filter = &shape->model->stacks[JF_STACK_FILTER];
  const int              planes = filter->layers[0].inputs;
  const int              part   = bench_stack_outputs (&shape->model->stacks[JF_STACK_GUIDANCE]);
  const dnnl_dims_t      size = { 1, planes, shape->height + 2 * filter->halo, shape->width + 2 * filter->halo };
  const dnnl_dims_t      zero = { 0, part, 0, 0 };
  const dnnl_dims_t      rest = { size[0], planes - part, size[2], size[3] };
  dnnl_primitive_desc_t  desc   = convolution_new (peer, &filter->layers[0], TRUE, size);
  dnnl_memory_desc_t     test   = NULL;
  dnnl_memory_t          memory = NULL;

  if (dnnl_memory_desc_create_submemory (&test, dnnl_primitive_desc_query_md (desc, dnnl_query_src_md, 0),
                                         rest, zero) != dnnl_success)
    return memory_new (peer, size[0], size[1], size[3], size[2], DNNL_MEMORY_ALLOCATE);

  check (dnnl_memory_create (&memory, dnnl_primitive_desc_query_md (desc, dnnl_query_src_md, 0), peer->engine,
                             DNNL_MEMORY_ALLOCATE), "features");

  return memory;
}

static dnnl_memory_t
features_part (BenchPeer     *peer,
               dnnl_memory_t  features,
               int            plane,
               int            n_planes)
{
  const dnnl_dim_t   *size   = memory_dimensions (features);
  const dnnl_dims_t   part = { 1, n_planes, size[2], size[3] };
  const dnnl_dims_t   from = { 0, plane, 0, 0 };
  dnnl_memory_desc_t  desc;
  dnnl_memory_t       memory;

  check (dnnl_memory_desc_create_submemory (&desc, memory_desc (features), part, from), "features");
  check (dnnl_memory_create (&memory, desc, peer->engine, memory_data (features)), "features");
  check (dnnl_memory_desc_destroy (desc), "features");

  return memory;
}

/* The fastest of oneDNN's implementations; its own first choice is not always that. source: the input's dimensions */
static dnnl_primitive_desc_t
convolution_new (BenchPeer        *peer,
                 const JfLayer    *layer,
                 gboolean          relu,
                 const dnnl_dim_t *source)
{
  const dnnl_alg_kind_t  algorithms[] = { dnnl_convolution_winograd, dnnl_convolution_direct };
  dnnl_primitive_desc_t  best         = NULL;
  gint64                 best_time    = G_MAXINT64;

  for (guint i = 0; i < G_N_ELEMENTS (algorithms); i++)
    {
      dnnl_primitive_desc_t desc;

      for (int n = 0; (desc = convolution_try (peer, algorithms[i], n, layer, relu, source)); n++)
        {
          const gint64 duration = convolution_time (peer, desc, best_time);

          if (duration < best_time)
            {
              best_time = duration;
              dnnl_primitive_desc_destroy (best);
              best = desc;
            }
          else
            {
              dnnl_primitive_desc_destroy (desc);
            }
        }
    }

  if (! best)
    bench_fail ("oneDNN: no convolution for a %dx%d layer", layer->kernel, layer->kernel);

  return best;
}

/* Implementation n of an algorithm, or NULL after the last. im2col, which costs memory, and plain loops come after all
 * others and are left out.
 */
static dnnl_primitive_desc_t
convolution_try (BenchPeer        *peer,
                 dnnl_alg_kind_t   algorithm,
                 int               n,
                 const JfLayer    *layer,
                 gboolean          relu,
                 const dnnl_dim_t *source)
{
  const int              k         = layer->kernel;
  const dnnl_dims_t      strides = { 1, 1 };
  const dnnl_dims_t      zero    = { 0, 0 };
  const dnnl_dims_t      outputs = { layer->outputs };
  dnnl_primitive_desc_t  desc      = NULL;
  dnnl_post_ops_t        post      = NULL;
  dnnl_primitive_attr_t  attribute = NULL;
  dnnl_memory_desc_t     from      = desc_new (source[0], source[1], source[3], source[2], dnnl_format_tag_any);
  dnnl_memory_desc_t     to        = desc_new (source[0], layer->outputs, source[3] - k + 1, source[2] - k + 1,
                                               dnnl_format_tag_any);
  dnnl_memory_desc_t     weights   = desc_new (layer->outputs, layer->inputs, k, k, dnnl_format_tag_any);
  dnnl_memory_desc_t     bias      = NULL;

  check (dnnl_memory_desc_create_with_tag (&bias, 1, outputs, dnnl_f32, dnnl_x), "bias");
  check (dnnl_post_ops_create (&post), "ReLU");
  if (relu)
    check (dnnl_post_ops_append_eltwise (post, dnnl_eltwise_relu, 0.0f, 0.0f), "ReLU");
  check (dnnl_primitive_attr_create (&attribute), "ReLU");
  check (dnnl_primitive_attr_set_post_ops (attribute, post), "ReLU");

  if (dnnl_convolution_forward_primitive_desc_create (&desc, peer->engine, dnnl_forward_inference, algorithm, from,
                                                      weights, bias, to, strides, zero, zero, zero,
                                                      attribute) != dnnl_success)
    desc = NULL;

  for (int i = 0; desc && i < n; i++)
    if (dnnl_primitive_desc_next_impl (desc) != dnnl_success)
      g_clear_pointer (&desc, dnnl_primitive_desc_destroy);
  if (desc && (strstr (implementation_name (desc), "gemm") || g_str_has_prefix (implementation_name (desc), "ref")))
    g_clear_pointer (&desc, dnnl_primitive_desc_destroy);

  dnnl_memory_desc_destroy (from);
  dnnl_memory_desc_destroy (to);
  dnnl_memory_desc_destroy (weights);
  dnnl_memory_desc_destroy (bias);
  dnnl_post_ops_destroy (post);
  dnnl_primitive_attr_destroy (attribute);

  return desc;
}

static const char *
implementation_name (dnnl_primitive_desc_t desc)
{
  const char *name = NULL;

  check (dnnl_primitive_desc_query (desc, dnnl_query_impl_info_str, 0, &name), "implementation");

  return name;
}

/* In microseconds, the best of two, or the first where @limit is out of reach. */
static gint64
convolution_time (BenchPeer             *peer,
                  dnnl_primitive_desc_t  desc,
                  gint64                 limit)
{
  const struct { dnnl_query_t query; int argument; } roles[] =
    {
      { dnnl_query_src_md,     DNNL_ARG_SRC },
      { dnnl_query_weights_md, DNNL_ARG_WEIGHTS },
      { dnnl_query_dst_md,     DNNL_ARG_DST }
    };
  dnnl_exec_arg_t   arguments[G_N_ELEMENTS (roles) + 1];    /* and the bias */
  dnnl_primitive_t  primitive = NULL;
  gint64            best      = G_MAXINT64;

  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    {
      arguments[i].arg = roles[i].argument;
      check (dnnl_memory_create (&arguments[i].memory, dnnl_primitive_desc_query_md (desc, roles[i].query, 0),
                                 peer->engine, DNNL_MEMORY_ALLOCATE), "trial");
    }
  arguments[G_N_ELEMENTS (roles)].arg = DNNL_ARG_BIAS;
  check (dnnl_memory_create (&arguments[G_N_ELEMENTS (roles)].memory, dnnl_primitive_desc_query_md (desc, dnnl_query_weights_md, 1), peer->engine,
                             DNNL_MEMORY_ALLOCATE), "trial");
  check (dnnl_primitive_create (&primitive, desc), "trial");

  for (int i = 0; i < 2 && best / 3 * 2 < limit; i++)
    {
      const gint64 start = g_get_monotonic_time ();

      check (dnnl_primitive_execute (primitive, peer->stream, G_N_ELEMENTS (arguments), arguments), "trial");
      check (dnnl_stream_wait (peer->stream), "trial");
      best = MIN (best, g_get_monotonic_time () - start);
    }

  dnnl_primitive_destroy (primitive);
  for (guint i = 0; i < G_N_ELEMENTS (arguments); i++)
    dnnl_memory_destroy (arguments[i].memory);

  return best;
}

static dnnl_memory_t
weights_new (BenchPeer                *peer,
             const JfLayer            *layer,
             const_dnnl_memory_desc_t  wanted)
{
  dnnl_memory_t          plain  = memory_new (peer, layer->outputs, layer->inputs, layer->kernel, layer->kernel,
                                              (float *) layer->weight);
  dnnl_memory_t          packed = NULL;
  dnnl_primitive_desc_t  desc;
  dnnl_primitive_t       reorder;

  check (dnnl_memory_create (&packed, wanted, peer->engine, DNNL_MEMORY_ALLOCATE), "weights");
  check (dnnl_reorder_primitive_desc_create (&desc, memory_desc (plain), peer->engine, wanted, peer->engine, NULL),
         "weights");
  check (dnnl_primitive_create (&reorder, desc), "weights");
  check (dnnl_primitive_execute (reorder, peer->stream, 2,
                                 (dnnl_exec_arg_t[]) { { DNNL_ARG_FROM, plain }, { DNNL_ARG_TO, packed } }),
         "weights");
  check (dnnl_stream_wait (peer->stream), "weights");

  dnnl_primitive_destroy (reorder);
  dnnl_primitive_desc_destroy (desc);
  dnnl_memory_destroy (plain);

  return packed;
}

static dnnl_memory_t
bias_new (BenchPeer     *peer,
          const JfLayer *layer)
{
  const dnnl_dims_t   outputs = { layer->outputs };
  dnnl_memory_desc_t  desc;
  dnnl_memory_t       memory;

  check (dnnl_memory_desc_create_with_tag (&desc, 1, outputs, dnnl_f32, dnnl_x), "bias");
  check (dnnl_memory_create (&memory, desc, peer->engine, DNNL_MEMORY_ALLOCATE), "bias");
  check (dnnl_memory_desc_destroy (desc), "bias");
  for (int i = 0; i < layer->outputs; i++)
    memory_data (memory)[i] = layer->bias[i];

  return memory;
}

static dnnl_memory_t
memory_new (BenchPeer  *peer,
            dnnl_dim_t  images,
            dnnl_dim_t  planes,
            dnnl_dim_t  width,
            dnnl_dim_t  height,
            void       *data)
{
  dnnl_memory_desc_t desc   = desc_new (images, planes, width, height, dnnl_nchw);
  dnnl_memory_t      memory = NULL;

  check (dnnl_memory_create (&memory, desc, peer->engine, data), "memory");
  check (dnnl_memory_desc_destroy (desc), "memory");

  return memory;
}

/* Has no data until arenas_fill (). */
static dnnl_memory_t
arena_memory_new (BenchPeer                *peer,
                  const_dnnl_memory_desc_t  desc)
{
  dnnl_memory_t memory = NULL;

  check (dnnl_memory_create (&memory, desc, peer->engine, DNNL_MEMORY_NONE), "memory");
  g_ptr_array_add (peer->tenants[peer->arena], memory);
  peer->arena_sizes[peer->arena] = MAX (peer->arena_sizes[peer->arena], dnnl_memory_desc_get_size (desc));
  peer->arena = (peer->arena + 1) % N_ARENAS;

  return memory;
}

static void
arenas_fill (BenchPeer *peer)
{
  for (int i = 0; i < N_ARENAS; i++)
    {
      const gsize alignment = 64;    /* a cache line */

      peer->arenas[i] = g_aligned_alloc (1, peer->arena_sizes[i], alignment);
      for (guint j = 0; j < peer->tenants[i]->len; j++)
        check (dnnl_memory_set_data_handle (g_ptr_array_index (peer->tenants[i], j), peer->arenas[i]), "arena");
    }
}

/* Images, planes, height, width. */
static const dnnl_dim_t *
memory_dimensions (dnnl_memory_t memory)
{
  const dnnl_dim_t *dimensions = NULL;

  check (dnnl_memory_desc_query (memory_desc (memory), dnnl_query_dims, &dimensions), "dimensions");

  return dimensions;
}

static const_dnnl_memory_desc_t
memory_desc (dnnl_memory_t memory)
{
  const_dnnl_memory_desc_t desc = NULL;

  check (dnnl_memory_get_memory_desc (memory, &desc), "description");

  return desc;
}

static float *
memory_data (dnnl_memory_t memory)
{
  void *data = NULL;

  check (dnnl_memory_get_data_handle (memory, &data), "data");

  return data;
}

static dnnl_memory_desc_t
desc_new (dnnl_dim_t        images,
          dnnl_dim_t        planes,
          dnnl_dim_t        width,
          dnnl_dim_t        height,
          dnnl_format_tag_t tag)
{
  const dnnl_dims_t   dimensions = { images, planes, height, width };
  dnnl_memory_desc_t  desc                     = NULL;

  check (dnnl_memory_desc_create_with_tag (&desc, N_DIMENSIONS, dimensions, dnnl_f32, tag), "description");

  return desc;
}

/* Reads the taps in whatever format the 1x1 layer wrote them: planes, or blocks of planes with the pixels between. */
static void
taps_add (const Step *step)
{
  const int                 k       = step->layer->kernel;
  const dnnl_dim_t         *in      = memory_dimensions (step->taps);
  const dnnl_dim_t         *out     = memory_dimensions (step->sum);
  const_dnnl_memory_desc_t  desc    = memory_desc (step->taps);
  const float              *taps    = memory_data (step->taps);
  float                    *sum     = memory_data (step->sum);
  const dnnl_dim_t         *blocks  = NULL;
  const dnnl_dims_t        *strides = NULL;
  int                       n_blocks;
  int                       block;

  check (dnnl_memory_desc_query (desc, dnnl_query_strides, &strides), "taps");
  check (dnnl_memory_desc_query (desc, dnnl_query_inner_nblks_s32, &n_blocks), "taps");
  check (dnnl_memory_desc_query (desc, dnnl_query_inner_blks, &blocks), "taps");
  block = n_blocks > 0 ? (int) blocks[0] : 1;
  g_assert (n_blocks <= 1 && in[1] == k * k);

#pragma omp parallel for
  for (int y = 0; y < out[2]; y++)
    {
      float *row = sum + y * out[3];

      for (int x = 0; x < out[3]; x++)
        row[x] = step->layer->bias[0];

      for (int tap = 0; tap < k * k; tap++)
        {
          const dnnl_dim_t  step_x = (*strides)[3];
          const float      *from   = taps + tap / block * (*strides)[1] + tap % block +
                                     (y + tap / k) * (*strides)[2] + tap % k * step_x;

          for (int x = 0; x < out[3]; x++)
            row[x] += from[x * step_x];
        }
    }
}
