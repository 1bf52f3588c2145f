/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-model: model files, good and malformed
 */
#include <string.h>

#include "fixture.h"
#include "model.h"


/* What to change in a model, and what the error must be and mention. */
typedef struct
{
  const char   *name;
  const char   *old;
  const char   *new;
  JfModelError  code;
  const char   *message;
} Malformed;


static const Malformed malformed[] =
{
  { "no-format",           "format=joint-filter-1\n", "",
    JF_MODEL_ERROR_METADATA, "“format”" },
  { "other-format",        "joint-filter-1", "joint-filter-3",
    JF_MODEL_ERROR_METADATA, "“joint-filter-3”" },
  { "no-task",             "task=test\n", "",
    JF_MODEL_ERROR_METADATA, "“task”" },
  { "empty-task",          "task=test\n", "task=\n",
    JF_MODEL_ERROR_METADATA, "“task”" },
  { "no-scale",            "scale=2\n", "",
    JF_MODEL_ERROR_METADATA, "“scale”" },
  { "scale-0",             "scale=2\n", "scale=0\n",
    JF_MODEL_ERROR_METADATA, "“scale”" },
  { "scale-word",          "scale=2\n", "scale=two\n",
    JF_MODEL_ERROR_METADATA, "“two”" },
  { "no-residual",         "residual=true\n", "",
    JF_MODEL_ERROR_METADATA, "“residual”" },
  { "residual-yes",        "residual=true\n", "residual=yes\n",
    JF_MODEL_ERROR_METADATA, "“yes”" },
  { "merge-relu-1",        "merge_relu=true\n", "merge_relu=1\n",
    JF_MODEL_ERROR_METADATA, "“merge_relu”" },
  { "noise-level-capital", "noise_level=true\n", "noise_level=True\n",
    JF_MODEL_ERROR_METADATA, "“True”" },
  { "space-to-depth-3",    "space_to_depth=2\n", "space_to_depth=3\n",
    JF_MODEL_ERROR_METADATA, "1 | 2 | 4" },
  { "target-channels-2",   "target_channels=3\n", "target_channels=2\n",
    JF_MODEL_ERROR_METADATA, "1 | 3" },

  { "no-bias",             "target.1.bias 3\n", "",
    JF_MODEL_ERROR_TENSOR, "“target.1.bias”: it is missing" },
  { "no-weight",           "target.1.weight 3 4 3 3\n", "",
    JF_MODEL_ERROR_TENSOR, "“target.1.weight”: it is missing" },
  { "no-guidance",         "guidance.0.weight 2 12 1 1\nguidance.0.bias 2\n", "",
    JF_MODEL_ERROR_TENSOR, "“guidance.0.weight”: it is missing" },
  { "no-filter",           "filter.0.weight 12 5 3 3\nfilter.0.bias 12\n", "",
    JF_MODEL_ERROR_TENSOR, "“filter.0.weight”: it is missing" },
  { "from-one",            "guidance.0.weight 2 12 1 1\nguidance.0.bias 2\n",
                           "guidance.1.weight 2 12 1 1\nguidance.1.bias 2\n",
    JF_MODEL_ERROR_TENSOR, "“guidance.0.weight”: it is missing" },
  { "gap",                 "filter.0.bias 12\n",
                           "filter.0.bias 12\nfilter.2.weight 12 12 1 1\nfilter.2.bias 12\n",
    JF_MODEL_ERROR_TENSOR, "“filter.2.weight”: it belongs to no layer" },
  { "other-tensor",        "filter.0.bias 12\n", "filter.0.bias 12\nother 1\n",
    JF_MODEL_ERROR_TENSOR, "“other”: it belongs to no layer" },
  { "leading-zero",        "filter.0.bias 12\n", "filter.0.bias 12\nfilter.00.bias 12\n",
    JF_MODEL_ERROR_TENSOR, "“filter.00.bias”" },

  { "three-dimensions",    "target.1.weight 3 4 3 3\n", "target.1.weight 3 4 3\n",
    JF_MODEL_ERROR_TENSOR, "“target.1.weight”: its shape is [3, 4, 3]" },
  { "not-square",          "target.1.weight 3 4 3 3\n", "target.1.weight 3 4 3 1\n",
    JF_MODEL_ERROR_TENSOR, "“target.1.weight”: its shape is [3, 4, 3, 1]" },
  { "even",                "target.1.weight 3 4 3 3\n", "target.1.weight 3 4 2 2\n",
    JF_MODEL_ERROR_TENSOR, "“target.1.weight”: its shape is [3, 4, 2, 2]" },
  { "no-kernel",           "target.1.weight 3 4 3 3\n", "target.1.weight 3 4 0 0\n",
    JF_MODEL_ERROR_TENSOR, "“target.1.weight”: its shape is [3, 4, 0, 0]" },
  { "no-outputs",          "target.1.weight 3 4 3 3\n", "target.1.weight 0 4 3 3\n",
    JF_MODEL_ERROR_TENSOR, "“target.1.weight”: its shape is [0, 4, 3, 3]" },
  { "no-inputs",           "target.1.weight 3 4 3 3\n", "target.1.weight 3 0 3 3\n",
    JF_MODEL_ERROR_TENSOR, "the layer has 4 inputs" },
  { "huge-kernel",         "guidance.0.weight 2 12 1 1\n", "guidance.0.weight 2 12 129 129\n",
    JF_MODEL_ERROR_TENSOR, "127" },
  { "many-outputs",        "guidance.0.weight 2 12 1 1\n", "guidance.0.weight 4097 12 1 1\n",
    JF_MODEL_ERROR_TENSOR, "4096" },
  { "broken-chain",        "target.1.weight 3 4 3 3\n", "target.1.weight 3 5 3 3\n",
    JF_MODEL_ERROR_TENSOR, "“target.1.weight”: its shape is [3, 5, 3, 3], but the layer has 4 inputs" },
  { "target-without-sigma", "target.0.weight 4 13 5 5\n", "target.0.weight 4 12 5 5\n",
    JF_MODEL_ERROR_TENSOR, "“target.0.weight”: its shape is [4, 12, 5, 5], but the layer has 13 inputs" },
  { "guidance-inputs",     "guidance.0.weight 2 12 1 1\n", "guidance.0.weight 2 3 1 1\n",
    JF_MODEL_ERROR_TENSOR, "but the layer has 12 inputs" },
  { "filter-inputs",       "filter.0.weight 12 5 3 3\n", "filter.0.weight 12 4 3 3\n",
    JF_MODEL_ERROR_TENSOR, "but the layer has 5 inputs" },
  { "filter-outputs",      "filter.0.weight 12 5 3 3\nfilter.0.bias 12\n",
                           "filter.0.weight 3 5 3 3\nfilter.0.bias 3\n",
    JF_MODEL_ERROR_TENSOR, "“filter.0.weight”: the last layer has 3 outputs" },
  { "short-bias",          "target.0.bias 4\n", "target.0.bias 3\n",
    JF_MODEL_ERROR_TENSOR, "“target.0.bias”: its shape is [3]" },
  { "flat-bias",           "target.0.bias 4\n", "target.0.bias 4 1\n",
    JF_MODEL_ERROR_TENSOR, "“target.0.bias”: its shape is [4, 1]" },
  { "nan",                 "target.1.weight 3 4 3 3\n", "target.1.weight 3 4 3 3 :nan\n",
    JF_MODEL_ERROR_TENSOR, "“target.1.weight”: value 107 is not a finite number" },
  { "infinite-bias",       "filter.0.bias 12\n", "filter.0.bias 12 :inf\n",
    JF_MODEL_ERROR_TENSOR, "“filter.0.bias”: value 11 is not a finite number" }
};

static const Malformed malformed_excess[] =
{
  { "noise-excess-capital", "noise_excess=true\n", "noise_excess=True\n",
    JF_MODEL_ERROR_METADATA, "“True”" },
  { "noise-excess-alone",   "noise_level=true\n", "",
    JF_MODEL_ERROR_METADATA, "“noise_excess”: it is “true”, but “noise_level” is not" },
  { "target-without-excess", "target.0.weight 2 3 3 3\n", "target.0.weight 2 2 3 3\n",
    JF_MODEL_ERROR_TENSOR, "“target.0.weight”: its shape is [2, 2, 3, 3], but the layer has 3 inputs" },
  { "excess-in-version-1",  "joint-filter-2", "joint-filter-1",
    JF_MODEL_ERROR_TENSOR, "“target.0.weight”: its shape is [2, 3, 3, 3], but the layer has 2 inputs" }
};


static void
check_malformed (const char      *model_text,
                 const Malformed *test)
{
  g_autofree char     *text  = fixture_replace (model_text, test->old, test->new);
  g_autoptr(GBytes)    bytes = fixture_file (text);
  g_autoptr(GError)    error = NULL;
  g_autoptr(JfModel)   model = jf_model_load_bytes (bytes, "some.file", &error);

  g_assert_null (model);
  g_assert_error (error, JF_MODEL_ERROR, (int) test->code);
  g_assert_true (g_str_has_prefix (error->message, "some.file: "));
  g_assert_nonnull (strstr (error->message, test->message));
}

static void
test_malformed (gconstpointer data)
{
  check_malformed (FIXTURE_MODEL, data);
}

static void
test_malformed_excess (gconstpointer data)
{
  check_malformed (FIXTURE_EXCESS_MODEL, data);
}

static void
test_all_options (void)
{
  g_autoptr(GBytes)  bytes = fixture_file (FIXTURE_MODEL);
  g_autoptr(GError)  error = NULL;
  g_autoptr(JfModel) model = jf_model_load_bytes (bytes, "some.file", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (model->name, ==, "some.file");
  g_assert_cmpstr (model->task, ==, "test");
  g_assert_cmpint (model->scale, ==, 2);
  g_assert_true (model->residual);
  g_assert_true (model->merge_relu);
  g_assert_true (model->noise_level);
  g_assert_false (model->noise_excess);
  g_assert_cmpint (model->space_to_depth, ==, 2);
  g_assert_cmpint (model->target_channels, ==, 3);
}

static void
test_defaults (void)
{
  g_autoptr(GBytes)  bytes = fixture_file (FIXTURE_PLAIN_MODEL);
  g_autoptr(GError)  error = NULL;
  g_autoptr(JfModel) model = jf_model_load_bytes (bytes, "file", &error);

  g_assert_no_error (error);
  g_assert_false (model->residual);
  g_assert_false (model->merge_relu);
  g_assert_false (model->noise_level);
  g_assert_cmpint (model->space_to_depth, ==, 1);
  g_assert_cmpint (model->target_channels, ==, 1);
}

static void
test_excess (void)
{
  g_autoptr(GBytes)  bytes = fixture_file (FIXTURE_EXCESS_MODEL);
  g_autoptr(GError)  error = NULL;
  g_autoptr(JfModel) model = jf_model_load_bytes (bytes, "file", &error);

  g_assert_no_error (error);
  g_assert_true (model->noise_level);
  g_assert_true (model->noise_excess);
  g_assert_cmpint (model->stacks[JF_STACK_TARGET].layers[0].inputs, ==, 3);
}

/* Without its own key, version 2 is version 1; and in that the key is one of a model card's. */
static void
test_no_excess (void)
{
  g_autofree char    *second       = fixture_replace (FIXTURE_MODEL, "joint-filter-1", "joint-filter-2");
  g_autofree char    *first        = fixture_replace (FIXTURE_MODEL, "author=somebody\n", "noise_excess=true\n");
  g_autoptr(GBytes)   second_bytes = fixture_file (second);
  g_autoptr(GBytes)   first_bytes  = fixture_file (first);
  g_autoptr(GError)   error        = NULL;
  g_autoptr(JfModel)  second_model = jf_model_load_bytes (second_bytes, "file", &error);
  g_autoptr(JfModel)  first_model  = NULL;

  g_assert_no_error (error);
  g_assert_true (second_model->noise_level);
  g_assert_false (second_model->noise_excess);

  first_model = jf_model_load_bytes (first_bytes, "file", &error);
  g_assert_no_error (error);
  g_assert_false (first_model->noise_excess);
}

static void
test_four (void)
{
  g_autofree char    *one   = fixture_replace (FIXTURE_PLAIN_MODEL, "scale=1\n",
                                               "scale=1\nspace_to_depth=4\n");
  g_autofree char    *two   = fixture_replace (one, "target.0.weight 1 1 ", "target.0.weight 1 16 ");
  g_autofree char    *three = fixture_replace (two, "guidance.0.weight 1 3 ", "guidance.0.weight 1 48 ");
  g_autofree char    *four  = fixture_replace (three, "filter.0.weight 1 2 1 1\nfilter.0.bias 1\n",
                                               "filter.0.weight 16 2 1 1\nfilter.0.bias 16\n");
  g_autoptr(GBytes)   bytes = fixture_file (four);
  g_autoptr(GError)   error = NULL;
  g_autoptr(JfModel)  model = jf_model_load_bytes (bytes, "file", &error);

  g_assert_no_error (error);
  g_assert_cmpint (model->space_to_depth, ==, 4);
  g_assert_cmpint (model->halo, ==, 4);
  g_assert_cmpint (jf_model_get_receptive_field (model), ==, 12);
}

static void
test_layers (void)
{
  g_autoptr(GBytes)  bytes = fixture_file (FIXTURE_MODEL);
  g_autoptr(JfModel) model = jf_model_load_bytes (bytes, "file", NULL);
  const JfStack     *stack = &model->stacks[JF_STACK_TARGET];

  g_assert_cmpint (stack->n_layers, ==, 2);
  g_assert_cmpint (stack->layers[0].inputs, ==, 13);
  g_assert_cmpint (stack->layers[0].outputs, ==, 4);
  g_assert_cmpint (stack->layers[0].kernel, ==, 5);
  g_assert_cmpint (stack->layers[1].inputs, ==, 4);
  g_assert_cmpint (stack->layers[1].outputs, ==, 3);
  g_assert_cmpint (stack->layers[1].kernel, ==, 3);
  g_assert_cmpint (model->stacks[JF_STACK_GUIDANCE].n_layers, ==, 1);
  g_assert_cmpint (model->stacks[JF_STACK_FILTER].n_layers, ==, 1);
}

/* The layers point to the tensors of their names. */
static void
test_weights (void)
{
  g_autoptr(GBytes)        bytes  = fixture_file (FIXTURE_MODEL);
  g_autoptr(JfModel)       model  = jf_model_load_bytes (bytes, "file", NULL);
  g_autoptr(JfSafetensors) file   = jf_safetensors_load_bytes (bytes, "file", NULL);
  const JfLayer           *layer  = &model->stacks[JF_STACK_TARGET].layers[1];
  const JfTensor          *weight = jf_safetensors_get_tensor (file, "target.1.weight");
  const JfTensor          *bias   = jf_safetensors_get_tensor (file, "target.1.bias");

  g_assert_cmpmem (layer->weight, 3 * 4 * 3 * 3 * sizeof (float),
                   weight->data, jf_tensor_count (weight) * sizeof (float));
  g_assert_cmpmem (layer->bias, 3 * sizeof (float),
                   bias->data, jf_tensor_count (bias) * sizeof (float));
}

/* target 5x5, 3x3; guidance 1x1; filter 3x3; everything at half size. */
static void
test_halo (void)
{
  g_autoptr(GBytes)  bytes = fixture_file (FIXTURE_MODEL);
  g_autoptr(JfModel) model = jf_model_load_bytes (bytes, "file", NULL);

  g_assert_cmpint (model->stacks[JF_STACK_TARGET].halo, ==, 3);
  g_assert_cmpint (model->stacks[JF_STACK_GUIDANCE].halo, ==, 0);
  g_assert_cmpint (model->stacks[JF_STACK_FILTER].halo, ==, 1);
  g_assert_cmpint (model->halo, ==, 8);
  g_assert_cmpint (jf_model_get_receptive_field (model), ==, 18);
}

static void
test_multiplications (void)
{
  g_autoptr(GBytes)  bytes = fixture_file (FIXTURE_MODEL);
  g_autoptr(JfModel) model = jf_model_load_bytes (bytes, "file", NULL);
  const double       count = (13 * 4 * 25 + 4 * 3 * 9 + 12 * 2 + 5 * 12 * 9) / 4.0;

  g_assert_cmpfloat (jf_model_get_multiplications (model, 1), ==, count);
  g_assert_cmpfloat (jf_model_get_multiplications (model, 3), ==, count);
}

/* One plane at a time: the guidance counts once, the rest three times. */
static void
test_multiplications_per_plane (void)
{
  g_autoptr(GBytes)  bytes = fixture_file (FIXTURE_PLAIN_MODEL);
  g_autoptr(JfModel) model = jf_model_load_bytes (bytes, "file", NULL);

  g_assert_cmpfloat (jf_model_get_multiplications (model, 1), ==, 3 + (9 + 2));
  g_assert_cmpfloat (jf_model_get_multiplications (model, 3), ==, 3 + 3 * (9 + 2));
}

/* Layers 0 to 11: in the order of numbers, not of names. */
static void
test_many_layers (void)
{
  g_autoptr(GString)  text  = g_string_new (FIXTURE_PLAIN_MODEL);
  g_autoptr(GBytes)   bytes = NULL;
  g_autoptr(GError)   error = NULL;
  g_autoptr(JfModel)  model = NULL;

  for (int i = 11; i > 0; i--)
    g_string_append_printf (text, "filter.%d.weight %d %d 1 1\nfilter.%d.bias %d\n",
                            i, i == 11 ? 1 : i + 2, i == 1 ? 1 : i + 1, i, i == 11 ? 1 : i + 2);

  bytes = fixture_file (text->str);
  model = jf_model_load_bytes (bytes, "file", &error);

  g_assert_no_error (error);
  g_assert_cmpint (model->stacks[JF_STACK_FILTER].n_layers, ==, 12);
  g_assert_cmpint (model->stacks[JF_STACK_FILTER].layers[10].inputs, ==, 11);
}

static void
test_too_many_layers (void)
{
  g_autoptr(GString)  text  = g_string_new (FIXTURE_PLAIN_MODEL);
  g_autoptr(GBytes)   bytes = NULL;
  g_autoptr(GError)   error = NULL;
  g_autoptr(JfModel)  model = NULL;

  for (int i = 1; i < 300; i++)
    g_string_append_printf (text, "filter.%d.weight 1 1 1 1\nfilter.%d.bias 1\n", i, i);

  bytes = fixture_file (text->str);
  model = jf_model_load_bytes (bytes, "file", &error);

  g_assert_null (model);
  g_assert_error (error, JF_MODEL_ERROR, JF_MODEL_ERROR_TENSOR);
  g_assert_nonnull (strstr (error->message, "256"));
}

/* Each kernel is small enough, all of them are not. */
static void
test_halo_too_large (void)
{
  g_autoptr(GString)  text  = g_string_new (FIXTURE_PLAIN_MODEL);
  g_autoptr(GBytes)   bytes = NULL;
  g_autoptr(GError)   error = NULL;
  g_autoptr(JfModel)  model = NULL;

  for (int i = 1; i < 20; i++)
    g_string_append_printf (text, "filter.%d.weight 1 1 127 127\nfilter.%d.bias 1\n", i, i);

  bytes = fixture_file (text->str);
  model = jf_model_load_bytes (bytes, "file", &error);

  g_assert_null (model);
  g_assert_error (error, JF_MODEL_ERROR, JF_MODEL_ERROR_TENSOR);
  g_assert_nonnull (strstr (error->message, "1024"));
}

static void
test_not_safetensors (void)
{
  g_autofree char    *folder = fixture_make_folder ();
  g_autoptr(GBytes)   bytes  = g_bytes_new_static ("GIF89a, or so", 13);
  g_autofree char    *path   = fixture_save (folder, "model.safetensors", bytes);
  g_autoptr(GError)   error  = NULL;
  g_autoptr(JfModel)  model  = jf_model_load (path, &error);

  g_assert_null (model);
  g_assert_error (error, JF_MODEL_ERROR, JF_MODEL_ERROR_FILE);
  g_assert_nonnull (strstr (error->message, path));

  fixture_remove_folder (folder);
}

static void
test_missing (void)
{
  g_autoptr(GError)  error = NULL;
  g_autoptr(JfModel) model = jf_model_load ("/no/such/model", &error);

  g_assert_null (model);
  g_assert_error (error, JF_MODEL_ERROR, JF_MODEL_ERROR_FILE);
  g_assert_nonnull (strstr (error->message, "/no/such/model"));
}

static void
test_references (void)
{
  g_autoptr(GBytes)  bytes = fixture_file (FIXTURE_PLAIN_MODEL);
  JfModel           *model = jf_model_load_bytes (bytes, "file", NULL);
  JfModel           *other = jf_model_ref (model);

  jf_model_unref (model);
  g_assert_cmpstr (other->task, ==, "test");
  jf_model_unref (other);
}

/* The paper's network: 9x9, 1x1, 5x5 twice reach 12 pixels far (section 4.1). */
static void
test_authors_models (void)
{
  static const char * const names[] = { "djf-upsampling-x8", "djfr-upsampling-x4", "djfr-upsampling-x8" };
  g_autofree char          *folder  = fixture_shared_folder ("reference");

  if (! folder)
    {
      g_test_skip ("the authors' models are not here; JF_SHARED names their folder");
      return;
    }

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char    *name  = g_strconcat (names[i], ".safetensors", NULL);
      g_autofree char    *path  = g_build_filename (folder, name, NULL);
      g_autoptr(GError)   error = NULL;
      g_autoptr(JfModel)  model = jf_model_load (path, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (model->task, ==, "upsampling");
      g_assert_cmpint (jf_model_get_receptive_field (model), ==, 25);
      g_assert_cmpfloat (jf_model_get_multiplications (model, 1), ==, 55936.0);
      g_assert_cmpfloat (jf_model_get_multiplications (model, 3), ==, 109536.0);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      g_autofree char *path = g_strdup_printf ("/model/malformed/%s", malformed[i].name);

      g_test_add_data_func (path, &malformed[i], test_malformed);
    }

  for (guint i = 0; i < G_N_ELEMENTS (malformed_excess); i++)
    {
      g_autofree char *path = g_strdup_printf ("/model/malformed/%s", malformed_excess[i].name);

      g_test_add_data_func (path, &malformed_excess[i], test_malformed_excess);
    }

  g_test_add_func ("/model/all-options", test_all_options);
  g_test_add_func ("/model/defaults", test_defaults);
  g_test_add_func ("/model/excess", test_excess);
  g_test_add_func ("/model/no-excess", test_no_excess);
  g_test_add_func ("/model/four", test_four);
  g_test_add_func ("/model/layers", test_layers);
  g_test_add_func ("/model/weights", test_weights);
  g_test_add_func ("/model/halo", test_halo);
  g_test_add_func ("/model/multiplications", test_multiplications);
  g_test_add_func ("/model/multiplications-per-plane", test_multiplications_per_plane);
  g_test_add_func ("/model/many-layers", test_many_layers);
  g_test_add_func ("/model/too-many-layers", test_too_many_layers);
  g_test_add_func ("/model/halo-too-large", test_halo_too_large);
  g_test_add_func ("/model/not-safetensors", test_not_safetensors);
  g_test_add_func ("/model/missing", test_missing);
  g_test_add_func ("/model/references", test_references);
  g_test_add_func ("/model/authors-models", test_authors_models);

  return g_test_run ();
}
