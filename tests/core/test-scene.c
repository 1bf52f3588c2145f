/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-scene: a mode over a whole picture and over parts of it
 */
#include <math.h>
#include <string.h>

#include "colorize.h"
#include "fixture.h"
#include "noise.h"
#include "scene.h"


/* Odd sizes, so that no block of a model with r > 1 fits. */
#define WIDTH     61
#define HEIGHT    47

/* Rounding, as a share of the largest value: parts have tiles of other sizes than the whole. */
#define TOLERANCE 1e-5f

static const JfTask plain = { 0 };

static char *folder;

static JfMode noisy_mode =
{
  .procedure  = "noisy",
  .models     = { { "noisy.safetensors" } },
  .colour     = &jf_colour_as_is,
  .arguments  = JF_MODE_NOISE_LEVEL | JF_MODE_ITERATIONS,
  .iterations = 1
};

static JfMode excess_mode =
{
  .procedure  = "excess",
  .models     = { { "excess.safetensors" } },
  .colour     = &jf_colour_as_is,
  .arguments  = JF_MODE_NOISE_LEVEL,
  .iterations = 1
};

static JfMode chroma_mode =
{
  .procedure  = "chroma",
  .models     = { { "x4.safetensors", 4 } },
  .colour     = &jf_colour_chroma,
  .iterations = 1
};

static JfMode strokes_mode =
{
  .procedure  = "strokes",
  .target     = JF_TARGET_STROKES,
  .models     = { { "x4.safetensors", 4 }, { "x8.safetensors", 8 } },
  .colour     = &jf_colour_chroma,
  .iterations = 1
};

static JfMode factor_mode =
{
  .procedure  = "factor",
  .models     = { { "x4.safetensors", 4 }, { "x8.safetensors", 8 } },
  .colour     = &jf_colour_as_is,
  .iterations = 2
};


static JfPlanes
random_planes (int channels,
               int width,
               int height)
{
  GRand    *random = g_rand_new_with_seed (20190801);
  JfPlanes  planes;

  g_assert_true (jf_planes_init (&planes, channels, width, height, NULL));

  for (int i = 0; i < channels * width * height; i++)
    planes.data[i] = (float) g_rand_double (random);

  g_rand_free (random);

  return planes;
}

static JfPipeline *
load (const JfMode            *mode,
      const JfPipelineOptions *options)
{
  g_autoptr (GError)  error    = NULL;
  JfPipeline         *pipeline = jf_pipeline_new (mode, options, folder, &error);

  g_assert_no_error (error);

  return pipeline;
}

static JfFilter *
get_filter (const JfPipeline *pipeline)
{
  return jf_pipeline_get_filter (pipeline, WIDTH, HEIGHT);
}

/* What a watcher was told last of each pixel of a region. */
typedef struct
{
  GMutex   mutex;
  JfRegion region;
  JfPlanes planes;
  gsize    n_pixels;    /* in all */
} Told;

static void
note_part (const JfRegion *part,
           const JfPlanes *planes,
           gpointer        data)
{
  Told *told = data;

  g_assert_cmpint (part->x, >=, told->region.x);
  g_assert_cmpint (part->y, >=, told->region.y);
  g_assert_cmpint (part->x + part->width,  <=, told->region.x + told->region.width);
  g_assert_cmpint (part->y + part->height, <=, told->region.y + told->region.height);
  g_assert_cmpint (planes->channels, ==, told->planes.channels);

  g_mutex_lock (&told->mutex);
  told->n_pixels += (gsize) part->width * part->height;
  for (int c = 0; c < planes->channels; c++)
    for (int y = 0; y < part->height; y++)
      memcpy (jf_planes_get_row (&told->planes, c, part->x - told->region.x, part->y - told->region.y + y),
              jf_planes_get_row (planes, c, 0, y), sizeof (float) * part->width);
  g_mutex_unlock (&told->mutex);
}

/* A watcher has been told of every pixel once in each pass, the last time of what it is in the end. */
static JfPlanes
render (JfScene        *scene,
        const JfRegion *region,
        int             channels,
        int             n_passes)
{
  g_autoptr (GError)   error   = NULL;
  Told                 told    = { .region = *region };
  const JfSceneWatcher watcher = { note_part, &told };
  JfPlanes             output;

  g_mutex_init (&told.mutex);
  g_assert_true (jf_planes_init (&told.planes, channels, region->width, region->height, NULL));
  g_assert_true (jf_planes_init (&output, channels, region->width, region->height, NULL));
  g_assert_true (jf_scene_render (scene, region, &plain, &watcher, &output, &error));
  g_assert_no_error (error);

  g_assert_cmpuint (told.n_pixels, ==, (gsize) n_passes * region->width * region->height);
  g_assert_cmpmem (told.planes.data, sizeof (float) * channels * region->width * region->height,
                   output.data, sizeof (float) * channels * region->width * region->height);
  jf_planes_clear (&told.planes);
  g_mutex_clear (&told.mutex);

  return output;
}

static void
assert_near (const JfPlanes *found,
             const JfPlanes *whole,
             const JfRegion *region)
{
  float largest = 1.0f;

  for (int i = 0; i < whole->channels * whole->width * whole->height; i++)
    largest = MAX (largest, fabsf (whole->data[i]));

  for (int c = 0; c < whole->channels; c++)
    for (int y = 0; y < region->height; y++)
      for (int x = 0; x < region->width; x++)
        g_assert_cmpfloat_with_epsilon (*jf_planes_get_row (found, c, x, y),
                                        *jf_planes_get_row (whole, c, region->x + x, region->y + y),
                                        TOLERANCE * largest);
}

static const JfRegion everything = { 0, 0, WIDTH, HEIGHT };

/* The target of each pass is what the one before made. */
static void
test_passes (void)
{
  g_autoptr (JfPipeline) pipeline = load (&noisy_mode, &(JfPipelineOptions) { .noise_level = 0.1, .iterations = 3 });
  g_auto (JfPlanes)      target   = random_planes (3, WIDTH, HEIGHT);
  g_auto (JfPlanes)      guidance = random_planes (1, WIDTH, HEIGHT);
  g_autoptr (JfScene)    scene    = jf_scene_new (pipeline, &target, NULL, &guidance, &plain, NULL);
  g_auto (JfPlanes)      found    = render (scene, &everything, 3, 3);
  g_auto (JfPlanes)      expected = random_planes (3, WIDTH, HEIGHT);
  JfFilterOptions        options  = { .noise = { .level = 0.1f } };

  for (int i = 0; i < 3; i++)
    {
      g_assert_true (jf_filter_apply (get_filter (pipeline), &target, &guidance, &options, &expected, NULL));
      memcpy (target.data, expected.data, sizeof (float) * 3 * WIDTH * HEIGHT);
    }

  assert_near (&found, &expected, &everything);
}

static void
test_regions (void)
{
  const JfRegion         regions[] = { { 0, 0, 1, 1 }, { 31, 17, 9, 8 }, { WIDTH - 5, HEIGHT - 3, 5, 3 }, { 7, 0, 20, HEIGHT } };
  g_autoptr (JfPipeline) pipeline  = load (&noisy_mode, &(JfPipelineOptions) { .noise_level = 0.1, .iterations = 3 });
  g_auto (JfPlanes)      target    = random_planes (3, WIDTH, HEIGHT);
  g_autoptr (JfScene)    scene     = jf_scene_new (pipeline, &target, NULL, NULL, &plain, NULL);
  g_auto (JfPlanes)      whole     = render (scene, &everything, 3, 3);

  for (guint i = 0; i < G_N_ELEMENTS (regions); i++)
    {
      g_auto (JfPlanes) found = render (scene, &regions[i], 3, 3);

      assert_near (&found, &whole, &regions[i]);
    }
}

/* What is cut out of both pictures is enough, whether it guides itself or not. */
static void
test_area (void)
{
  const JfRegion         regions[] = { { 30, 0, 1, 1 }, { 31, 17, 9, 8 }, { 0, 20, WIDTH, 4 }, { WIDTH - 5, HEIGHT - 3, 5, 3 } };
  g_autoptr (JfPipeline) pipeline  = load (&noisy_mode, &(JfPipelineOptions) { .noise_level = 0.1, .iterations = 3 });
  g_auto (JfPlanes)      target    = random_planes (3, WIDTH, HEIGHT);
  g_auto (JfPlanes)      guidance  = random_planes (1, WIDTH, HEIGHT);

  for (int self = 0; self < 2; self++)
    {
      g_autoptr (JfScene) scene = jf_scene_new (pipeline, &target, NULL, self ? NULL : &guidance, &plain, NULL);
      g_auto (JfPlanes)   whole = render (scene, &everything, 3, 3);

      for (guint i = 0; i < G_N_ELEMENTS (regions); i++)
        {
          const JfRegion     *region   = &regions[i];
          JfRegion            area     = jf_scene_get_area (pipeline, WIDTH, HEIGHT, region);
          JfRegion            inside   = { region->x - area.x, region->y - area.y, region->width, region->height };
          g_auto (JfPlanes)   part     = { 0 };
          g_auto (JfPlanes)   guide    = { 0 };
          g_autoptr (JfScene) of_area  = NULL;
          g_auto (JfPlanes)   found    = { 0 };

          g_assert_true (jf_planes_crop (&part, &target, &area, NULL));
          g_assert_true (jf_planes_crop (&guide, &guidance, &area, NULL));
          of_area = jf_scene_new (pipeline, &part, NULL, self ? NULL : &guide, &plain, NULL);
          found   = render (of_area, &inside, 3, 3);
          assert_near (&found, &whole, region);
        }
    }
}

/* Strokes reach everywhere, and where a guidance lies shows in all of it. */
static void
test_area_of_everything (void)
{
  const JfRegion         region  = { 30, 20, 1, 1 };
  g_autoptr (JfPipeline) strokes = load (&strokes_mode, &(JfPipelineOptions) { 0 });
  g_autoptr (JfPipeline) moving  = load (&noisy_mode, &(JfPipelineOptions) { .iterations = 1, .motion = JF_MOTION_SHIFT });
  g_autoptr (JfPipeline) still   = load (&noisy_mode, &(JfPipelineOptions) { .iterations = 1 });
  JfRegion               area    = jf_scene_get_area (strokes, WIDTH, HEIGHT, &region);

  g_assert_cmpmem (&area, sizeof area, &everything, sizeof everything);
  area = jf_scene_get_area (moving, WIDTH, HEIGHT, &region);
  g_assert_cmpmem (&area, sizeof area, &everything, sizeof everything);
  area = jf_scene_get_area (still, WIDTH, HEIGHT, &region);
  g_assert_cmpint (area.width, <, WIDTH);
}

/* A target that guides itself does so as each pass leaves it, and a fixed number of passes is the mode's. */
static void
test_self (void)
{
  g_autoptr (JfPipeline) pipeline = load (&factor_mode, &(JfPipelineOptions) { .factor = 4, .iterations = 5 });
  g_auto (JfPlanes)      target   = random_planes (1, WIDTH, HEIGHT);
  g_autoptr (JfScene)    scene    = jf_scene_new (pipeline, &target, NULL, NULL, &plain, NULL);
  g_auto (JfPlanes)      found    = render (scene, &everything, 1, 2);
  g_auto (JfPlanes)      expected = random_planes (1, WIDTH, HEIGHT);
  JfFilterOptions        options  = { 0 };

  g_assert_cmpint (pipeline->options.iterations, ==, 2);

  for (int i = 0; i < 2; i++)
    {
      g_assert_true (jf_filter_apply (get_filter (pipeline), &target, &target, &options, &expected, NULL));
      memcpy (target.data, expected.data, sizeof (float) * WIDTH * HEIGHT);
    }

  assert_near (&found, &expected, &everything);
}

/* Models outlive the pipeline that loaded them. */
static void
test_change (void)
{
  g_autoptr (JfPipeline) four  = load (&factor_mode, &(JfPipelineOptions) { .factor = 4 });
  g_autoptr (JfPipeline) eight = jf_pipeline_change (four, &(JfPipelineOptions) { .factor = 8 }, folder, NULL);
  g_autoptr (JfPipeline) again = jf_pipeline_change (eight, &(JfPipelineOptions) { .factor = 4 }, folder, NULL);
  JfFilter              *first = get_filter (four);

  g_clear_pointer (&four, jf_pipeline_unref);

  g_assert_cmpint (eight->options.factor, ==, 8);
  g_assert_true (get_filter (eight) != first);
  g_assert_true (get_filter (again) == first);
  g_assert_null (jf_pipeline_change (eight, &(JfPipelineOptions) { .factor = 5 }, folder, NULL));
}

static void
test_factors (void)
{
  g_autoptr (GError)     error = NULL;
  g_autoptr (JfPipeline) four  = load (&factor_mode, &(JfPipelineOptions) { .factor = 4 });
  g_autoptr (JfPipeline) eight = load (&factor_mode, &(JfPipelineOptions) { .factor = 8 });

  g_assert_cmpint (jf_filter_get_model (get_filter (four))->scale, ==, 4);
  g_assert_cmpint (jf_filter_get_model (get_filter (eight))->scale, ==, 8);
  g_assert_null (jf_pipeline_new (&factor_mode, &(JfPipelineOptions) { .factor = 5 }, folder, &error));
  g_assert_error (error, JF_PIPELINE_ERROR, JF_PIPELINE_ERROR_OPTION);
}

/* With the level known nothing is estimated, and the other way round. */
static void
test_noise_level (void)
{
  g_autoptr (JfPipeline) told   = load (&noisy_mode, &(JfPipelineOptions) { .noise_level = 0.2, .iterations = 1 });
  g_autoptr (JfPipeline) asked  = load (&noisy_mode, &(JfPipelineOptions) { .iterations = 1 });
  g_auto (JfPlanes)      target = random_planes (3, 128, 128);
  g_autoptr (JfScene)    scene  = jf_scene_new (told, &target, NULL, NULL, &plain, NULL);

  g_assert_cmpfloat (jf_scene_get_noise (scene).level, ==, 0.2f);
  g_assert_null (jf_scene_get_estimate (scene));
  g_assert_true (jf_scene_set_pipeline (scene, asked, &plain, NULL));
  g_assert_cmpfloat (jf_scene_get_noise (scene).level, ==, jf_noise_estimate (&target, NULL).level);
}

/* The same random values in three channels. */
static JfPlanes
grey_planes (int width,
             int height)
{
  JfPlanes planes = random_planes (3, width, height);

  for (int channel = 1; channel < 3; channel++)
    memcpy (jf_planes_get_row (&planes, channel, 0, 0), planes.data, sizeof (float) * width * height);

  return planes;
}

/* With the level known the excess is estimated, in proportion to it. */
static void
test_noise_excess (void)
{
  g_autoptr (JfPipeline) told   = load (&excess_mode, &(JfPipelineOptions) { .noise_level = 0.2 });
  g_autoptr (JfPipeline) asked  = load (&excess_mode, &(JfPipelineOptions) { 0 });
  g_auto (JfPlanes)      target = grey_planes (128, 128);
  const JfNoise          found  = jf_noise_estimate (&target, NULL);
  g_autoptr (JfScene)    scene  = jf_scene_new (told, &target, NULL, NULL, &plain, NULL);

  g_assert_cmpfloat (found.excess, >, 0.3f * found.level);
  g_assert_cmpfloat (jf_scene_get_noise (scene).level, ==, 0.2f);
  g_assert_cmpfloat_with_epsilon (jf_scene_get_noise (scene).excess, 0.2f * found.excess / found.level, 1e-6f);

  g_assert_true (jf_scene_set_pipeline (scene, asked, &plain, NULL));
  g_assert_cmpfloat (jf_scene_get_noise (scene).level, ==, found.level);
  g_assert_cmpfloat (jf_scene_get_noise (scene).excess, ==, found.excess);
}

/* A part has the noise that was found in the whole, and the network is told. */
static void
test_noise_of_the_whole (void)
{
  g_autoptr (JfPipeline) pipeline = load (&excess_mode, &(JfPipelineOptions) { 0 });
  const JfNoise          noise    = { 0.3f, -0.1f };
  const JfFilterOptions  options  = { .noise = noise };
  const JfRegion         whole    = { 0, 0, WIDTH, HEIGHT };
  g_auto (JfPlanes)      target   = grey_planes (WIDTH, HEIGHT);
  g_auto (JfPlanes)      found    = random_planes (3, WIDTH, HEIGHT);
  g_auto (JfPlanes)      expected = random_planes (3, WIDTH, HEIGHT);
  g_autoptr (JfScene)    scene    = jf_scene_open (pipeline, &target, NULL, NULL, NULL);

  jf_scene_set_estimate (scene, &noise);
  g_assert_true (jf_scene_prepare (scene, &plain, NULL));
  g_assert_true (jf_scene_render (scene, &whole, &plain, NULL, &found, NULL));
  g_assert_true (jf_filter_apply (get_filter (pipeline), &target, &target, &options, &expected, NULL));
  g_assert_cmpmem (found.data, sizeof (float) * 3 * WIDTH * HEIGHT,
                   expected.data, sizeof (float) * 3 * WIDTH * HEIGHT);
}

/* What the guidance shows as well is no noise, once it lies where it belongs. */
static void
test_noise_by_guidance (void)
{
  g_autoptr (JfPipeline) pipeline = load (&noisy_mode, &(JfPipelineOptions) { .iterations = 1 });
  g_autoptr (JfPipeline) aligned  = load (&noisy_mode, &(JfPipelineOptions) { .iterations = 1, .motion = JF_MOTION_SHIFT });
  g_auto (JfPlanes)      scenery  = random_planes (1, 260, 256);
  g_auto (JfPlanes)      target   = random_planes (3, 256, 256);
  g_auto (JfPlanes)      guidance = random_planes (1, 256, 256);
  g_autoptr (JfScene)    scene    = NULL;
  float                  level;

  for (int y = 0; y < 256; y++)
    for (int x = 0; x < 256; x++)
      {
        *jf_planes_get_row (&guidance, 0, x, y) = *jf_planes_get_row (&scenery, 0, (x + 4) / 3, y / 3);

        for (int c = 0; c < 3; c++)
          *jf_planes_get_row (&target, c, x, y) = 0.1f * *jf_planes_get_row (&target, c, x, y) +
                                                  *jf_planes_get_row (&scenery, 0, x / 3, y / 3);
      }

  scene = jf_scene_new (pipeline, &target, NULL, &guidance, &plain, NULL);
  level = jf_scene_get_noise (scene).level;
  g_assert_true (jf_scene_set_pipeline (scene, aligned, &plain, NULL));
  g_assert_true (jf_scene_get_align (scene)->sure);
  g_assert_cmpfloat (jf_scene_get_noise (scene).level, <, 0.5f * level);
  g_assert_true (jf_scene_set_pipeline (scene, pipeline, &plain, NULL));
  g_assert_cmpfloat (jf_scene_get_noise (scene).level, ==, level);
}

/* Only the opaque half is noisy. */
static void
test_noise_of_what_is_visible (void)
{
  g_autoptr (JfPipeline) pipeline = load (&noisy_mode, &(JfPipelineOptions) { .iterations = 1 });
  g_auto (JfPlanes)      target   = random_planes (3, 256, 128);
  g_auto (JfPlanes)      noise    = random_planes (3, 128, 128);
  g_auto (JfPlanes)      alpha    = random_planes (1, 256, 128);
  g_autoptr (JfScene)    scene    = NULL;

  for (int i = 0; i < 256 * 128; i++)
    {
      alpha.data[i] = i % 256 < 128 ? 1.0f : 0.0f;

      for (int c = 0; c < 3; c++)
        target.data[c * 256 * 128 + i] *= alpha.data[i];
    }

  scene = jf_scene_new (pipeline, &target, alpha.data, NULL, &plain, NULL);
  g_assert_cmpfloat_with_epsilon (jf_scene_get_noise (scene).level, jf_noise_estimate (&noise, NULL).level, 0.02f);
}

static void
test_blend (void)
{
  const JfRegion         region   = { 7, 9, 11, 5 };
  g_autoptr (JfPipeline) pipeline = load (&noisy_mode, &(JfPipelineOptions) { .noise_level = 0.1, .iterations = 1 });
  g_auto (JfPlanes)      target   = random_planes (3, WIDTH, HEIGHT);
  g_autoptr (JfScene)    scene    = jf_scene_new (pipeline, &target, NULL, NULL, &plain, NULL);
  g_auto (JfPlanes)      found    = render (scene, &region, 3, 1);

  jf_scene_blend (scene, &region, 0.0, &found);
  assert_near (&found, &target, &region);
}

/* Chroma goes through the network, luma comes from the guidance. */
static void
test_chroma (void)
{
  g_autoptr (JfPipeline) pipeline = load (&chroma_mode, &(JfPipelineOptions) { .factor = 4 });
  g_auto (JfPlanes)      target   = random_planes (3, WIDTH, HEIGHT);
  g_auto (JfPlanes)      guidance = random_planes (1, WIDTH, HEIGHT);
  g_autoptr (JfScene)    scene    = jf_scene_new (pipeline, &target, NULL, &guidance, &plain, NULL);
  g_auto (JfPlanes)      found    = render (scene, &everything, 3, 1);
  g_auto (JfPlanes)      luma     = random_planes (1, WIDTH, HEIGHT);
  g_auto (JfPlanes)      chroma   = random_planes (2, WIDTH, HEIGHT);
  g_auto (JfPlanes)      expected = random_planes (2, WIDTH, HEIGHT);

  jf_colour_get_luma (&found, &luma);
  assert_near (&luma, &guidance, &everything);

  jf_colour_get_chroma (&target, &chroma);
  g_assert_true (jf_filter_apply (get_filter (pipeline), &chroma, &guidance, NULL, &expected, NULL));
  jf_colour_get_chroma (&found, &chroma);
  assert_near (&chroma, &expected, &everything);
}

/* A smooth scene, so that little is lost by moving it: twice 200 x 160 pixels, DX and DY apart. */
#define DX 3
#define DY -2

static JfPlanes
blobs (int dx,
       int dy)
{
  JfPlanes planes;

  g_assert_true (jf_planes_init (&planes, 1, 200, 160, NULL));

  for (int y = 0; y < 160; y++)
    for (int x = 0; x < 200; x++)
      {
        double u = x + dx;
        double v = y + dy;

        *jf_planes_get_row (&planes, 0, x, y) = (float) (0.5 + 0.2 * sin (u * u / 900.0 + v / 7.0) +
                                                         0.2 * cos (v * v / 700.0 - u / 9.0));
      }

  return planes;
}

static void
test_align (void)
{
  const JfRegion         inside   = { 20, 20, 160, 120 };
  g_autoptr (JfPipeline) still    = load (&noisy_mode, &(JfPipelineOptions) { .noise_level = 0.1, .iterations = 1 });
  g_autoptr (JfPipeline) moving   = load (&noisy_mode, &(JfPipelineOptions) { .noise_level = 0.1, .iterations = 1,
                                                                              .motion = JF_MOTION_SHIFT });
  g_auto (JfPlanes)      target   = blobs (0, 0);
  g_auto (JfPlanes)      guidance = blobs (DX, DY);
  g_autoptr (JfScene)    scene    = jf_scene_new (moving, &target, NULL, &guidance, &plain, NULL);
  g_autoptr (JfScene)    aligned  = jf_scene_new (still, &target, NULL, &target, &plain, NULL);
  g_auto (JfPlanes)      found    = render (scene, &inside, 1, 1);
  g_auto (JfPlanes)      expected = render (aligned, &inside, 1, 1);
  const JfAlign         *align    = jf_scene_get_align (scene);

  g_assert_null (jf_scene_get_align (aligned));
  g_assert_true (align->sure);
  g_assert_cmpfloat_with_epsilon (align->dx, -DX, 0.1);
  g_assert_cmpfloat_with_epsilon (align->dy, -DY, 0.1);

  for (int i = 0; i < inside.width * inside.height; i++)
    g_assert_cmpfloat_with_epsilon (found.data[i], expected.data[i], 0.02f);
}

/* The guidance comes back to where it was. */
static void
test_align_no_more (void)
{
  const JfRegion         whole    = { 0, 0, 200, 160 };
  g_autoptr (JfPipeline) still    = load (&noisy_mode, &(JfPipelineOptions) { .noise_level = 0.1, .iterations = 1 });
  g_autoptr (JfPipeline) moving   = load (&noisy_mode, &(JfPipelineOptions) { .noise_level = 0.1, .iterations = 1,
                                                                              .motion = JF_MOTION_SHIFT });
  g_auto (JfPlanes)      target   = blobs (0, 0);
  g_auto (JfPlanes)      guidance = blobs (DX, DY);
  g_autoptr (JfScene)    scene    = jf_scene_new (moving, &target, NULL, &guidance, &plain, NULL);
  g_autoptr (JfScene)    never    = jf_scene_new (still, &target, NULL, &guidance, &plain, NULL);
  g_auto (JfPlanes)      expected = render (never, &whole, 1, 1);

  g_assert_true (jf_scene_set_pipeline (scene, still, &plain, NULL));
  g_assert_null (jf_scene_get_align (scene));

  g_auto (JfPlanes) found = render (scene, &whole, 1, 1);

  g_assert_cmpmem (found.data, sizeof (float) * 200 * 160, expected.data, sizeof (float) * 200 * 160);
}

/* Two strokes on a grey picture of two halves, with a transparent ground or on a copy. */
static void
draw_strokes (JfPlanes *target,
              JfPlanes *alpha,
              JfPlanes *photo)
{
  for (int i = 0; i < WIDTH * HEIGHT; i++)
    {
      int      x      = i % WIDTH;
      gboolean stroke = i / WIDTH == HEIGHT / 2 && x % 30 > 8 && x % 30 < 20;

      photo->data[i] = x < 30 ? 0.25f : 0.75f;
      alpha->data[i] = stroke ? 1.0f : 0.0f;

      for (int c = 0; c < 3; c++)
        target->data[c * WIDTH * HEIGHT + i] = ! stroke ? photo->data[i] : c == (x < 30 ? 0 : 2) ? 0.9f : 0.2f;
    }
}

static void
check_strokes (gboolean on_copy)
{
  g_autoptr (JfPipeline) pipeline = load (&strokes_mode, &(JfPipelineOptions) { 0 });
  g_auto (JfPlanes)      target   = random_planes (3, WIDTH, HEIGHT);
  g_auto (JfPlanes)      alpha    = random_planes (1, WIDTH, HEIGHT);
  g_auto (JfPlanes)      photo    = random_planes (1, WIDTH, HEIGHT);
  g_auto (JfPlanes)      found    = { 0 };
  g_auto (JfPlanes)      chroma   = random_planes (2, WIDTH, HEIGHT);
  g_auto (JfPlanes)      wanted   = random_planes (2, WIDTH, HEIGHT);
  g_autoptr (JfScene)    scene    = NULL;

  draw_strokes (&target, &alpha, &photo);
  scene = jf_scene_new (pipeline, &target, on_copy ? NULL : alpha.data, &photo, &plain, NULL);
  g_assert_nonnull (scene);
  found = render (scene, &everything, 3, 1);
  jf_colour_get_chroma (&found, &chroma);
  jf_colour_get_chroma (&target, &wanted);

  for (int i = 0; i < WIDTH * HEIGHT; i++)
    for (int c = 0; c < 2 && alpha.data[i] > 0.0f; c++)
      g_assert_cmpfloat_with_epsilon (chroma.data[c * WIDTH * HEIGHT + i], wanted.data[c * WIDTH * HEIGHT + i], 1e-5f);

  jf_scene_blend (scene, &everything, 0.0, &found);

  for (int c = 0; c < 3; c++)
    g_assert_cmpmem (found.data + c * WIDTH * HEIGHT, sizeof (float) * WIDTH * HEIGHT,
                     photo.data, sizeof (float) * WIDTH * HEIGHT);
}

/* Strokes keep their chroma exactly, and without strength the photo is grey. */
static void
test_strokes (void)
{
  check_strokes (FALSE);
  check_strokes (TRUE);
}

static void
test_no_strokes (void)
{
  g_autoptr (JfPipeline) pipeline = load (&strokes_mode, &(JfPipelineOptions) { 0 });
  g_auto (JfPlanes)      target   = random_planes (3, WIDTH, HEIGHT);
  g_autoptr (GError)     error    = NULL;

  g_assert_null (jf_scene_new (pipeline, &target, NULL, &target, &plain, &error));
  g_assert_error (error, JF_COLORIZE_ERROR, JF_COLORIZE_ERROR_NO_STROKES);
}

/* The larger the picture the coarser the system that is solved. */
static void
test_strokes_factor (void)
{
  g_autoptr (JfPipeline) pipeline = load (&strokes_mode, &(JfPipelineOptions) { 0 });

  g_assert_cmpint (jf_filter_get_model (jf_pipeline_get_filter (pipeline, 600, 400))->scale, ==, 4);
  g_assert_cmpint (jf_filter_get_model (jf_pipeline_get_filter (pipeline, 6000, 4000))->scale, ==, 8);
}

typedef struct
{
  GCancellable *cancellable;
  double        last;
  int           calls;
} Progress;

static void
note_progress (double   fraction,
               gpointer data)
{
  Progress *progress = data;

  g_assert_cmpfloat (fraction, >=, progress->last);
  progress->last = fraction;

  if (++progress->calls == 3 && progress->cancellable)
    g_cancellable_cancel (progress->cancellable);
}

/* One progress for all passes. */
static void
test_progress (void)
{
  g_autoptr (JfPipeline) pipeline = load (&noisy_mode, &(JfPipelineOptions) { .noise_level = 0.1, .iterations = 4 });
  g_auto (JfPlanes)      target   = random_planes (3, WIDTH, HEIGHT);
  g_auto (JfPlanes)      output   = random_planes (3, WIDTH, HEIGHT);
  g_autoptr (JfScene)    scene    = jf_scene_new (pipeline, &target, NULL, NULL, &plain, NULL);
  Progress               progress = { 0 };
  const JfTask           task     = { 1, NULL, note_progress, &progress };

  g_assert_true (jf_scene_render (scene, &everything, &task, NULL, &output, NULL));
  g_assert_cmpint (progress.calls, >, 4);
  g_assert_cmpfloat_with_epsilon (progress.last, 1.0, 1e-9);
}

static void
test_cancel (void)
{
  g_autoptr (JfPipeline)   pipeline    = load (&noisy_mode, &(JfPipelineOptions) { .noise_level = 0.1, .iterations = 4 });
  g_auto (JfPlanes)        target      = random_planes (3, WIDTH, HEIGHT);
  g_auto (JfPlanes)        output      = random_planes (3, WIDTH, HEIGHT);
  g_autoptr (JfScene)      scene       = jf_scene_new (pipeline, &target, NULL, NULL, &plain, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Progress                 progress    = { cancellable, 0.0, 0 };
  const JfTask             task        = { 1, cancellable, note_progress, &progress };
  g_autoptr (GError)       error       = NULL;

  g_assert_false (jf_scene_render (scene, &everything, &task, NULL, &output, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpfloat (progress.last, <, 0.9);
}

static void
save_model (const char *name,
            const char *description)
{
  g_autoptr (GBytes) bytes = fixture_file (description);
  g_autofree char   *path  = fixture_save (folder, name, bytes);
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *eight = fixture_replace (FIXTURE_PLAIN_MODEL, "scale=1", "scale=8");
  g_autofree char *four  = fixture_replace (FIXTURE_PLAIN_MODEL, "scale=1", "scale=4");
  int              status;

  g_test_init (&argc, &argv, NULL);

  folder = fixture_make_folder ();
  save_model ("noisy.safetensors", FIXTURE_MODEL);
  save_model ("excess.safetensors", FIXTURE_EXCESS_MODEL);
  save_model ("x4.safetensors", four);
  save_model ("x8.safetensors", eight);

  g_test_add_func ("/scene/passes", test_passes);
  g_test_add_func ("/scene/regions", test_regions);
  g_test_add_func ("/scene/area", test_area);
  g_test_add_func ("/scene/area-of-everything", test_area_of_everything);
  g_test_add_func ("/scene/self", test_self);
  g_test_add_func ("/scene/change", test_change);
  g_test_add_func ("/scene/factors", test_factors);
  g_test_add_func ("/scene/noise-level", test_noise_level);
  g_test_add_func ("/scene/noise-excess", test_noise_excess);
  g_test_add_func ("/scene/noise-of-the-whole", test_noise_of_the_whole);
  g_test_add_func ("/scene/noise-by-guidance", test_noise_by_guidance);
  g_test_add_func ("/scene/noise-of-what-is-visible", test_noise_of_what_is_visible);
  g_test_add_func ("/scene/blend", test_blend);
  g_test_add_func ("/scene/chroma", test_chroma);
  g_test_add_func ("/scene/align", test_align);
  g_test_add_func ("/scene/align-no-more", test_align_no_more);
  g_test_add_func ("/scene/strokes", test_strokes);
  g_test_add_func ("/scene/no-strokes", test_no_strokes);
  g_test_add_func ("/scene/strokes-factor", test_strokes_factor);
  g_test_add_func ("/scene/progress", test_progress);
  g_test_add_func ("/scene/cancel", test_cancel);

  status = g_test_run ();
  fixture_remove_folder (folder);
  g_free (folder);

  return status;
}
