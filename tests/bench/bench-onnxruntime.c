/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-onnxruntime: our networks as ONNX graphs in ONNX Runtime, all graph optimisations on
 *
 * The graph is written in protocol buffers' wire format, of which ONNX needs two kinds of field. Field numbers are those of
 * onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
#include <string.h>

#include <onnxruntime_c_api.h>

#include "bench-peer.h"

#define IR_VERSION     8
#define OPSET_VERSION  13
#define TYPE_FLOAT     1
#define ATTRIBUTE_INT  2

/* What goes into and comes out of the graphs. */
typedef enum
{
  TENSOR_TARGET,
  TENSOR_GUIDANCE,
  TENSOR_FEATURES,     /* the guidance's */
  TENSOR_OUTPUT,
  N_TENSORS
} TensorKind;

typedef struct
{
  const char *name;
  gint64      shape[4];     /* image, plane, y, x */
  gsize       size;         /* in bytes           */
} Tensor;

struct _BenchPeer
{
  Tensor       tensors[N_TENSORS];
  float       *features;
  OrtSession  *guide;       /* guidance to features           */
  OrtSession  *filter;      /* target and features to output  */
};

static const OrtApi *ort;

/*  local function prototypes  */

static void         check           (OrtStatus        *status);
static void         tensors_init    (BenchPeer        *peer,
                                     const BenchShape *shape);
static Tensor       tensor_make     (const BenchShape *shape,
                                     const char       *name,
                                     int               planes,
                                     int               border);
static OrtValue   * value_new       (const Tensor     *tensor,
                                     float            *data);
static OrtSession * session_new     (OrtEnv           *env,
                                     int               n_threads,
                                     GByteArray       *graph);
static GByteArray * guide_write     (const BenchPeer  *peer,
                                     const JfModel    *model);
static GByteArray * filter_write    (const BenchPeer  *peer,
                                     const JfModel    *model);
static void         stack_write     (GByteArray       *graph,
                                     const JfModel    *model,
                                     JfStackKind       kind,
                                     const char       *input,
                                     const char       *output);
static void         layer_write     (GByteArray       *graph,
                                     const JfLayer    *layer,
                                     const char       *name,
                                     const char       *input,
                                     const char       *output);
static void         node_write      (GByteArray       *graph,
                                     const char       *type,
                                     const char       *inputs,
                                     const char       *output,
                                     GByteArray       *attribute);
static void         constant_write  (GByteArray       *graph,
                                     const char       *name,
                                     const gint64     *dimensions,
                                     int               n_dimensions,
                                     const float      *data,
                                     gsize             size);
static void         tensor_write    (GByteArray       *graph,
                                     int               field,
                                     const Tensor     *tensor);
static void         field_varint    (GByteArray       *message,
                                     int               field,
                                     guint64           value);
static void         field_bytes     (GByteArray       *message,
                                     int               field,
                                     gconstpointer     data,
                                     gsize             size);
static void         field_string    (GByteArray       *message,
                                     int               field,
                                     const char       *string);
static void         field_message   (GByteArray       *message,
                                     int               field,
                                     GByteArray       *content);
static void         varint          (GByteArray       *message,
                                     guint64           value);


/*  public functions  */

BenchPeer *
bench_peer_new (const BenchShape *shape)
{
  BenchPeer     *peer   = g_new0 (BenchPeer, 1);
  OrtEnv        *env    = NULL;
  OrtMemoryInfo *memory = NULL;

  tensors_init (peer, shape);
  peer->features = g_malloc (peer->tensors[TENSOR_FEATURES].size);

  ort = OrtGetApiBase ()->GetApi (ORT_API_VERSION);
  check (ort->CreateEnv (ORT_LOGGING_LEVEL_ERROR, "bench", &env));
  check (ort->CreateCpuMemoryInfo (OrtArenaAllocator, OrtMemTypeDefault, &memory));
  check (ort->CreateAndRegisterAllocator (env, memory, NULL));
  ort->ReleaseMemoryInfo (memory);
  peer->guide  = session_new (env, shape->n_threads, guide_write (peer, shape->model));
  peer->filter = session_new (env, shape->n_threads, filter_write (peer, shape->model));

  return peer;
}

char *
bench_peer_describe (BenchPeer *peer G_GNUC_UNUSED)
{
  return g_strdup_printf ("library=ONNX-Runtime-%s", OrtGetApiBase ()->GetVersionString ());
}

void
bench_peer_guide (BenchPeer *peer,
                  float     *guidance)
{
  static const char *const  input_names[]  = { "guidance" };
  static const char *const  output_names[] = { "features" };
  OrtValue                 *input          = value_new (&peer->tensors[TENSOR_GUIDANCE], guidance);
  OrtValue                 *output         = value_new (&peer->tensors[TENSOR_FEATURES], peer->features);

  check (ort->Run (peer->guide, NULL, input_names, (const OrtValue *const *) &input, 1, output_names, 1, &output));

  ort->ReleaseValue (input);
  ort->ReleaseValue (output);
}

void
bench_peer_filter (BenchPeer *peer,
                   float     *target,
                   float     *output)
{
  static const char *const  input_names[]  = { "target", "features" };
  static const char *const  output_names[] = { "output" };
  OrtValue                 *inputs[]       = { value_new (&peer->tensors[TENSOR_TARGET], target),
                                               value_new (&peer->tensors[TENSOR_FEATURES], peer->features) };
  OrtValue                 *result         = value_new (&peer->tensors[TENSOR_OUTPUT], output);

  check (ort->Run (peer->filter, NULL, input_names, (const OrtValue *const *) inputs, 2, output_names, 1, &result));

  ort->ReleaseValue (inputs[0]);
  ort->ReleaseValue (inputs[1]);
  ort->ReleaseValue (result);
}


/*  private functions  */

static void
check (OrtStatus *status)
{
  if (status)
    bench_fail ("ONNX Runtime: %s", ort->GetErrorMessage (status));
}

static void
tensors_init (BenchPeer        *peer,
              const BenchShape *shape)
{
  const JfStack *stacks = shape->model->stacks;

  peer->tensors[TENSOR_TARGET]   = tensor_make (shape, "target", shape->target_planes, shape->target_border);
  peer->tensors[TENSOR_GUIDANCE] = tensor_make (shape, "guidance", shape->guidance_planes, shape->guidance_border);
  peer->tensors[TENSOR_FEATURES] = tensor_make (shape, "features", bench_stack_outputs (&stacks[JF_STACK_GUIDANCE]),
                                                stacks[JF_STACK_FILTER].halo);
  peer->tensors[TENSOR_OUTPUT]   = tensor_make (shape, "output", shape->output_planes, 0);
}

static Tensor
tensor_make (const BenchShape *shape,
             const char       *name,
             int               planes,
             int               border)
{
  const int width  = shape->width  + 2 * border;
  const int height = shape->height + 2 * border;

  return (Tensor) { name, { 1, planes, height, width }, sizeof (float) * planes * width * height };
}

/* The data stay the caller's. */
static OrtValue *
value_new (const Tensor *tensor,
           float        *data)
{
  OrtMemoryInfo *info  = NULL;
  OrtValue      *value = NULL;

  check (ort->CreateCpuMemoryInfo (OrtArenaAllocator, OrtMemTypeDefault, &info));
  check (ort->CreateTensorWithDataAsOrtValue (info, data, tensor->size, tensor->shape, G_N_ELEMENTS (tensor->shape),
                                              ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value));
  ort->ReleaseMemoryInfo (info);

  return value;
}

/* Sessions share the environment's memory, so that two take no more than one. Releases the graph. */
static OrtSession *
session_new (OrtEnv     *env,
             int         n_threads,
             GByteArray *graph)
{
  GByteArray        *model   = g_byte_array_new ();
  GByteArray        *opset   = g_byte_array_new ();
  OrtSessionOptions *options = NULL;
  OrtSession        *session = NULL;

  field_string (graph, 2, "joint-filter");
  field_string (opset, 1, "");
  field_varint (opset, 2, OPSET_VERSION);

  field_varint  (model, 1, IR_VERSION);
  field_message (model, 7, graph);
  field_message (model, 8, opset);

  check (ort->CreateSessionOptions (&options));
  check (ort->SetIntraOpNumThreads (options, n_threads));
  check (ort->SetSessionGraphOptimizationLevel (options, ORT_ENABLE_ALL));
  check (ort->AddSessionConfigEntry (options, "session.use_env_allocators", "1"));
  check (ort->CreateSessionFromArray (env, model->data, model->len, options, &session));

  ort->ReleaseSessionOptions (options);
  g_byte_array_unref (model);

  return session;
}

static GByteArray *
guide_write (const BenchPeer *peer,
             const JfModel   *model)
{
  GByteArray *graph = g_byte_array_new ();

  stack_write (graph, model, JF_STACK_GUIDANCE, "guidance", "features");
  tensor_write (graph, 11, &peer->tensors[TENSOR_GUIDANCE]);
  tensor_write (graph, 12, &peer->tensors[TENSOR_FEATURES]);

  return graph;
}

static GByteArray *
filter_write (const BenchPeer *peer,
              const JfModel   *model)
{
  GByteArray *graph     = g_byte_array_new ();
  GByteArray *attribute = g_byte_array_new ();

  field_string (attribute, 1, "axis");
  field_varint (attribute, 3, 1);
  field_varint (attribute, 20, ATTRIBUTE_INT);

  stack_write (graph, model, JF_STACK_TARGET, "target", "target_features");
  node_write (graph, "Concat", "features target_features", "all_features", attribute);
  stack_write (graph, model, JF_STACK_FILTER, "all_features", "output");
  tensor_write (graph, 11, &peer->tensors[TENSOR_TARGET]);
  tensor_write (graph, 11, &peer->tensors[TENSOR_FEATURES]);
  tensor_write (graph, 12, &peer->tensors[TENSOR_OUTPUT]);

  return graph;
}

static void
stack_write (GByteArray    *graph,
             const JfModel *model,
             JfStackKind    kind,
             const char    *input,
             const char    *output)
{
  const JfStack    *stack = &model->stacks[kind];
  g_autofree char  *from  = g_strdup (input);

  for (int i = 0; i < stack->n_layers; i++)
    {
      const gboolean   last = i == stack->n_layers - 1;
      const gboolean   relu = bench_layer_has_relu (model, kind, i);
      g_autofree char *name = g_strdup_printf ("%s.%d", output, i);
      char            *sum  = g_strconcat (name, ".sum", NULL);

      if (last && ! relu)
        {
          layer_write (graph, &stack->layers[i], name, from, output);
        }
      else
        {
          layer_write (graph, &stack->layers[i], name, from, sum);
          node_write (graph, "Relu", sum, last ? output : name, NULL);
        }

      g_free (sum);
      g_free (from);
      from = g_strdup (name);
    }
}

static void
layer_write (GByteArray    *graph,
             const JfLayer *layer,
             const char    *name,
             const char    *input,
             const char    *output)
{
  const gint64      dimensions[] = { layer->outputs, layer->inputs, layer->kernel, layer->kernel };
  const gsize       n_weights    = (gsize) layer->outputs * layer->inputs * layer->kernel * layer->kernel;
  g_autofree char  *weight       = g_strconcat (name, ".weight", NULL);
  g_autofree char  *bias         = g_strconcat (name, ".bias", NULL);
  g_autofree char  *inputs       = g_strjoin (" ", input, weight, bias, NULL);

  constant_write (graph, weight, dimensions, 4, layer->weight, n_weights * sizeof (float));
  constant_write (graph, bias, dimensions, 1, layer->bias, layer->outputs * sizeof (float));
  node_write (graph, "Conv", inputs, output, NULL);
}

/* inputs: names with a space between them. The attribute is released. */
static void
node_write (GByteArray *graph,
            const char *type,
            const char *inputs,
            const char *output,
            GByteArray *attribute)
{
  GByteArray        *node  = g_byte_array_new ();
  g_auto (GStrv)     names = g_strsplit (inputs, " ", -1);

  for (int i = 0; names[i]; i++)
    field_string (node, 1, names[i]);
  field_string (node, 2, output);
  field_string (node, 4, type);
  if (attribute)
    field_message (node, 5, attribute);

  field_message (graph, 1, node);
}

static void
constant_write (GByteArray   *graph,
                const char   *name,
                const gint64 *dimensions,
                int           n_dimensions,
                const float  *data,
                gsize         size)
{
  GByteArray *constant = g_byte_array_new ();

  for (int i = 0; i < n_dimensions; i++)
    field_varint (constant, 1, dimensions[i]);
  field_varint (constant, 2, TYPE_FLOAT);
  field_string (constant, 8, name);
  field_bytes  (constant, 9, data, size);    /* little-endian, as are the machines ONNX Runtime runs on */

  field_message (graph, 5, constant);
}

/* An input (field 11) or output (field 12) of the graph. */
static void
tensor_write (GByteArray   *graph,
              int           field,
              const Tensor *tensor)
{
  GByteArray *value = g_byte_array_new ();
  GByteArray *type  = g_byte_array_new ();
  GByteArray *array = g_byte_array_new ();
  GByteArray *shape = g_byte_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (tensor->shape); i++)
    {
      GByteArray *dimension = g_byte_array_new ();

      field_varint  (dimension, 1, tensor->shape[i]);
      field_message (shape, 1, dimension);
    }

  field_varint  (array, 1, TYPE_FLOAT);
  field_message (array, 2, shape);
  field_message (type, 1, array);
  field_string  (value, 1, tensor->name);
  field_message (value, 2, type);
  field_message (graph, field, value);
}

/* A field's key is its number and its kind: 0 for a varint, 2 for bytes of a length. */
static void
field_varint (GByteArray *message,
              int         field,
              guint64     value)
{
  varint (message, field << 3);
  varint (message, value);
}

static void
field_bytes (GByteArray    *message,
             int            field,
             gconstpointer  data,
             gsize          size)
{
  varint (message, field << 3 | 2);
  varint (message, size);
  g_byte_array_append (message, data, (guint) size);
}

static void
field_string (GByteArray *message,
              int         field,
              const char *string)
{
  field_bytes (message, field, string, strlen (string));
}

/* Releases the content. */
static void
field_message (GByteArray *message,
               int         field,
               GByteArray *content)
{
  field_bytes (message, field, content->data, content->len);
  g_byte_array_unref (content);
}

/* Seven bits a byte, the lowest first. */
static void
varint (GByteArray *message,
        guint64     value)
{
  do
    {
      const guint8 byte = (value & 0x7f) | (value > 0x7f ? 0x80 : 0);

      g_byte_array_append (message, &byte, 1);
      value >>= 7;
    }
  while (value > 0);
}
