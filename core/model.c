/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * model: a model file as three stacks of convolutions
 *
 * A model file is a safetensors file. Its metadata say what the network is for and how the stacks are
 * put together; its tensors are the layers:
 *
 *   {target,guidance,filter}.N.weight   [outputs, inputs, k, k], k odd, N = 0, 1, …
 *   {target,guidance,filter}.N.bias     [outputs]
 *
 * Metadata: format = "joint-filter-1" or "joint-filter-2"; task, a word; scale, a number; residual,
 * "true" or "false"; and with defaults space_to_depth = "1", merge_relu = "false", target_channels = "1",
 * noise_level = "false". Version 2 has one more, noise_excess = "false". Other keys are a model card's.
 *
 * With noise_level the target stack has one more input, after the target's, that is the noise's standard
 * deviation everywhere; with noise_excess, which needs noise_level, another one after it, that is the
 * noise's excess (noise.h). Both are in the target's units.
 */
#include <math.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "model.h"
#include "safetensors.h"


#define GUIDANCE_CHANNELS      3

/* Far beyond any useful network (the paper's has 9x9 kernels, 128 channels, a halo of 12), and low
 * enough that a hostile file of a few megabytes cannot ask for gigabytes of workspace: a band of rows
 * holds channels × (rows + 2 × halo) × (width + 2 × halo) values.
 */
#define MAX_SCALE              1024
#define MAX_LAYERS             256
#define MAX_CHANNELS           4096
#define MAX_KERNEL             127
#define MAX_HALO               1024


static gboolean           read_metadata      (JfModel              *model,
                                              GError              **error);
static gboolean           read_noise         (JfModel              *model,
                                              gboolean              has_excess,
                                              GError              **error);
static gboolean           read_text          (const JfModel        *model,
                                              const char           *key,
                                              const char          **text,
                                              GError              **error);
static gboolean           read_number        (const JfModel        *model,
                                              const char           *key,
                                              int                  *number,
                                              GError              **error);
static gboolean           read_choice        (const JfModel        *model,
                                              const char           *key,
                                              const char * const   *values,
                                              const char           *fallback,
                                              int                  *choice,
                                              GError              **error);
static gboolean           read_flag          (const JfModel        *model,
                                              const char           *key,
                                              const char           *fallback,
                                              gboolean             *flag,
                                              GError              **error);
static gboolean           read_stack         (JfModel              *model,
                                              JfStackKind           kind,
                                              GError              **error);
static gboolean           read_layer         (const JfModel        *model,
                                              JfStackKind           kind,
                                              JfLayer              *layer,
                                              int                   index,
                                              int                   inputs,
                                              GError              **error);
static char             * make_name          (JfStackKind           kind,
                                              int                   index,
                                              const char           *part);
static const JfTensor   * find_tensor        (const JfModel        *model,
                                              JfStackKind           kind,
                                              int                   index,
                                              const char           *part);
static const JfTensor   * require_tensor     (const JfModel        *model,
                                              JfStackKind           kind,
                                              int                   index,
                                              const char           *part,
                                              GError              **error);
static gboolean           check_weight       (const JfModel        *model,
                                              const JfTensor       *weight,
                                              int                   inputs,
                                              GError              **error);
static gboolean           check_bias         (const JfModel        *model,
                                              const JfTensor       *bias,
                                              int                   outputs,
                                              GError              **error);
static gboolean           check_finite       (const JfModel        *model,
                                              const JfTensor       *tensor,
                                              GError              **error);
static gboolean           check_outputs      (const JfModel        *model,
                                              GError              **error);
static gboolean           check_no_others    (const JfModel        *model,
                                              GError              **error);
static gboolean           set_halo           (JfModel              *model,
                                              GError              **error);
static int                count_inputs       (const JfModel        *model,
                                              JfStackKind           kind);
static int                count_outputs      (const JfStack        *stack);
static double             count_stack        (const JfStack        *stack);
static void               set_metadata_error (GError              **error,
                                              const JfModel        *model,
                                              const char           *key,
                                              const char           *value,
                                              const char           *expected);
static void               set_tensor_error   (GError              **error,
                                              const JfModel        *model,
                                              const char           *tensor,
                                              const char           *format,
                                              ...) G_GNUC_PRINTF (4, 5);


G_DEFINE_QUARK (jf-model-error-quark, jf_model_error)


/*  public functions  */

/**
 * jf_model_load:
 * @path:  a model file's name
 * @error: return location for a #JF_MODEL_ERROR
 *
 * Loads a model. The weights stay in the file, which is mapped into memory; see jf_safetensors_load ().
 *
 * Returns: (transfer full) (nullable): the model; free with jf_model_unref ()
 */
JfModel *
jf_model_load (const char  *path,
               GError     **error)
{
  g_autoptr(JfSafetensors) file       = NULL;
  g_autoptr(GError)        file_error = NULL;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  file = jf_safetensors_load (path, &file_error);
  if (! file)
    {
      g_set_error_literal (error, JF_MODEL_ERROR, JF_MODEL_ERROR_FILE, file_error->message);
      return NULL;
    }

  return jf_model_new (g_steal_pointer (&file), error);
}

/**
 * jf_model_load_bytes:
 * @bytes: a model file's content
 * @name:  how error messages shall call it
 * @error: return location for a #JF_MODEL_ERROR
 *
 * Loads a model from memory.
 *
 * Returns: (transfer full) (nullable): the model; free with jf_model_unref ()
 */
JfModel *
jf_model_load_bytes (GBytes      *bytes,
                     const char  *name,
                     GError     **error)
{
  g_autoptr(JfSafetensors) file       = NULL;
  g_autoptr(GError)        file_error = NULL;

  g_return_val_if_fail (bytes != NULL && name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  file = jf_safetensors_load_bytes (bytes, name, &file_error);
  if (! file)
    {
      g_set_error_literal (error, JF_MODEL_ERROR, JF_MODEL_ERROR_FILE, file_error->message);
      return NULL;
    }

  return jf_model_new (g_steal_pointer (&file), error);
}

/**
 * jf_model_new:
 * @file:  (transfer full): a file of tensors
 * @error: return location for a #JF_MODEL_ERROR
 *
 * Makes a model of a file, after checking everything the engine relies on: known metadata, layers
 * numbered without gaps, odd square kernels, shapes that chain, finite weights, no other tensors.
 *
 * Returns: (transfer full) (nullable): the model; free with jf_model_unref ()
 */
JfModel *
jf_model_new (JfSafetensors  *file,
              GError        **error)
{
  g_autoptr(JfModel) model = NULL;

  g_return_val_if_fail (file != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  model       = g_new0 (JfModel, 1);
  model->file = file;
  model->name = g_strdup (jf_safetensors_get_name (file));
  g_atomic_ref_count_init (&model->ref_count);

  if (! read_metadata (model, error)                   ||
      ! read_stack (model, JF_STACK_TARGET, error)     ||
      ! read_stack (model, JF_STACK_GUIDANCE, error)   ||
      ! read_stack (model, JF_STACK_FILTER, error)     ||
      ! check_outputs (model, error)                   ||
      ! check_no_others (model, error)                 ||
      ! set_halo (model, error))
    return NULL;

  return g_steal_pointer (&model);
}

/**
 * jf_model_ref:
 * @model: a model
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): @model with one reference more
 */
JfModel *
jf_model_ref (JfModel *model)
{
  g_atomic_ref_count_inc (&model->ref_count);

  return model;
}

/**
 * jf_model_unref:
 * @model: (nullable): a model
 *
 * Gives a reference up, and with the last one the model. May be called from any thread.
 */
void
jf_model_unref (JfModel *model)
{
  if (! model || ! g_atomic_ref_count_dec (&model->ref_count))
    return;

  for (int kind = 0; kind < JF_N_STACKS; kind++)
    g_free (model->stacks[kind].layers);

  jf_safetensors_free (model->file);
  g_free (model->task);
  g_free (model->name);
  g_free (model);
}

/**
 * jf_model_get_receptive_field:
 * @model: a model
 *
 * Returns: the side in full-resolution pixels of the square of input an output pixel depends on; with
 *          space to depth, the r × r pixels of one block together
 */
int
jf_model_get_receptive_field (const JfModel *model)
{
  return 2 * model->halo + model->space_to_depth;
}

/**
 * jf_model_get_multiplications:
 * @model:    a model
 * @channels: number of planes of the target, 1 or 3
 *
 * Counts a direct convolution's multiplications. The guidance's features are computed once for all
 * planes of a target; the other two stacks run once per plane, or once altogether in a model that
 * sees three planes at once.
 *
 * Returns: multiplications per full-resolution pixel
 */
double
jf_model_get_multiplications (const JfModel *model,
                              int            channels)
{
  const int    runs       = model->target_channels == 1 ? channels : 1;
  const double block_size = model->space_to_depth * model->space_to_depth;

  return (count_stack (&model->stacks[JF_STACK_GUIDANCE]) +
          runs * (count_stack (&model->stacks[JF_STACK_TARGET]) +
                  count_stack (&model->stacks[JF_STACK_FILTER]))) / block_size;
}

/**
 * jf_stack_kind_get_name:
 * @kind: one of a model's stacks
 *
 * Returns: (transfer none): what the names of its tensors begin with
 */
const char *
jf_stack_kind_get_name (JfStackKind kind)
{
  static const char * const names[JF_N_STACKS] = { "target", "guidance", "filter" };

  return names[kind];
}


/*  private functions  */

static gboolean
read_metadata (JfModel  *model,
               GError  **error)
{
  static const char * const formats[]  = { "joint-filter-1", "joint-filter-2", NULL };
  static const char * const blocks[]   = { "1", "2", "4", NULL };
  static const char * const channels[] = { "1", "3", NULL };
  const char               *task;
  int                       format;
  int                       block;
  int                       channel;

  if (! read_choice (model, "format", formats, NULL, &format, error)                    ||
      ! read_text (model, "task", &task, error)                                         ||
      ! read_number (model, "scale", &model->scale, error)                              ||
      ! read_flag (model, "residual", NULL, &model->residual, error)                    ||
      ! read_flag (model, "merge_relu", "false", &model->merge_relu, error)             ||
      ! read_noise (model, format > 0, error)                                           ||
      ! read_choice (model, "space_to_depth", blocks, "1", &block, error)               ||
      ! read_choice (model, "target_channels", channels, "1", &channel, error))
    return FALSE;

  model->task            = g_strdup (task);
  model->space_to_depth  = 1 << block;
  model->target_channels = 1 + 2 * channel;

  return TRUE;
}

static gboolean
read_noise (JfModel   *model,
            gboolean   has_excess,
            GError   **error)
{
  if (! read_flag (model, "noise_level", "false", &model->noise_level, error) ||
      (has_excess && ! read_flag (model, "noise_excess", "false", &model->noise_excess, error)))
    return FALSE;

  if (model->noise_excess && ! model->noise_level)
    {
      g_set_error (error, JF_MODEL_ERROR, JF_MODEL_ERROR_METADATA,
                   _("%s: metadata “%s”: it is “true”, but “%s” is not"),
                   model->name, "noise_excess", "noise_level");
      return FALSE;
    }

  return TRUE;
}

static gboolean
read_text (const JfModel  *model,
           const char     *key,
           const char    **text,
           GError        **error)
{
  *text = jf_safetensors_get_metadata (model->file, key);

  if (! *text || ! **text)
    {
      set_metadata_error (error, model, key, *text, _("a word"));
      return FALSE;
    }

  return TRUE;
}

static gboolean
read_number (const JfModel  *model,
             const char     *key,
             int            *number,
             GError        **error)
{
  const char *text = jf_safetensors_get_metadata (model->file, key);
  guint64     value;

  if (! text || ! g_ascii_string_to_unsigned (text, 10, 1, MAX_SCALE, &value, NULL))
    {
      g_autofree char *expected = g_strdup_printf (_("a number from 1 to %d"), MAX_SCALE);

      set_metadata_error (error, model, key, text, expected);
      return FALSE;
    }

  *number = (int) value;

  return TRUE;
}

static gboolean
read_choice (const JfModel       *model,
             const char          *key,
             const char * const  *values,
             const char          *fallback,
             int                 *choice,
             GError             **error)
{
  const char      *text     = jf_safetensors_get_metadata (model->file, key);
  g_autofree char *expected = NULL;
  const char      *value    = text ? text : fallback;

  for (*choice = 0; value && values[*choice]; (*choice)++)
    if (! strcmp (value, values[*choice]))
      return TRUE;

  expected = g_strjoinv (" | ", (char **) values);
  set_metadata_error (error, model, key, text, expected);

  return FALSE;
}

static gboolean
read_flag (const JfModel  *model,
           const char     *key,
           const char     *fallback,
           gboolean       *flag,
           GError        **error)
{
  static const char * const values[] = { "false", "true", NULL };

  return read_choice (model, key, values, fallback, flag, error);
}

static gboolean
read_stack (JfModel      *model,
            JfStackKind   kind,
            GError      **error)
{
  JfStack *stack    = &model->stacks[kind];
  int      n_layers = 1;

  /* The first layer is required, so that the error for an empty stack names its tensor. */
  while (n_layers <= MAX_LAYERS &&
         (find_tensor (model, kind, n_layers, "weight") ||
          find_tensor (model, kind, n_layers, "bias")))
    n_layers++;

  if (n_layers > MAX_LAYERS)
    {
      set_tensor_error (error, model, jf_stack_kind_get_name (kind),
                        _("there are more than %d layers"), MAX_LAYERS);
      return FALSE;
    }

  stack->layers   = g_new0 (JfLayer, n_layers);
  stack->n_layers = n_layers;

  for (int i = 0; i < n_layers; i++)
    {
      const int inputs = i ? stack->layers[i - 1].outputs : count_inputs (model, kind);

      if (! read_layer (model, kind, &stack->layers[i], i, inputs, error))
        return FALSE;

      stack->halo += stack->layers[i].kernel / 2;
    }

  return TRUE;
}

static gboolean
read_layer (const JfModel  *model,
            JfStackKind     kind,
            JfLayer        *layer,
            int             index,
            int             inputs,
            GError        **error)
{
  const JfTensor *weight = require_tensor (model, kind, index, "weight", error);
  const JfTensor *bias   = weight ? require_tensor (model, kind, index, "bias", error) : NULL;

  if (! weight || ! bias                                        ||
      ! check_weight (model, weight, inputs, error)             ||
      ! check_bias (model, bias, (int) weight->shape[0], error) ||
      ! check_finite (model, weight, error)                     ||
      ! check_finite (model, bias, error))
    return FALSE;

  layer->inputs  = inputs;
  layer->outputs = (int) weight->shape[0];
  layer->kernel  = (int) weight->shape[2];
  layer->weight  = weight->data;
  layer->bias    = bias->data;

  return TRUE;
}

static char *
make_name (JfStackKind  kind,
           int          index,
           const char  *part)
{
  return g_strdup_printf ("%s.%d.%s", jf_stack_kind_get_name (kind), index, part);
}

static const JfTensor *
find_tensor (const JfModel *model,
             JfStackKind    kind,
             int            index,
             const char    *part)
{
  g_autofree char *name = make_name (kind, index, part);

  return jf_safetensors_get_tensor (model->file, name);
}

static const JfTensor *
require_tensor (const JfModel  *model,
                JfStackKind     kind,
                int             index,
                const char     *part,
                GError        **error)
{
  const JfTensor *tensor = find_tensor (model, kind, index, part);

  if (! tensor)
    {
      g_autofree char *name = make_name (kind, index, part);

      set_tensor_error (error, model, name, _("it is missing"));
    }

  return tensor;
}

static gboolean
check_weight (const JfModel   *model,
              const JfTensor  *weight,
              int              inputs,
              GError         **error)
{
  g_autofree char *shape  = jf_tensor_describe_shape (weight);
  const gint64    *size   = weight->shape;

  if (weight->n_dimensions != 4 || size[2] != size[3] || size[2] % 2 != 1)
    {
      set_tensor_error (error, model, weight->name,
                        _("its shape is %s, not [outputs, inputs, k, k] with an odd k"), shape);
      return FALSE;
    }

  if (size[0] < 1 || size[0] > MAX_CHANNELS || size[2] > MAX_KERNEL)
    {
      set_tensor_error (error, model, weight->name,
                        _("its shape is %s; from 1 to %d outputs and kernels up to %d × %d "
                          "are possible"),
                        shape, MAX_CHANNELS, MAX_KERNEL, MAX_KERNEL);
      return FALSE;
    }

  if (size[1] != inputs)
    {
      set_tensor_error (error, model, weight->name,
                        _("its shape is %s, but the layer has %d inputs"), shape, inputs);
      return FALSE;
    }

  return TRUE;
}

static gboolean
check_bias (const JfModel   *model,
            const JfTensor  *bias,
            int              outputs,
            GError         **error)
{
  if (bias->n_dimensions != 1 || bias->shape[0] != outputs)
    {
      g_autofree char *shape = jf_tensor_describe_shape (bias);

      set_tensor_error (error, model, bias->name,
                        _("its shape is %s, but the layer has %d outputs"), shape, outputs);
      return FALSE;
    }

  return TRUE;
}

static gboolean
check_finite (const JfModel   *model,
              const JfTensor  *tensor,
              GError         **error)
{
  const gsize count = jf_tensor_count (tensor);

  for (gsize i = 0; i < count; i++)
    if (! isfinite (tensor->data[i]))
      {
        set_tensor_error (error, model, tensor->name,
                          _("value %zu is not a finite number"), i);
        return FALSE;
      }

  return TRUE;
}

static gboolean
check_outputs (const JfModel  *model,
               GError        **error)
{
  const JfStack *filter   = &model->stacks[JF_STACK_FILTER];
  const int      expected = model->target_channels * model->space_to_depth * model->space_to_depth;

  if (count_outputs (filter) != expected)
    {
      g_autofree char *name = make_name (JF_STACK_FILTER, filter->n_layers - 1, "weight");

      set_tensor_error (error, model, name,
                        _("the last layer has %d outputs, but target_channels = %d and "
                          "space_to_depth = %d need %d"),
                        count_outputs (filter), model->target_channels, model->space_to_depth,
                        expected);
      return FALSE;
    }

  return TRUE;
}

/* Every tensor a layer has not taken is one too many. */
static gboolean
check_no_others (const JfModel  *model,
                 GError        **error)
{
  const GPtrArray        *tensors = jf_safetensors_list_tensors (model->file);
  g_autoptr(GHashTable)   used    = g_hash_table_new (g_direct_hash, g_direct_equal);

  for (int kind = 0; kind < JF_N_STACKS; kind++)
    for (int i = 0; i < model->stacks[kind].n_layers; i++)
      {
        g_hash_table_add (used, (gpointer) find_tensor (model, kind, i, "weight"));
        g_hash_table_add (used, (gpointer) find_tensor (model, kind, i, "bias"));
      }

  for (guint i = 0; i < tensors->len; i++)
    {
      const JfTensor *tensor = g_ptr_array_index (tensors, i);

      if (! g_hash_table_contains (used, tensor))
        {
          set_tensor_error (error, model, tensor->name,
                            _("it belongs to no layer; a stack's layers are numbered from 0 "
                              "without gaps"));
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
set_halo (JfModel  *model,
          GError  **error)
{
  const int halo = MAX (model->stacks[JF_STACK_TARGET].halo, model->stacks[JF_STACK_GUIDANCE].halo) +
                   model->stacks[JF_STACK_FILTER].halo;

  model->halo = model->space_to_depth * halo;

  if (model->halo > MAX_HALO)
    {
      g_set_error (error, JF_MODEL_ERROR, JF_MODEL_ERROR_TENSOR,
                   _("%s: the kernels together reach %d pixels far; up to %d are possible"),
                   model->name, model->halo, MAX_HALO);
      return FALSE;
    }

  return TRUE;
}

static int
count_inputs (const JfModel *model,
              JfStackKind    kind)
{
  const int block_size = model->space_to_depth * model->space_to_depth;

  switch (kind)
    {
    case JF_STACK_TARGET:
      return model->target_channels * block_size + (model->noise_level ? 1 : 0) + (model->noise_excess ? 1 : 0);

    case JF_STACK_GUIDANCE:
      return GUIDANCE_CHANNELS * block_size;

    default:
      return count_outputs (&model->stacks[JF_STACK_GUIDANCE]) +
             count_outputs (&model->stacks[JF_STACK_TARGET]);
    }
}

static int
count_outputs (const JfStack *stack)
{
  return stack->layers[stack->n_layers - 1].outputs;
}

/* Multiplications per pixel of the stack's own grid. */
static double
count_stack (const JfStack *stack)
{
  double count = 0.0;

  for (int i = 0; i < stack->n_layers; i++)
    {
      const JfLayer *layer = &stack->layers[i];

      count += (double) layer->inputs * layer->outputs * layer->kernel * layer->kernel;
    }

  return count;
}

static void
set_metadata_error (GError        **error,
                    const JfModel  *model,
                    const char     *key,
                    const char     *value,
                    const char     *expected)
{
  if (value)
    g_set_error (error, JF_MODEL_ERROR, JF_MODEL_ERROR_METADATA,
                 /* TRANSLATORS: a file's name: metadata “a key”: … */
                 _("%s: metadata “%s”: the value is “%s”; this version knows: %s"),
                 model->name, key, value, expected);
  else
    g_set_error (error, JF_MODEL_ERROR, JF_MODEL_ERROR_METADATA,
                 _("%s: metadata “%s”: it is missing; expected: %s"),
                 model->name, key, expected);
}

static void
set_tensor_error (GError        **error,
                  const JfModel  *model,
                  const char     *tensor,
                  const char     *format,
                  ...)
{
  g_autofree char *reason = NULL;
  va_list          args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);

  g_set_error (error, JF_MODEL_ERROR, JF_MODEL_ERROR_TENSOR,
               /* TRANSLATORS: a file's name: tensor “a name in it”: what is wrong with it */
               _("%s: tensor “%s”: %s"), model->name, tensor, reason);
}
