/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-preview: how long after a change the preview shows it, beside what the core alone takes
 *
 * A GIMP plug-in with the previews of the real one, without their dialogs: a procedure for each mode. Called as the mode
 * is, it tells the preview again and again that an argument changed, and prints one line of milliseconds (medians).
 */
#include <stdlib.h>
#include <string.h>

#include <libgimp/gimp.h>

#include "scene.h"

#include "arguments.h"
#include "guidance.h"
#include "models.h"
#include "pixels.h"
#include "scene-source.h"


/* "bench-" comes between what the procedures of all modes begin with and the rest. */
#define PREFIX     "plug-in-joint-filter-"
#define BENCH      "bench-"

#define WIDTH      480
#define HEIGHT     360
#define N_RUNS     9

/* Microseconds in a millisecond. */
#define MILLI      1000.0

/* In milliseconds: how the guidance lies is found out after the first preview, and disturbs no measurement then. */
#define SETTLE     2000

/* Of the view: what is something to look at. */
#define USEFUL     0.25


typedef struct
{
  double useful;     /* something to look at of the new result can be painted */
  double all;        /* all of it                                             */
  double core;       /* the core alone, for the same region                   */
} Times;

typedef struct
{
  JfRegion region;
  gint64   start;
  double   seen;       /* share of the region */
  double   useful;
  double   last;
} Watch;

/* The core, with the pictures that the preview shows. */
typedef struct
{
  JfTask    task;
  JfPixels  pixels;
  JfPixels  guidance;
  JfScene  *scene;
} Core;

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
static const JfMode   * get_mode         (const char           *name);
static gboolean         measure          (const JfMode         *mode,
                                          GimpProcedureConfig  *config,
                                          GimpDrawable        **targets,
                                          Times                *times,
                                          GError              **error);
static gboolean         core_init        (Core                 *core,
                                          const JfMode         *mode,
                                          GimpProcedureConfig  *config,
                                          GimpDrawable         *target,
                                          GError              **error);
static void             core_clear       (Core                 *core);
static gboolean         measure_core     (const Core           *core,
                                          const JfRegion       *region,
                                          double               *time,
                                          GError              **error);
static void             measure_preview  (JfPreviewSource      *source,
                                          GimpProcedureConfig  *config,
                                          Watch                *watch);
static void             rest             (guint                 milliseconds);
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
  guint         n_modes;
  const JfMode *modes = jf_modes_get (&n_modes);
  GList        *names = NULL;

  for (guint i = 0; i < n_modes; i++)
    names = g_list_append (names, g_strconcat (PREFIX BENCH, modes[i].procedure + strlen (PREFIX), NULL));

  return names;
}

static GimpProcedure *
create_procedure (GimpPlugIn *plug_in,
                  const char *name)
{
  GimpProcedure *procedure = gimp_image_procedure_new (plug_in, name, GIMP_PDB_PROC_TYPE_PLUGIN, run, NULL, NULL);

  gimp_procedure_set_image_types (procedure, "*");
  jf_arguments_add (procedure, get_mode (name));

  return procedure;
}

static const JfMode *
get_mode (const char *name)
{
  g_autofree char *procedure = g_strconcat (PREFIX, name + strlen (PREFIX BENCH), NULL);

  return jf_modes_find (procedure);
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

  if (! measure (get_mode (gimp_procedure_get_name (procedure)), config, drawables, times, &error))
    return gimp_procedure_new_return_values (procedure, GIMP_PDB_EXECUTION_ERROR, error);

  g_print ("width=%d height=%d threads=%d core_ms=%.1f useful_ms=%.1f all_ms=%.1f\n",
           WIDTH, HEIGHT, gimp_get_num_processors (), get_median (times, G_STRUCT_OFFSET (Times, core)),
           get_median (times, G_STRUCT_OFFSET (Times, useful)), get_median (times, G_STRUCT_OFFSET (Times, all)));

  return gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
}

/* By turns, so that what else the machine does meets both. The first run prepares the scene, which a dialog does before
 * anything can be changed.
 */
static gboolean
measure (const JfMode         *mode,
         GimpProcedureConfig  *config,
         GimpDrawable        **targets,
         Times                *times,
         GError              **error)
{
  g_autoptr (JfSceneSource) source = jf_scene_source_new (mode, config, targets, error);
  Watch                     watch  = { .region = { gimp_drawable_get_width (targets[0])  / 2 - WIDTH  / 2,
                                                   gimp_drawable_get_height (targets[0]) / 2 - HEIGHT / 2, WIDTH, HEIGHT } };
  Core                      core   = { 0 };
  gboolean                  done   = source && core_init (&core, mode, config, targets[0], error);

  if (done)
    {
      g_signal_connect (source, "changed", G_CALLBACK (on_changed), &watch);
      jf_preview_source_request (JF_PREVIEW_SOURCE (source), &watch.region);
      measure_preview (JF_PREVIEW_SOURCE (source), config, &watch);
      rest (SETTLE);
    }

  for (int i = 0; i < N_RUNS && done; i++)
    {
      measure_preview (JF_PREVIEW_SOURCE (source), config, &watch);
      times[i].useful = watch.useful;
      times[i].all    = watch.last;
      done            = measure_core (&core, &watch.region, &times[i].core, error);
    }

  if (source)
    jf_scene_source_stop (source);

  core_clear (&core);

  return done;
}

static gboolean
core_init (Core                 *core,
           const JfMode         *mode,
           GimpProcedureConfig  *config,
           GimpDrawable         *target,
           GError              **error)
{
  GimpLayer              *layer    = jf_arguments_get_guidance (config, gimp_item_get_image (GIMP_ITEM (target)));
  const JfRegion          whole    = { 0, 0, gimp_drawable_get_width (target), gimp_drawable_get_height (target) };
  JfPipelineOptions       options;
  g_auto (JfGuidance)     opened   = { 0 };
  g_autoptr (JfPipeline)  pipeline = NULL;

  jf_arguments_get_options (config, mode, &options);
  core->task = (JfTask) { .n_threads = gimp_get_num_processors () };
  pipeline   = jf_models_load (mode, &options, NULL, error);

  if (! pipeline ||
      ! jf_pixels_read (&core->pixels, target, &whole, error) ||
      (layer && (! jf_guidance_open (&opened, layer, target, error) ||
                 ! jf_guidance_read (&opened, &whole, &core->guidance, error))))
    return FALSE;

  core->scene = jf_scene_new (pipeline, &core->pixels.colour, core->pixels.alpha,
                              layer ? &core->guidance.colour : NULL, &core->task, error);

  return core->scene != NULL;
}

static void
core_clear (Core *core)
{
  jf_scene_free (core->scene);
  jf_pixels_clear (&core->guidance);
  jf_pixels_clear (&core->pixels);
}

static gboolean
measure_core (const Core      *core,
              const JfRegion  *region,
              double          *time,
              GError         **error)
{
  g_auto (JfPlanes) output = { 0 };
  Watch             watch  = { .start = g_get_monotonic_time () };

  if (! jf_planes_init (&output, core->pixels.colour.channels, region->width, region->height, error) ||
      ! jf_scene_render (core->scene, region, &core->task, NULL, &output, error))
    return FALSE;

  *time = get_time (&watch);

  return TRUE;
}

/* An argument that is told to have changed is one to the preview; what changes again at once would have to rest first. */
static void
measure_preview (JfPreviewSource     *source,
                 GimpProcedureConfig *config,
                 Watch               *watch)
{
  rest (JF_SCENE_SOURCE_DELAY + 1);

  watch->start = g_get_monotonic_time ();
  watch->seen  = 0.0;
  g_object_notify (G_OBJECT (config), "guidance");

  while (jf_preview_source_is_busy (source))
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
on_rested (gpointer data)
{
  *(gboolean *) data = TRUE;

  return G_SOURCE_REMOVE;
}

static void
rest (guint milliseconds)
{
  gboolean rested = FALSE;

  g_timeout_add (milliseconds, on_rested, &rested);

  while (! rested)
    g_main_context_iteration (NULL, TRUE);
}

/* Reads the pixels, as the widget does at once. */
static void
on_changed (JfPreviewSource *source,
            int              picture,
            const JfRegion  *region,
            Watch           *watch)
{
  g_autofree float *pixels = NULL;
  JfRegion          seen;

  if (picture != JF_PICTURE_AFTER ||
      ! gimp_rectangle_intersect (region->x, region->y, region->width, region->height,
                                  watch->region.x, watch->region.y, watch->region.width, watch->region.height,
                                  &seen.x, &seen.y, &seen.width, &seen.height))
    return;

  pixels = g_new (float, (gsize) seen.width * seen.height * 4);
  jf_preview_source_read (source, JF_PICTURE_AFTER, &seen, 1, pixels);
  watch->last = get_time (watch);

  if (watch->seen < USEFUL)
    watch->useful = watch->last;

  watch->seen += (double) seen.width * seen.height / (WIDTH * HEIGHT);
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
