/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-command: joint-filter on the command line
 *
 * What apply computes is test-vectors' business; this is about its arguments, files and errors.
 */
#include <math.h>
#include <string.h>
#include <sys/wait.h>

#include "fixture.h"
#include "model.h"


#define INPUT "target 5 7\nguidance 3 5 7\n"


typedef struct
{
  int   status;
  char *output;
  char *errors;
} Result;

/* A file for IN, a model, and what the error must mention. */
typedef struct
{
  const char *name;
  const char *model;
  const char *input;
  const char *message;
} Refused;


static const Refused refused[] =
{
  { "no-target",        FIXTURE_PLAIN_MODEL, "guidance 5 7\n",                     "“target”: it is missing" },
  { "no-guidance",      FIXTURE_PLAIN_MODEL, "target 5 7\n",                       "“guidance”: it is missing" },
  { "flat-target",      FIXTURE_PLAIN_MODEL, "target 7\nguidance 5 7\n",           "“target”: its shape is [7]" },
  { "batch",            FIXTURE_PLAIN_MODEL, "target 1 1 5 7\nguidance 5 7\n",     "“target”: its shape is [1, 1, 5, 7]" },
  { "empty-target",     FIXTURE_PLAIN_MODEL, "target 0 7\nguidance 0 7\n",         "its shape is [0, 7]" },
  { "two-channels",     FIXTURE_PLAIN_MODEL, "target 2 5 7\nguidance 5 7\n",       "“target”: its shape is [2, 5, 7]" },
  { "four-channels",    FIXTURE_PLAIN_MODEL, "target 5 7\nguidance 4 5 7\n",       "“guidance”: its shape is [4, 5, 7]" },
  { "other-size",       FIXTURE_PLAIN_MODEL, "target 5 7\nguidance 7 5\n",         "in.safetensors" },
  { "no-noise-level",   FIXTURE_MODEL,       INPUT,                                "“noise_level”" },
  { "long-noise-level", FIXTURE_MODEL,       INPUT "noise_level 2\n",              "“noise_level”" },
  { "negative-noise-level", FIXTURE_MODEL,   INPUT "noise_level 1 :-0.1\n",        "“noise_level”" },
  { "nan-noise-level",  FIXTURE_MODEL,       INPUT "noise_level 1 :nan\n",          "“noise_level”" },
  { "short-noise-level", FIXTURE_EXCESS_MODEL, INPUT "noise_level 0\n",           "“noise_level”" },
  { "three-numbers",    FIXTURE_EXCESS_MODEL, INPUT "noise_level 3\n",           "of shape [1] or [2]" },
  { "nan-excess",       FIXTURE_EXCESS_MODEL, INPUT "noise_level 2 :nan\n",      "“noise_level”" },
  { "broken-model",     "format=1\n",        INPUT,                                "model.safetensors" }
};


static void
result_clear (Result *result)
{
  g_free (result->output);
  g_free (result->errors);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

/* The words end in NULL, which may be the first. */
static Result
run (const char *first,
     ...)
{
  g_autoptr(GPtrArray) words  = g_ptr_array_new ();
  g_autoptr(GError)    error  = NULL;
  Result               result = { 0 };
  va_list              args;

  g_ptr_array_add (words, (gpointer) g_getenv ("JF_COMMAND"));

  va_start (args, first);
  for (const char *word = first; word; word = va_arg (args, const char *))
    g_ptr_array_add (words, (gpointer) word);
  va_end (args);

  g_ptr_array_add (words, NULL);

  g_spawn_sync (NULL, (char **) words->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                &result.output, &result.errors, &result.status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (result.status));
  result.status = WEXITSTATUS (result.status);

  return result;
}

static void
assert_fails (const Result *result,
              int           status,
              const char   *message)
{
  g_assert_cmpint (result->status, ==, status);
  g_assert_cmpstr (result->output, ==, "");
  g_assert_true (g_str_has_prefix (result->errors, "joint-filter: "));
  g_assert_nonnull (strstr (result->errors, message));
}

static void
test_usage (void)
{
  g_auto(Result) nothing  = run (NULL);
  g_auto(Result) unknown  = run ("frobnicate", NULL);
  g_auto(Result) few      = run ("apply", "a", "b", NULL);
  g_auto(Result) many     = run ("info", "a", "b", NULL);
  g_auto(Result) option   = run ("apply", "a", "b", "c", "--fast", NULL);
  g_auto(Result) threads  = run ("apply", "a", "b", "c", "--threads", "many", NULL);
  g_auto(Result) negative = run ("apply", "a", "b", "c", "--threads=-1", NULL);

  assert_fails (&nothing, 2, "--help");
  assert_fails (&unknown, 2, "frobnicate");
  assert_fails (&few, 2, "apply MODEL IN OUT [--threads N]");
  assert_fails (&many, 2, "info MODEL");
  assert_fails (&option, 2, "--fast");
  assert_fails (&threads, 2, "many");
  assert_fails (&negative, 2, "--threads N");
}

static void
test_help (void)
{
  g_auto(Result) all = run ("--help", NULL);
  g_auto(Result) one = run ("apply", "--help", NULL);

  g_assert_cmpint (all.status, ==, 0);
  g_assert_cmpstr (all.errors, ==, "");
  g_assert_nonnull (strstr (all.output, "apply MODEL IN OUT [--threads N]"));
  g_assert_nonnull (strstr (all.output, "info MODEL"));
  g_assert_nonnull (strstr (all.output, "bench WIDTH HEIGHT CHANNELS THREADS REPS [MODEL]"));

  g_assert_cmpint (one.status, ==, 0);
  g_assert_nonnull (strstr (one.output, "--threads"));
}

static void
test_refused (gconstpointer data)
{
  const Refused     *test        = data;
  g_autofree char   *folder      = fixture_make_folder ();
  g_autoptr(GBytes)  model_bytes = fixture_file (test->model);
  g_autoptr(GBytes)  in_bytes    = fixture_file (test->input);
  g_autofree char   *model       = fixture_save (folder, "model.safetensors", model_bytes);
  g_autofree char   *in          = fixture_save (folder, "in.safetensors", in_bytes);
  g_autofree char   *out         = g_build_filename (folder, "out.safetensors", NULL);
  g_auto(Result)     result      = run ("apply", model, in, out, NULL);

  assert_fails (&result, 1, test->message);
  g_assert_nonnull (strstr (result.errors, folder));
  g_assert_false (g_file_test (out, G_FILE_TEST_EXISTS));

  fixture_remove_folder (folder);
}

static void
test_missing_files (void)
{
  g_autofree char   *folder  = fixture_make_folder ();
  g_autoptr(GBytes)  bytes   = fixture_file (FIXTURE_PLAIN_MODEL);
  g_autoptr(GBytes)  input   = fixture_file (INPUT);
  g_autofree char   *model   = fixture_save (folder, "model", bytes);
  g_autofree char   *in      = fixture_save (folder, "in", input);
  g_auto(Result)     nomodel = run ("apply", "/no/model", in, "/no/out", NULL);
  g_auto(Result)     noin    = run ("apply", model, "/no/in", "/no/out", NULL);
  g_auto(Result)     noout   = run ("apply", model, in, "/no/out", NULL);
  g_auto(Result)     noinfo  = run ("info", "/no/model", NULL);

  assert_fails (&nomodel, 1, "/no/model");
  assert_fails (&noin, 1, "/no/in");
  assert_fails (&noout, 1, "/no/");
  assert_fails (&noinfo, 1, "/no/model");

  fixture_remove_folder (folder);
}

static void
test_folders (void)
{
  g_autofree char   *folder  = fixture_make_folder ();
  g_autofree char   *reason  = g_strdup_printf ("joint-filter: %s: this is a folder, not a safetensors file\n", folder);
  g_autoptr(GBytes)  bytes   = fixture_file (FIXTURE_PLAIN_MODEL);
  g_autoptr(GBytes)  input   = fixture_file (INPUT);
  g_autofree char   *model   = fixture_save (folder, "model", bytes);
  g_autofree char   *in      = fixture_save (folder, "in", input);
  g_auto(Result)     asmodel = run ("apply", folder, in, "/no/out", NULL);
  g_auto(Result)     asin    = run ("apply", model, folder, "/no/out", NULL);
  g_auto(Result)     asout   = run ("apply", model, in, folder, NULL);
  g_auto(Result)     asinfo  = run ("info", folder, NULL);

  assert_fails (&asmodel, 1, reason);
  assert_fails (&asin, 1, reason);
  assert_fails (&asout, 1, folder);
  assert_fails (&asinfo, 1, reason);
  g_assert_true (g_file_test (folder, G_FILE_TEST_IS_DIR));

  fixture_remove_folder (folder);
}

/* Nothing is said when all is well; other tensors do not matter. */
static void
test_apply (void)
{
  g_autofree char          *folder      = fixture_make_folder ();
  g_autoptr(GBytes)         model_bytes = fixture_file (FIXTURE_MODEL);
  g_autoptr(GBytes)         in_bytes    = fixture_file (INPUT "noise_level 1 :0.1\nother 3\n");
  g_autofree char          *model       = fixture_save (folder, "model", model_bytes);
  g_autofree char          *in          = fixture_save (folder, "in", in_bytes);
  g_autoptr(GError)         error       = NULL;
  g_autoptr(JfSafetensors)  file        = NULL;
  const JfTensor           *output;

  {
    g_auto(Result) result = run ("apply", "--threads", "1", model, in, in, NULL);

    g_assert_cmpstr (result.errors, ==, "");
    g_assert_cmpstr (result.output, ==, "");
    g_assert_cmpint (result.status, ==, 0);
  }

  file = jf_safetensors_load (in, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (jf_safetensors_list_tensors (file)->len, ==, 1);

  output = jf_safetensors_get_tensor (file, "output");
  g_assert_cmpint (output->n_dimensions, ==, 2);
  g_assert_cmpint (output->shape[0], ==, 5);
  g_assert_cmpint (output->shape[1], ==, 7);

  fixture_remove_folder (folder);
}

/* A pixel as a model that takes the excess filters it. The level is the same for any @noise that does not tell it, and not negative
 * by that other tensor.
 */
static float
apply_excess (const char *noise)
{
  g_autofree char          *folder      = fixture_make_folder ();
  g_autofree char          *text        = g_strconcat ("target 1 1\nguidance 1 1\nother 1\n", noise, NULL);
  g_autoptr(GBytes)         model_bytes = fixture_file (FIXTURE_EXCESS_MODEL);
  g_autoptr(GBytes)         in_bytes    = fixture_file (text);
  g_autofree char          *model       = fixture_save (folder, "model", model_bytes);
  g_autofree char          *in          = fixture_save (folder, "in", in_bytes);
  g_autoptr(GError)         error       = NULL;
  g_autoptr(JfSafetensors)  file        = NULL;
  g_auto(Result)            result      = run ("apply", model, in, in, NULL);

  g_assert_cmpstr (result.errors, ==, "");
  g_assert_cmpint (result.status, ==, 0);
  file = jf_safetensors_load (in, &error);
  g_assert_no_error (error);
  fixture_remove_folder (folder);

  return *jf_safetensors_get_tensor (file, "output")->data;
}

/* One number is a level, whose excess is estimated: a pixel has none. */
static void
test_excess (void)
{
  const float none = apply_excess ("noise_level 2 :0\n");

  g_assert_cmpfloat (apply_excess ("noise_level 1\n"), ==, none);
  g_assert_cmpfloat (fabsf (apply_excess ("noise_level 2 :0.25\n") - none), >, 0.001f);
}

static void
test_info (void)
{
  g_autofree char   *folder = fixture_make_folder ();
  g_autoptr(GBytes)  bytes  = fixture_file (FIXTURE_MODEL);
  g_autofree char   *model  = fixture_save (folder, "model", bytes);
  g_auto(Result)     result = run ("info", model, NULL);

  g_assert_cmpint (result.status, ==, 0);
  g_assert_cmpstr (result.errors, ==, "");
  g_assert_nonnull (strstr (result.output, "task: test\n"));
  g_assert_nonnull (strstr (result.output, "target.0.weight [4, 13, 5, 5]\n"));
  g_assert_nonnull (strstr (result.output, "noise level: true\nnoise excess: false\n"));
  g_assert_nonnull (strstr (result.output, "filter.0.bias [12]\n"));
  g_assert_nonnull (strstr (result.output, "weights: 1993\n"));
  g_assert_nonnull (strstr (result.output, "receptive field: 18 x 18 pixels\n"));
  g_assert_nonnull (strstr (result.output, "multiplications per pixel: 493 for one channel, 493 for three\n"));

  fixture_remove_folder (folder);
}

static void
assert_bench_line (const Result *result)
{
  g_assert_cmpint (result->status, ==, 0);
  g_assert_cmpstr (result->errors, ==, "");
  g_assert_true (g_regex_match_simple ("^median_ms=[0-9.]+ gflops=[0-9.]+ peak_rss_kib=[0-9]+\\n$",
                                       result->output, 0, 0));
}

static void
test_bench (void)
{
  g_auto(Result) result = run ("bench", "24", "16", "1", "1", "2", NULL);

  assert_bench_line (&result);
}

/* The speed that is printed is that of the multiplications info counts. */
static void
test_bench_model (void)
{
  g_autofree char   *folder = fixture_make_folder ();
  g_autoptr(GBytes)  bytes  = fixture_file (FIXTURE_PLAIN_MODEL);
  g_autofree char   *model  = fixture_save (folder, "model", bytes);
  g_auto(Result)     result = run ("bench", "1000", "400", "3", "2", "3", model, NULL);
  double             median;
  double             speed;

  assert_bench_line (&result);
  median = g_ascii_strtod (strstr (result.output, "median_ms=") + 10, NULL);
  speed  = g_ascii_strtod (strstr (result.output, "gflops=") + 7, NULL);
  g_assert_cmpfloat_with_epsilon (speed, 2e-6 * 36 * 1000 * 400 / median, 0.01 + 0.001 * speed);

  fixture_remove_folder (folder);
}

static void
test_bench_usage (void)
{
  g_auto(Result) width    = run ("bench", "wide", "16", "1", "1", "1", NULL);
  g_auto(Result) height   = run ("bench", "16", "0", "1", "1", "1", NULL);
  g_auto(Result) channels = run ("bench", "16", "16", "2", "1", "1", NULL);
  g_auto(Result) reps     = run ("bench", "16", "16", "1", "1", "0", NULL);
  g_auto(Result) model    = run ("bench", "16", "16", "1", "1", "1", "/no/model", NULL);

  assert_fails (&width, 2, "WIDTH");
  assert_fails (&height, 2, "HEIGHT");
  assert_fails (&channels, 2, "CHANNELS");
  assert_fails (&reps, 2, "REPS");
  assert_fails (&model, 1, "/no/model");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/command/usage", test_usage);
  g_test_add_func ("/command/help", test_help);
  g_test_add_func ("/command/missing-files", test_missing_files);
  g_test_add_func ("/command/folders", test_folders);
  g_test_add_func ("/command/apply", test_apply);
  g_test_add_func ("/command/excess", test_excess);
  g_test_add_func ("/command/info", test_info);
  g_test_add_func ("/command/bench", test_bench);
  g_test_add_func ("/command/bench-model", test_bench_model);
  g_test_add_func ("/command/bench-usage", test_bench_usage);

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *path = g_strdup_printf ("/command/apply-refused/%s", refused[i].name);

      g_test_add_data_func (path, &refused[i], test_refused);
    }

  return g_test_run ();
}
