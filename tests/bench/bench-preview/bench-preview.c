/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-preview: how long after a change the preview shows it, beside what the core alone takes
 *
 * A GIMP plug-in with the preview of the real one, without its dialog. Called with a layer to denoise and its
 * guidance, it changes the noise level again and again, and prints one line of milliseconds (medians).
 */
#include <stdlib.h>

#include <libgimp/gimp.h>

#include "scene.h"

#include "arguments.h"
#include "guidance.h"
#include "models.h"
#include "pixels.h"
#include "scene-source.h"


#define PROCEDURE  "plug-in-joint-filter-bench-preview"
#define MODE       "plug-in-joint-filter-flash-denoise"

#define WIDTH      480
#define HEIGHT     360
#define N_RUNS     9

/* Microseconds in a millisecond. */
#define MILLI      1000.0

/* So that every run has a noise level of its own. */
#define FIRST_LEVEL 0.04
#define LEVEL_STEP  0.001


typedef struct
{
  double first;      /* something of the new result is there */
  double all;        /* all of it                            */
  double core;       /* the core alone, for the same region  */
} Times;

typedef struct
{
  gint64 start;
  double first;
} Watch;

#define BENCH_TYPE_PREVIEW (bench_preview_get_type ())
G_DECLARE_FINAL_TYPE (BenchPreview, bench_preview, BENCH, PREVIEW, GimpPlugIn)

struct _BenchPreview
{
  GimpPlugIn parent_instance;
};


static GList          * query_procedures (GimpPlugIn           *plug_in);
static GimpProcedure  * create_procedure (GimpPlugIn           *plug_in,
                                          const char           *name);
static GimpValueArray * run              (GimpProcedure        *procedure,
                                          GimpRunMode           run_mode,
                                          GimpImage            *image,
                                          GimpDrawable        **drawables,
                                          GimpProcedureConfig  *config,
                                          gpointer              data);
static gboolean         measure          (GimpProcedureConfig  *config,
                                          GimpDrawable        **targets,
                                          Times                *times,
                                          GError              **error);
static gboolean         measure_core     (GimpProcedureConfig  *config,
                                          GimpDrawable         *target,
                                          const JfRegion       *region,
                                          Times                *times,
                                          GError              **error);
static void             measure_preview  (JfPreviewSource      *source,
                                          GimpProcedureConfig  *config,
                                          Times                *times);
static void             on_changed       (JfPreviewSource      *source,
                                          int                   picture,
                                          const JfRegion       *region,
                                          Watch                *watch);
static double           get_time         (const Watch          *watch);
static double           get_median       (const Times          *times,
                                          gsize                 offset);


G_DEFINE_FINAL_TYPE (BenchPreview, bench_preview, GIMP_TYPE_PLUG_IN)

GIMP_MAIN (BENCH_TYPE_PREVIEW)


static void
bench_preview_class_init (BenchPreviewClass *klass)
{
  GimpPlugInClass *plug_in_class = GIMP_PLUG_IN_CLASS (klass);

  plug_in_class->query_procedures = query_procedures;
  plug_in_class->create_procedure = create_procedure;
}

static void
bench_preview_init (BenchPreview *bench)
{
}

static GList *
query_procedures (GimpPlugIn *plug_in)
{
  return g_list_append (NULL, g_strdup (PROCEDURE));
}

static GimpProcedure *
create_procedure (GimpPlugIn *plug_in,
                  const char *name)
{
  GimpProcedure *procedure = gimp_image_procedure_new (plug_in, name, GIMP_PDB_PROC_TYPE_PLUGIN, run, NULL, NULL);

  gimp_procedure_set_image_types (procedure, "*");
  jf_arguments_add (procedure, jf_modes_find (MODE));

  return procedure;
}

static GimpValueArray *
run (GimpProcedure        *procedure,
     GimpRunMode           run_mode,
     GimpImage            *image,
     GimpDrawable        **drawables,
     GimpProcedureConfig  *config,
     gpointer              data)
{
  Times   times[N_RUNS];
  GError *error = NULL;

  gegl_init (NULL, NULL);

  if (! measure (config, drawables, times, &error))
    return gimp_procedure_new_return_values (procedure, GIMP_PDB_EXECUTION_ERROR, error);

  g_print ("width=%d height=%d threads=%d delay_ms=%d core_ms=%.1f first_ms=%.1f all_ms=%.1f\n",
           WIDTH, HEIGHT, gimp_get_num_processors (), JF_SCENE_SOURCE_DELAY, get_median (times, G_STRUCT_OFFSET (Times, core)),
           get_median (times, G_STRUCT_OFFSET (Times, first)), get_median (times, G_STRUCT_OFFSET (Times, all)));

  return gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
}

static gboolean
measure (GimpProcedureConfig  *config,
         GimpDrawable        **targets,
         Times                *times,
         GError              **error)
{
  g_autoptr (JfSceneSource) source = jf_scene_source_new (jf_modes_find (MODE), config, targets, error);
  JfRegion                  region = { gimp_drawable_get_width (targets[0])  / 2 - WIDTH  / 2,
                                       gimp_drawable_get_height (targets[0]) / 2 - HEIGHT / 2, WIDTH, HEIGHT };

  if (! source)
    return FALSE;

  jf_preview_source_request (JF_PREVIEW_SOURCE (source), &region);
  measure_preview (JF_PREVIEW_SOURCE (source), config, times);
  jf_scene_source_stop (source);

  return measure_core (config, targets[0], &region, times, error);
}

/* The first run prepares the scene, which a dialog does before anything can be changed. */
static void
measure_preview (JfPreviewSource     *source,
                 GimpProcedureConfig *config,
                 Times               *times)
{
  Watch watch;

  g_signal_connect (source, "changed", G_CALLBACK (on_changed), &watch);

  for (int i = -1; i < N_RUNS; i++)
    {
      watch = (Watch) { .start = g_get_monotonic_time () };
      g_object_set (config, "noise-level", FIRST_LEVEL + LEVEL_STEP * i, NULL);

      while (jf_preview_source_is_busy (source))
        g_main_context_iteration (NULL, TRUE);

      if (i >= 0)
        times[i] = (Times) { .first = watch.first, .all = get_time (&watch) };
    }
}

static gboolean
measure_core (GimpProcedureConfig  *config,
              GimpDrawable         *target,
              const JfRegion       *region,
              Times                *times,
              GError              **error)
{
  const JfMode           *mode     = jf_modes_find (MODE);
  GimpLayer              *layer    = jf_arguments_get_guidance (config, gimp_item_get_image (GIMP_ITEM (target)));
  const JfRegion          whole    = { 0, 0, gimp_drawable_get_width (target), gimp_drawable_get_height (target) };
  const JfTask            task     = { .n_threads = gimp_get_num_processors () };
  JfPipelineOptions       options;
  g_autoptr (JfPipeline)  pipeline = NULL;
  g_autoptr (JfScene)     scene    = NULL;
  g_auto (JfPixels)       pixels   = { 0 };
  g_auto (JfPixels)       guidance = { 0 };
  g_auto (JfGuidance)     opened   = { 0 };
  g_auto (JfPlanes)       output   = { 0 };

  jf_arguments_get_options (config, mode, &options);
  pipeline = jf_models_load (mode, &options, NULL, error);

  if (! pipeline ||
      ! jf_pixels_read (&pixels, target, &whole, error) ||
      ! jf_guidance_open (&opened, layer, target, error) ||
      ! jf_guidance_read (&opened, &whole, &guidance, error) ||
      ! jf_planes_init (&output, pixels.colour.channels, region->width, region->height, error))
    return FALSE;

  scene = jf_scene_new (pipeline, &pixels.colour, pixels.alpha, &guidance.colour, &task, error);

  for (int i = 0; i < N_RUNS; i++)
    {
      Watch watch = { .start = g_get_monotonic_time () };

      if (! scene || ! jf_scene_render (scene, region, &task, &output, error))
        return FALSE;

      times[i].core = get_time (&watch);
    }

  return TRUE;
}

static void
on_changed (JfPreviewSource *source,
            int              picture,
            const JfRegion  *region,
            Watch           *watch)
{
  if (picture == JF_PICTURE_AFTER && watch->first == 0.0)
    watch->first = get_time (watch);
}

/* In milliseconds. */
static double
get_time (const Watch *watch)
{
  return (double) (g_get_monotonic_time () - watch->start) / MILLI;
}

static int
compare (const void *a,
         const void *b)
{
  double difference = *(const double *) a - *(const double *) b;

  return (difference > 0.0) - (difference < 0.0);
}

static double
get_median (const Times *times,
            gsize        offset)
{
  double values[N_RUNS];

  for (int i = 0; i < N_RUNS; i++)
    values[i] = G_STRUCT_MEMBER (double, &times[i], offset);

  qsort (values, N_RUNS, sizeof (double), compare);

  return values[N_RUNS / 2];
}
