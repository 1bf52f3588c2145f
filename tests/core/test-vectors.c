/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-vectors: what models must compute
 *
 * Every file NAME.CASE.vector.safetensors in a folder holds inputs and the output a model in the same
 * folder must give; its metadata name the model. The repository's own were made by
 * data/make-vectors.py; those of the paper's authors' models are used where they are.
 */
#include <math.h>
#include <string.h>

#include "filter.h"
#include "fixture.h"
#include "safetensors.h"


/* Of the largest value, or of 1 if that is more: float32 sums of some thousand products. */
#define TOLERANCE 1e-5


typedef struct
{
  char *folder;
  char *file;
} Vector;


static GPtrArray *vectors;


static void
vector_free (Vector *vector)
{
  g_free (vector->folder);
  g_free (vector->file);
  g_free (vector);
}

static JfSafetensors *
load_vector (const Vector  *vector,
             char         **model_path)
{
  g_autofree char *path  = g_build_filename (vector->folder, vector->file, NULL);
  g_autofree char *name  = NULL;
  GError          *error = NULL;
  JfSafetensors   *file  = jf_safetensors_load (path, &error);

  g_assert_no_error (error);

  name        = g_strconcat (jf_safetensors_get_metadata (file, "model"), ".safetensors", NULL);
  *model_path = g_build_filename (vector->folder, name, NULL);

  return file;
}

/* The tensor's own memory, as planes. */
static JfPlanes
get_planes (const JfSafetensors *file,
            const char          *name)
{
  const JfTensor *tensor = jf_safetensors_get_tensor (file, name);
  const int       n      = tensor->n_dimensions;

  return (JfPlanes)
    {
      .data     = (float *) tensor->data,
      .channels = n == 3 ? (int) tensor->shape[0] : 1,
      .height   = (int) tensor->shape[n - 2],
      .width    = (int) tensor->shape[n - 1]
    };
}

/* The level, and where there are two numbers the excess. */
static JfNoise
get_noise (const JfTensor *tensor)
{
  return (JfNoise)
    {
      .level  = tensor ? tensor->data[0] : 0.0f,
      .excess = tensor && tensor->shape[0] > 1 ? tensor->data[1] : 0.0f
    };
}

static void
assert_close (const float    *output,
              const JfTensor *expected)
{
  const gsize count   = jf_tensor_count (expected);
  double      largest = 1.0;
  double      error   = 0.0;

  for (gsize i = 0; i < count; i++)
    {
      largest = fmax (largest, fabs (expected->data[i]));
      g_assert_true (isfinite (output[i]));
      error   = fmax (error, fabs ((double) output[i] - expected->data[i]));
    }

  g_assert_cmpfloat (error, <=, TOLERANCE * largest);
}

static void
test_engine (gconstpointer data)
{
  g_autofree char          *path    = NULL;
  g_autoptr(JfSafetensors)  file    = load_vector (data, &path);
  g_autoptr(GError)         error   = NULL;
  g_autoptr(JfModel)        model   = jf_model_load (path, &error);
  g_autoptr(JfFilter)       filter  = NULL;
  JfFilterOptions           options = { .noise = get_noise (jf_safetensors_get_tensor (file, "noise_level")) };
  JfPlanes                  target;
  JfPlanes                  guidance;
  JfPlanes                  outputs[2];

  g_assert_no_error (error);
  filter   = jf_filter_new (model);
  target   = get_planes (file, "target");
  guidance = get_planes (file, "guidance");

  for (int i = 0; i < 2; i++)
    {
      options.task.n_threads = 1 + i;
      g_assert_true (jf_planes_init (&outputs[i], target.channels, target.width, target.height, NULL));
      g_assert_true (jf_filter_apply (filter, &target, &guidance, &options, &outputs[i], &error));
      g_assert_no_error (error);
    }

  assert_close (outputs[0].data, jf_safetensors_get_tensor (file, "output"));
  g_assert_cmpmem (outputs[0].data, sizeof (float) * target.channels * target.width * target.height,
                   outputs[1].data, sizeof (float) * target.channels * target.width * target.height);

  jf_planes_clear (&outputs[0]);
  jf_planes_clear (&outputs[1]);
}

static void
test_command (gconstpointer data)
{
  const Vector             *vector  = data;
  g_autofree char          *model   = NULL;
  g_autoptr(JfSafetensors)  file    = load_vector (vector, &model);
  g_autofree char          *in      = g_build_filename (vector->folder, vector->file, NULL);
  g_autofree char          *folder  = fixture_make_folder ();
  g_autofree char          *out     = g_build_filename (folder, "out.safetensors", NULL);
  const char               *words[] = { g_getenv ("JF_COMMAND"), "apply", model, in, out, "--threads",
                                        "2", NULL };
  g_autoptr(GError)         error   = NULL;
  g_autoptr(JfSafetensors)  result  = NULL;
  const JfTensor           *output;
  const JfTensor           *target;
  int                       status;

  g_spawn_sync (NULL, (char **) words, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);

  result = jf_safetensors_load (out, &error);
  g_assert_no_error (error);

  output = jf_safetensors_get_tensor (result, "output");
  target = jf_safetensors_get_tensor (file, "target");
  g_assert_nonnull (output);
  g_assert_cmpint (output->n_dimensions, ==, target->n_dimensions);
  g_assert_cmpmem (output->shape, sizeof (gint64) * output->n_dimensions,
                   target->shape, sizeof (gint64) * target->n_dimensions);
  assert_close (output->data, jf_safetensors_get_tensor (file, "output"));

  fixture_remove_folder (folder);
}

static void
test_absent (void)
{
  g_test_skip ("the authors' models are not here; JF_SHARED names their folder");
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char * const *) a, *(const char * const *) b);
}

static void
add_folder (const char *folder,
            const char *group)
{
  g_autoptr(GDir)       dir   = g_dir_open (folder, 0, NULL);
  g_autoptr(GPtrArray)  names = g_ptr_array_new_with_free_func (g_free);
  const char           *name;

  g_assert_nonnull (dir);

  while ((name = g_dir_read_name (dir)))
    if (g_str_has_suffix (name, ".vector.safetensors"))
      g_ptr_array_add (names, g_strdup (name));

  g_assert_cmpuint (names->len, >, 0);
  g_ptr_array_sort (names, compare_names);

  for (guint i = 0; i < names->len; i++)
    {
      const char      *file    = g_ptr_array_index (names, i);
      g_autofree char *engine  = g_strdup_printf ("/vectors/%s/%s/engine", group, file);
      g_autofree char *command = g_strdup_printf ("/vectors/%s/%s/command", group, file);
      Vector          *vector  = g_new (Vector, 1);

      vector->folder = g_strdup (folder);
      vector->file   = g_strdup (file);
      g_ptr_array_add (vectors, vector);

      g_test_add_data_func (engine, vector, test_engine);
      g_test_add_data_func (command, vector, test_command);
    }
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *own    = NULL;
  g_autofree char *shared = NULL;
  int              status;

  g_test_init (&argc, &argv, NULL);

  vectors = g_ptr_array_new_with_free_func ((GDestroyNotify) vector_free);
  own     = g_test_build_filename (G_TEST_DIST, "data", NULL);
  shared  = fixture_shared_folder ("reference");

  add_folder (own, "own");
  if (shared)
    add_folder (shared, "authors");
  else
    g_test_add_func ("/vectors/authors", test_absent);

  status = g_test_run ();
  g_ptr_array_unref (vectors);

  return status;
}
