/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-filter: the public call: sizes, threads, regions, progress, cancel, bad arguments
 */
#include <math.h>
#include <string.h>

#include "filter.h"
#include "fixture-configurations.h"

/* Of the largest value, or of 1 if that is more. Winograd's transforms by factors of up to 32 in every layer leave up to 1e-5
 * between the two ways where kernels have no fused multiply-add; the random inputs are new in every run.
 */
#define TOLERANCE 3e-5

static JfModel *
load_model (const char *name)
{
  g_autofree char *path  = g_test_build_filename (G_TEST_DIST, "data", name, NULL);
  GError          *error = NULL;
  JfModel         *model = jf_model_load (path, &error);

  g_assert_no_error (error);

  return model;
}

static JfPlanes
random_planes (int channels,
               int width,
               int height)
{
  JfPlanes  planes;
  GError   *error = NULL;
  int       i;

  g_assert_true (jf_planes_init (&planes, channels, width, height, &error));
  for (i = 0; i < channels * width * height; i++)
    planes.data[i] = (float) g_test_rand_double_range (-0.25, 1.25);

  return planes;
}

static JfPlanes
apply (JfFilter              *filter,
       const JfPlanes        *target,
       const JfPlanes        *guidance,
       const JfFilterOptions *options)
{
  const JfRegion *region = options->region;
  JfPlanes        output;
  GError         *error = NULL;

  g_assert_true (jf_planes_init (&output, target->channels,
                                 region ? region->width : target->width,
                                 region ? region->height : target->height, &error));
  g_assert_true (jf_filter_apply (filter, target, guidance, options, &output, &error));
  g_assert_no_error (error);

  return output;
}

static double
find_difference (const JfPlanes *a,
                 const JfPlanes *b)
{
  double largest    = 1.0;
  double difference = 0.0;
  int    i;

  for (i = 0; i < a->channels * a->width * a->height; i++)
    {
      g_assert_true (isfinite (a->data[i]));
      largest    = MAX (largest, fabs (b->data[i]));
      difference = MAX (difference, fabs ((double) a->data[i] - b->data[i]));
    }

  return difference / largest;
}

static void
check_against_reference (const char *name,
                         int         target_planes,
                         int         guidance_planes,
                         int         width,
                         int         height)
{
  g_autoptr(JfModel)  model     = load_model (name);
  g_autoptr(JfFilter) filter    = jf_filter_new (model);
  g_autoptr(JfFilter) reference = jf_filter_new_reference (model);
  g_auto(JfPlanes)    target    = random_planes (target_planes, width, height);
  g_auto(JfPlanes)    guidance  = random_planes (guidance_planes, width, height);
  JfFilterOptions     options   = { .noise = { 0.1f, 0.05f } };
  g_auto(JfPlanes)    found     = apply (filter, &target, &guidance, &options);
  g_auto(JfPlanes)    expected  = apply (reference, &target, &guidance, &options);

  g_assert_cmpfloat (find_difference (&found, &expected), <, TOLERANCE);
}

/* The fast ways against the plain one. */
static void
test_reference (void)
{
  static const char *const models[]  = { "plain.safetensors", "blocks.safetensors", "colour.safetensors",
                                         "noise.safetensors", "colour-noise.safetensors", "paper.safetensors",
                                         "excess.safetensors", "joined-excess.safetensors", "deep-excess.safetensors" };
  static const int         sizes[][2] = { { 1, 1 }, { 1, 9 }, { 17, 1 }, { 61, 43 }, { 97, 205 } };
  guint                    m, s;

  for (m = 0; m < G_N_ELEMENTS (models); m++)
    for (s = 0; s < G_N_ELEMENTS (sizes); s++)
      {
        check_against_reference (models[m], 1, 1, sizes[s][0], sizes[s][1]);
        check_against_reference (models[m], 3, 1, sizes[s][0], sizes[s][1]);
        check_against_reference (models[m], 1, 3, sizes[s][0], sizes[s][1]);
        check_against_reference (models[m], 3, 3, sizes[s][0], sizes[s][1]);
      }
}

/* Several rows and columns of tiles. */
static void
test_tiles (void)
{
  check_against_reference ("colour-noise.safetensors", 3, 3, 1701, 31);
  check_against_reference ("colour-noise.safetensors", 3, 3, 23, 1100);
  check_against_reference ("plain.safetensors", 1, 3, 801, 401);
}

/* Several strips, the last one as wide as the others and far narrower, with kernels of two sizes, stacks of two depths, planes
 * together, one by one, and joined.
 */
static void
test_strips (void)
{
  check_against_reference ("colour-noise.safetensors", 3, 3, 6401, 31);
  check_against_reference ("colour-noise.safetensors", 1, 1, 6101, 17);
  check_against_reference ("noise.safetensors", 3, 3, 6173, 29);
  check_against_reference ("joined.safetensors", 3, 3, 6137, 15);
}

/* Cascades: one strip and several, the first one narrower and wider than the others, with a vector more in some layers than in
 * others; blocks of one row of tiles and of two, and more layers than a block above the picture has rows for.
 */
static void
test_cascades (void)
{
  static const int sizes[][2] = { { 96, 2 }, { 97, 12 }, { 73, 25 }, { 192, 24 }, { 179, 13 }, { 193, 49 }, { 287, 26 },
                                  { 385, 63 }, { 401, 35 }, { 577, 11 }, { 1001, 97 } };
  guint            s;

  for (s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      check_against_reference ("deep.safetensors", 3, 3, sizes[s][0], sizes[s][1]);
      check_against_reference ("joined.safetensors", 1, 3, sizes[s][0], sizes[s][1]);
    }
}

static void
check_threads (const char *name,
               int         width,
               int         height)
{
  static const int n_threads[] = { 2, 3, 4, 5, 17 };

  g_autoptr(JfModel)  model    = load_model (name);
  g_autoptr(JfFilter) filter   = jf_filter_new (model);
  g_auto(JfPlanes)    target   = random_planes (3, width, height);
  g_auto(JfPlanes)    guidance = random_planes (3, width, height);
  JfFilterOptions     options  = { .noise = { 0.1f, 0.05f }, .task.n_threads = 1 };
  g_auto(JfPlanes)    expected = apply (filter, &target, &guidance, &options);
  guint               i;

  for (i = 0; i < G_N_ELEMENTS (n_threads); i++)
    {
      g_auto(JfPlanes) found = { 0 };

      options.task.n_threads = n_threads[i];
      found = apply (filter, &target, &guidance, &options);
      g_assert_cmpmem (found.data, sizeof (float) * 3 * width * height,
                       expected.data, sizeof (float) * 3 * width * height);
    }
}

/* Tiles of one strip and of several, and where several threads have more rows of tiles than one. */
static void
test_threads (void)
{
  check_threads ("colour-noise.safetensors", 301, 407);
  check_threads ("colour-noise.safetensors", 6401, 97);
  check_threads ("paper.safetensors", 401, 1207);
  check_threads ("blocks.safetensors", 801, 2407);
  check_threads ("plain.safetensors", 301, 407);
  check_threads ("deep.safetensors", 401, 307);
  check_threads ("joined.safetensors", 97, 53);
}

/* Several callers of one filter, again and again with other sizes: what threads and memory did before must not show. */
typedef struct
{
  JfFilter *filter;
  JfPlanes  target;
  JfPlanes  guidance;
  JfPlanes  expected;
} Caller;

static Caller
caller_new (JfFilter *filter,
            int       width,
            int       height)
{
  g_autoptr(JfFilter)   fresh   = jf_filter_new (jf_filter_get_model (filter));
  const JfFilterOptions options = { .noise = { 0.1f, 0.05f }, .task.n_threads = 1 };
  Caller                caller  = { filter, random_planes (3, width, height), random_planes (1, width, height), { 0 } };

  caller.expected = apply (fresh, &caller.target, &caller.guidance, &options);

  return caller;
}

static gpointer
call_often (gpointer data)
{
  Caller          *caller  = data;
  JfFilterOptions  options = { .noise = { 0.1f, 0.05f } };
  int              i;

  for (i = 0; i < 20; i++)
    {
      options.task.n_threads = 1 + i % 4;
      {
        g_auto(JfPlanes) found = apply (caller->filter, &caller->target, &caller->guidance, &options);

        g_assert_cmpmem (found.data, sizeof (float) * 3 * found.width * found.height,
                         caller->expected.data, sizeof (float) * 3 * found.width * found.height);
      }
    }

  return NULL;
}

static void
test_calls (void)
{
  g_autoptr(JfModel)  model    = load_model ("colour-noise.safetensors");
  g_autoptr(JfModel)  other    = load_model ("plain.safetensors");
  g_autoptr(JfFilter) filter   = jf_filter_new (model);
  g_autoptr(JfFilter) another  = jf_filter_new (other);
  g_autoptr(JfModel)  third    = load_model ("deep.safetensors");
  g_autoptr(JfFilter) cascade  = jf_filter_new (third);
  Caller              callers[] = { caller_new (filter, 301, 207), caller_new (filter, 91, 187),
                                    caller_new (another, 203, 301), caller_new (another, 33, 20),
                                    caller_new (cascade, 401, 99), caller_new (cascade, 77, 131) };
  GThread            *threads[G_N_ELEMENTS (callers)];
  guint               i;

  for (i = 0; i < G_N_ELEMENTS (callers); i++)
    threads[i] = g_thread_new ("caller", call_often, &callers[i]);
  for (i = 0; i < G_N_ELEMENTS (callers); i++)
    {
      g_thread_join (threads[i]);
      jf_planes_clear (&callers[i].target);
      jf_planes_clear (&callers[i].guidance);
      jf_planes_clear (&callers[i].expected);
    }
}

/* -1 where the system does not tell. */
static int
count_threads (void)
{
  g_autoptr(GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  int             n     = tasks ? 0 : -1;

  while (tasks && g_dir_read_name (tasks))
    n++;

  return n;
}

/* Threads stay for the next call, and end with the last filter. */
static void
test_crew (void)
{
  g_autoptr(JfModel)    model    = load_model ("plain.safetensors");
  JfFilter             *filter   = jf_filter_new (model);
  JfFilter             *second   = jf_filter_new (model);
  g_auto(JfPlanes)      target   = random_planes (1, 301, 307);
  g_auto(JfPlanes)      guidance = random_planes (1, 301, 307);
  const JfFilterOptions options  = { .task.n_threads = 2 };
  int                   before   = count_threads ();
  int                   i;

  for (i = 0; i < 3; i++)
    {
      g_auto(JfPlanes) output = apply (i == 1 ? second : filter, &target, &guidance, &options);

      g_assert_cmpint (count_threads (), ==, before < 0 ? -1 : before + 1);
    }

  jf_filter_free (filter);
  g_assert_cmpint (count_threads (), ==, before < 0 ? -1 : before + 1);
  jf_filter_free (second);

  /* The system may tell of a thread for a moment after it was joined. */
  for (i = 0; i < 1000 && count_threads () != before; i++)
    g_usleep (1000);
  g_assert_cmpint (count_threads (), ==, before);
}

/* Where planes are taken one by one, two of them are two of three. */
static void
test_two_planes (void)
{
  g_autoptr(JfModel)  model    = load_model ("blocks.safetensors");
  g_autoptr(JfFilter) filter   = jf_filter_new (model);
  g_auto(JfPlanes)    target   = random_planes (3, 61, 43);
  g_auto(JfPlanes)    guidance = random_planes (1, 61, 43);
  JfFilterOptions     options  = { 0 };
  g_auto(JfPlanes)    expected = apply (filter, &target, &guidance, &options);
  JfPlanes            two      = { target.data, 2, 61, 43 };
  g_auto(JfPlanes)    found    = apply (filter, &two, &guidance, &options);

  expected.channels = 2;
  g_assert_cmpfloat (find_difference (&found, &expected), <, TOLERANCE);
}

/* Odd positions and sizes, so that no block of a model with r > 1 fits. */
static void
check_region (const char     *name,
              const JfRegion *region)
{
  g_autoptr(JfModel)  model    = load_model (name);
  g_autoptr(JfFilter) filter   = jf_filter_new (model);
  g_auto(JfPlanes)    target   = random_planes (3, 120, 90);
  g_auto(JfPlanes)    guidance = random_planes (1, 120, 90);
  JfFilterOptions     options  = { .noise = { 0.05f, -0.02f } };
  g_auto(JfPlanes)    whole    = apply (filter, &target, &guidance, &options);
  g_auto(JfPlanes)    part     = { 0 };
  g_auto(JfPlanes)    cropped  = random_planes (3, region->width, region->height);
  int                 c, y;

  options.region = region;
  part = apply (filter, &target, &guidance, &options);

  for (c = 0; c < 3; c++)
    for (y = 0; y < region->height; y++)
      memcpy (cropped.data + ((gsize) c * region->height + y) * region->width,
              whole.data + ((gsize) c * 90 + region->y + y) * 120 + region->x,
              region->width * sizeof (float));
  g_assert_cmpfloat (find_difference (&part, &cropped), <, TOLERANCE);
}

static void
test_region (void)
{
  const JfRegion regions[] = { { 0, 0, 120, 90 }, { 7, 5, 33, 21 }, { 119, 89, 1, 1 }, { 1, 0, 1, 90 } };
  guint          i;

  for (i = 0; i < G_N_ELEMENTS (regions); i++)
    {
      check_region ("colour-noise.safetensors", &regions[i]);
      check_region ("deep.safetensors", &regions[i]);
      check_region ("blocks.safetensors", &regions[i]);
      check_region ("plain.safetensors", &regions[i]);
    }
}

typedef struct
{
  GMutex  mutex;
  guchar *times;      /* that each pixel of the target was told of */
  int     width;
  int     n_parts;
} Told;

static void
note_part (const JfRegion *part,
           gpointer        data)
{
  Told *told = data;

  g_mutex_lock (&told->mutex);
  told->n_parts++;
  for (int y = part->y; y < part->y + part->height; y++)
    for (int x = part->x; x < part->x + part->width; x++)
      told->times[y * told->width + x]++;
  g_mutex_unlock (&told->mutex);
}

/* Of every pixel of the region once, and of none besides, by any number of threads. */
static void
test_parts (gconstpointer name)
{
  const JfRegion       region   = { 37, 11, 611, 453 };
  g_autoptr (JfModel)  model    = load_model (name);
  g_autoptr (JfFilter) filter   = jf_filter_new (model);
  g_auto (JfPlanes)    target   = random_planes (3, 700, 500);
  g_auto (JfPlanes)    guidance = random_planes (3, 700, 500);

  for (int n_threads = 1; n_threads <= 3; n_threads++)
    {
      g_autofree guchar *times   = g_new0 (guchar, 700 * 500);
      Told               told    = { .times = times, .width = 700 };
      JfFilterOptions    options = { { 0.1f, 0.05f }, &region, { .n_threads = n_threads }, note_part, &told };
      g_auto (JfPlanes)  output  = { 0 };

      g_mutex_init (&told.mutex);
      output = apply (filter, &target, &guidance, &options);
      g_mutex_clear (&told.mutex);

      g_assert_cmpint (told.n_parts, >=, 6);
      g_assert_cmpint (told.n_parts, <=, 24);
      for (int y = 0; y < 500; y++)
        for (int x = 0; x < 700; x++)
          g_assert_cmpint (times[y * 700 + x], ==,
                           x >= region.x && x < region.x + region.width && y >= region.y && y < region.y + region.height);
    }
}

/* Values far outside 0..1 come through, unclipped. */
static void
test_far_values (void)
{
  g_autoptr(JfModel)  model     = load_model ("colour.safetensors");
  g_autoptr(JfFilter) filter    = jf_filter_new (model);
  g_autoptr(JfFilter) reference = jf_filter_new_reference (model);
  g_auto(JfPlanes)    target    = random_planes (3, 40, 30);
  g_auto(JfPlanes)    guidance  = random_planes (3, 40, 30);
  JfFilterOptions     options   = { 0 };
  g_auto(JfPlanes)    found     = { 0 };
  g_auto(JfPlanes)    expected  = { 0 };

  target.data[5 * 40 + 7] = 1000.0f;
  target.data[6 * 40 + 9] = -1000.0f;
  found    = apply (filter, &target, &guidance, &options);
  expected = apply (reference, &target, &guidance, &options);
  g_assert_cmpfloat (find_difference (&found, &expected), <, TOLERANCE);
}

typedef struct
{
  double        last;
  int           calls;
  GThread      *thread;
  GCancellable *cancellable;
  int           cancel_after;
} Progress;

static void
note_progress (double   fraction,
               gpointer data)
{
  Progress *progress = data;

  g_assert_true (g_thread_self () == progress->thread);
  g_assert_cmpfloat (fraction, >=, progress->last);
  g_assert_cmpfloat (fraction, <=, 1.0);
  progress->last = fraction;
  if (++progress->calls == progress->cancel_after)
    g_cancellable_cancel (progress->cancellable);
}

static void
test_progress (gconstpointer data)
{
  /* Large enough for a caller who has to wait for a processor to find some of the work left. */
  g_autoptr(JfModel)  model    = load_model ("colour-noise.safetensors");
  g_autoptr(JfFilter) filter   = jf_filter_new (model);
  g_auto(JfPlanes)    target   = random_planes (3, 800, 1200);
  g_auto(JfPlanes)    guidance = random_planes (3, 800, 1200);
  Progress            progress = { .thread = g_thread_self () };
  JfFilterOptions     options  = { .task.n_threads = GPOINTER_TO_INT (data),
                                   .task.progress = note_progress, .task.progress_data = &progress };
  g_auto(JfPlanes)    output   = apply (filter, &target, &guidance, &options);

  g_assert_cmpint (progress.calls, >, 10);
  g_assert_cmpfloat (progress.last, ==, 1.0);
}

static void
test_cancel (gconstpointer data)
{
  g_autoptr(JfModel)      model       = load_model ("colour-noise.safetensors");
  g_autoptr(JfFilter)     filter      = jf_filter_new (model);
  g_auto(JfPlanes)        target      = random_planes (3, 800, 1200);
  g_auto(JfPlanes)        guidance    = random_planes (3, 800, 1200);
  g_auto(JfPlanes)        output      = random_planes (3, 800, 1200);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Progress                progress    = { .thread = g_thread_self (), .cancellable = cancellable, .cancel_after = 3 };
  JfFilterOptions         options     = { .task.n_threads = GPOINTER_TO_INT (data), .task.cancellable = cancellable,
                                          .task.progress = note_progress, .task.progress_data = &progress };
  g_autoptr(GError)       error       = NULL;

  g_assert_false (jf_filter_apply (filter, &target, &guidance, &options, &output, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpfloat (progress.last, <, 0.9);
}

static void
check_error (int             target_planes,
             int             guidance_planes,
             int             guidance_width,
             const JfRegion *region,
             JfNoise         noise,
             const char     *text)
{
  g_autoptr(JfModel)  model    = load_model ("excess.safetensors");
  g_autoptr(JfFilter) filter   = jf_filter_new (model);
  g_auto(JfPlanes)    target   = random_planes (target_planes, 20, 10);
  g_auto(JfPlanes)    guidance = random_planes (guidance_planes, guidance_width, 10);
  g_auto(JfPlanes)    output   = random_planes (target_planes, 20, 10);
  JfFilterOptions     options  = { .region = region, .noise = noise };
  g_autoptr(GError)   error    = NULL;

  g_assert_false (jf_filter_apply (filter, &target, &guidance, &options, &output, &error));
  g_assert_error (error, JF_FILTER_ERROR, JF_FILTER_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, text));
}

static void
test_arguments (void)
{
  const JfRegion outside = { 1, 0, 20, 10 };
  const JfRegion empty   = { 0, 0, 0, 10 };
  const JfRegion smaller = { 0, 0, 19, 10 };
  const JfNoise  none    = { 0 };

  check_error (2, 3, 20, NULL, none, "target has 2 channels");
  check_error (3, 4, 20, NULL, none, "guidance has 4 channels");
  check_error (3, 3, 21, NULL, none, "21 × 10");
  check_error (3, 3, 20, &outside, none, "region");
  check_error (3, 3, 20, &empty, none, "region");
  check_error (3, 3, 20, &smaller, none, "output");
  check_error (3, 3, 20, NULL, (JfNoise) { -0.1f, 0.0f }, "noise level");
  check_error (3, 3, 20, NULL, (JfNoise) { NAN, 0.0f }, "noise level");
  check_error (3, 3, 20, NULL, (JfNoise) { 0.1f, NAN }, "excess");
  check_error (3, 3, 20, NULL, (JfNoise) { 0.1f, INFINITY }, "excess");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/filter/reference", test_reference);
  g_test_add_func ("/filter/tiles", test_tiles);
  g_test_add_func ("/filter/strips", test_strips);
  g_test_add_func ("/filter/cascades", test_cascades);
  g_test_add_func ("/filter/threads", test_threads);
  g_test_add_func ("/filter/calls", test_calls);
  g_test_add_func ("/filter/crew", test_crew);
  g_test_add_func ("/filter/two-planes", test_two_planes);
  g_test_add_func ("/filter/region", test_region);
  g_test_add_data_func ("/filter/parts", "colour-noise.safetensors", test_parts);
  g_test_add_data_func ("/filter/parts/cascade", "deep.safetensors", test_parts);
  g_test_add_func ("/filter/far-values", test_far_values);
  g_test_add_data_func ("/filter/progress/1", GINT_TO_POINTER (1), test_progress);
  g_test_add_data_func ("/filter/progress/2", GINT_TO_POINTER (2), test_progress);
  g_test_add_data_func ("/filter/cancel/1", GINT_TO_POINTER (1), test_cancel);
  g_test_add_data_func ("/filter/cancel/2", GINT_TO_POINTER (2), test_cancel);
  g_test_add_func ("/filter/arguments", test_arguments);

  /* Threads share the work in the same way whatever multiplies, and ThreadSanitizer is slow. */
#ifndef __SANITIZE_THREAD__
  fixture_add_configurations ("/filter/configuration/reference", "/filter/reference", argv[0]);
  fixture_add_configurations ("/filter/configuration/strips", "/filter/strips", argv[0]);
  fixture_add_configurations ("/filter/configuration/cascades", "/filter/cascades", argv[0]);
#endif

  return g_test_run ();
}
