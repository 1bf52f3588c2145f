/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * computation: what a job makes of one target
 *
 * For each band: pixels -> planes -> core -> planes -> shadow buffer. So memory holds what one band needs, and all of the
 * pictures only where the mode has to know it. All GIMP calls are made in the main thread; another one computes, and
 * meanwhile the main loop runs, so that a dialog stays alive.
 */
#include <glib/gi18n-lib.h>

#include "colorize.h"
#include "sample.h"

#include "computation.h"


/* Of a band, in pixels: enough of the core's tiles for sixteen threads, which are few of a large picture.
 *
 * Passes compute the halos of those that follow twice, above and below a band. Against all of a picture at once, bands
 * took 0.87 to 1.02 times as long for 2 and 3 passes of halftones or texture over 12 MP, but 1.05 to 1.11 times for 8,
 * and 1.04 over 24 MP; there bands twice as large took 0.98 times as long. In 2 MP, half a picture at a time took 1.11
 * times as long for 8 passes, 1.05 for 4, no longer for 2. (Two cores of an Emerald Rapids.)
 */
#define BAND_AREA         (4 << 20)
#define MANY_PASSES       4

/* How often the progress is told, in milliseconds: GIMP itself draws it ten times a second at most. */
#define PROGRESS_INTERVAL 50


/* One target's bands, one after the other. What is computed is so in a thread of its own. */
typedef struct
{
  const JfJob    *job;
  GimpDrawable   *drawable;      /* the target                                      */
  const JfRegion *region;        /* what of it is to be filtered                    */
  const JfKnown  *known;         /* NULL: nothing                                   */
  JfGuidance      guide;         /* all zero where the target is its own guidance   */
  JfRegion        area;          /* what of the target the scene knows              */
  JfPixels        target;        /* of the area                                     */
  JfPixels        guidance;      /* of the area                                     */
  JfScene        *scene;         /* NULL: to be made of them                        */
  JfRegion        band;          /* what is to be computed                          */
  JfPixels        pixels;        /* the result                                      */
  JfNoise         estimate;      /* of the target's noise, which bands cannot tell  */
  gboolean        has_estimate;
  const JfTask   *task;          /* whose progress the main thread tells            */
  gint            permille;      /* atomic: how much is done                        */
} Computation;


static gboolean computation_begin (Computation        *computation,
                                   GError            **error);
static gboolean take_known        (Computation        *computation);
static gboolean find_noise        (Computation        *computation,
                                   GError            **error);
static gboolean read_sample       (Computation        *computation,
                                   const JfRegion     *whole,
                                   GError            **error);
static gboolean add_to_sample     (JfPixels           *sample,
                                   const JfRegion     *whole,
                                   int                 i,
                                   const JfPixels     *square,
                                   GError            **error);
static gboolean find_result       (Computation        *computation);
static gboolean compute_result    (Computation        *computation,
                                   GError            **error);
static gboolean computation_read  (Computation        *computation,
                                   GError            **error);
static void     copy_alpha        (Computation        *computation);
static gboolean read_area         (Computation        *computation,
                                   const JfRegion     *area,
                                   GError            **error);
static JfRegion get_inside        (const Computation  *computation);
static gboolean run_in_thread     (Computation        *computation,
                                   GTaskThreadFunc     func,
                                   GError            **error);
static void     estimate_noise    (GTask              *task,
                                   gpointer            source,
                                   gpointer            data,
                                   GCancellable       *cancellable);
static void     compute           (GTask              *task,
                                   gpointer            source,
                                   gpointer            data,
                                   GCancellable       *cancellable);
static gboolean compute_band      (Computation        *computation,
                                   GError            **error);
static gboolean make_scene        (Computation        *computation,
                                   const JfTask       *task,
                                   GError            **error);
static void     finish_band       (Computation        *computation,
                                   const JfScene      *scene,
                                   const JfRegion     *inside);
static void     computation_drop  (Computation        *computation);
static void     clear_pictures    (Computation        *computation);
static void     computation_clear (Computation        *computation);
static gboolean is_whole          (const JfRegion     *area,
                                   GimpDrawable       *target);
static void     tell_alignment    (const Computation  *computation);
static void     note_progress     (double              fraction,
                                   gpointer            data);
static gboolean tell_progress     (gpointer            data);


G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Computation, computation_clear)


/*  public functions  */

/**
 * jf_computation_run:
 * @job:    what to do
 * @target: one of its targets, as it has to be all the while
 * @region: the part to filter
 * @output: a drawable of that shape, maybe the target itself
 * @task:   how; its progress is told in this thread, while the main loop runs
 * @error:  return location for an error, %G_IO_ERROR_CANCELLED among others
 *
 * Filters a part of a target into the shadow buffer of @output.
 *
 * Returns: whether all went well
 */
gboolean
jf_computation_run (const JfJob     *job,
                    const JfShape   *target,
                    const JfRegion  *region,
                    GimpDrawable    *output,
                    const JfTask    *task,
                    GError         **error)
{
  int                  area        = BAND_AREA * (job->pipeline->options.iterations < MANY_PASSES ? 1 : 2);
  int                  tile        = (int) gimp_tile_height ();
  int                  n_rows      = (area / region->width / tile + 1) * tile;
  g_auto (Computation) computation = { job, target->drawable, region, .task = task };

  if (! jf_shape_check (target, error))
    return FALSE;

  for (int y = 0; y < region->height; y += n_rows)
    {
      int        height = MIN (n_rows, region->height - y);
      JfTaskPart part;

      jf_task_part_init (&part, task, (double) y / region->height, (double) height / region->height);
      computation.band = (JfRegion) { region->x, region->y + y, region->width, height };
      computation.task = &part.task;

      if ((y == 0 && ! computation_begin (&computation, error))                              ||
          ! jf_pixels_init (&computation.pixels, target->drawable, &computation.band, error) ||
          (! find_result (&computation) && ! compute_result (&computation, error))           ||
          ! jf_shape_check (target, error))
        return FALSE;

      if (y == 0)
        tell_alignment (&computation);

      jf_pixels_write (&computation.pixels, output, &computation.band);
      jf_pixels_clear (&computation.pixels);
    }

  return TRUE;
}


/*  private functions  */

static gboolean
computation_begin (Computation  *computation,
                   GError      **error)
{
  const JfJob  *job    = computation->job;
  GimpDrawable *target = computation->drawable;
  JfRegion      area   = jf_scene_get_area (job->pipeline, gimp_drawable_get_width (target),
                                            gimp_drawable_get_height (target), &computation->band);

  return (! job->guidance || jf_guidance_open (&computation->guide, job->guidance, target, error)) &&
         (take_known (computation) || is_whole (&area, target) || find_noise (computation, error));
}

/* What the preview knows. */
static gboolean
take_known (Computation *computation)
{
  const JfKnown *known = &computation->job->known;

  if (! jf_known_holds (known, computation->drawable, &computation->guide, computation->job->pipeline,
                        computation->region))
    return FALSE;

  computation->known = known;

  if (jf_scene_get_estimate (known->scene))
    {
      computation->estimate     = *jf_scene_get_estimate (known->scene);
      computation->has_estimate = TRUE;
    }

  return TRUE;
}

/* A selection does not change what is found out about the target, nor do bands. */
static gboolean
find_noise (Computation  *computation,
            GError      **error)
{
  GimpDrawable   *target = computation->drawable;
  const JfRegion  whole  = { 0, 0, gimp_drawable_get_width (target), gimp_drawable_get_height (target) };

  if (! jf_pipeline_wants_noise (computation->job->pipeline, whole.width, whole.height))
    return TRUE;

  if (! (jf_sample_count (whole.width, whole.height) > 0 ? read_sample (computation, &whole, error)
                                                         : read_area (computation, &whole, error)) ||
      ! run_in_thread (computation, estimate_noise, error))
    return FALSE;

  clear_pictures (computation);
  computation->has_estimate = TRUE;

  return TRUE;
}

static gboolean
read_sample (Computation     *computation,
             const JfRegion  *whole,
             GError         **error)
{
  for (int i = 0; i < jf_sample_count (whole->width, whole->height); i++)
    {
      const JfRegion    square   = jf_sample_get_square (whole->width, whole->height, i);
      g_auto (JfPixels) target   = { 0 };
      g_auto (JfPixels) guidance = { 0 };

      if (! jf_pixels_read (&target, computation->drawable, &square, error) ||
          ! add_to_sample (&computation->target, whole, i, &target, error))
        return FALSE;

      if (computation->guide.layer &&
          (! jf_guidance_read (&computation->guide, &square, &guidance, error) ||
           ! add_to_sample (&computation->guidance, whole, i, &guidance, error)))
        return FALSE;
    }

  return TRUE;
}

static gboolean
add_to_sample (JfPixels        *sample,
               const JfRegion  *whole,
               int              i,
               const JfPixels  *square,
               GError         **error)
{
  const JfPlanes *planes = &square->planes;
  const JfRegion  all    = { 0, 0, planes->width, planes->height };
  JfPlanes        few;

  if (i == 0)
    {
      if (! jf_sample_init (&few, planes->channels, whole->width, whole->height, error))
        return FALSE;

      jf_pixels_set_planes (sample, &few, square->alpha != NULL);
    }

  jf_sample_copy (&sample->planes, i, planes, &all);

  return TRUE;
}

static gboolean
find_result (Computation *computation)
{
  const JfKnown  *known = computation->known;
  const JfRegion *band  = &computation->band;

  if (! known || ! jf_known_read_result (known, band, &computation->pixels.colour))
    return FALSE;

  copy_alpha (computation);
  finish_band (computation, known->scene, band);
  jf_task_progress (computation->task, 1.0);

  return TRUE;
}

static gboolean
compute_result (Computation  *computation,
                GError      **error)
{
  JfRegion inside;

  if (! computation_read (computation, error) || ! run_in_thread (computation, compute, error))
    return FALSE;

  inside = get_inside (computation);
  finish_band (computation, computation->scene, &inside);

  return TRUE;
}

/* A scene that knows what the band needs is kept. */
static gboolean
computation_read (Computation  *computation,
                  GError      **error)
{
  GimpDrawable *target = computation->drawable;
  JfRegion      area   = jf_scene_get_area (computation->job->pipeline, gimp_drawable_get_width (target),
                                            gimp_drawable_get_height (target), &computation->band);

  if (computation->known && is_whole (&area, target))
    {
      computation->area  = area;
      computation->scene = computation->known->scene;
    }

  if (! (computation->scene && is_whole (&computation->area, target)) && ! read_area (computation, &area, error))
    return FALSE;

  copy_alpha (computation);

  return TRUE;
}

/* To the band's pixels. */
static void
copy_alpha (Computation *computation)
{
  const JfKnown  *known  = computation->known;
  const JfPixels *target = known ? known->target : &computation->target;
  const JfRegion  inside = known ? computation->band : get_inside (computation);

  if (target->alpha)
    jf_pixels_copy_alpha (target, &inside, &computation->pixels);
}

static gboolean
read_area (Computation     *computation,
           const JfRegion  *area,
           GError         **error)
{
  const JfKnown *known = computation->known;

  computation_drop (computation);
  computation->area = *area;

  if (known)
    return jf_known_crop (known, area, &computation->target, &computation->guidance, error);

  return jf_pixels_read (&computation->target, computation->drawable, area, error) &&
         (! computation->guide.layer ||
          (jf_shape_check (&computation->guide.shape, error) &&
           jf_guidance_read (&computation->guide, area, &computation->guidance, error)));
}

/* The band in what the scene knows. */
static JfRegion
get_inside (const Computation *computation)
{
  const JfRegion *band = &computation->band;
  const JfRegion *area = &computation->area;

  return (JfRegion) { band->x - area->x, band->y - area->y, band->width, band->height };
}

static gboolean
run_in_thread (Computation      *computation,
               GTaskThreadFunc   func,
               GError          **error)
{
  g_autofree char    *name   = gimp_item_get_name (GIMP_ITEM (computation->drawable));
  g_autoptr (GTask)   task   = g_task_new (NULL, NULL, NULL, NULL);
  guint               timer  = g_timeout_add (PROGRESS_INTERVAL, tell_progress, computation);
  g_autoptr (GError)  reason = NULL;

  g_task_set_task_data (task, computation, NULL);
  g_atomic_int_set (&computation->permille, 0);
  g_task_run_in_thread (task, func);

  while (! g_task_get_completed (task))
    g_main_context_iteration (NULL, TRUE);

  g_source_remove (timer);

  if (g_task_propagate_boolean (task, &reason))
    return TRUE;

  if (reason->domain == JF_COLORIZE_ERROR)
    g_set_error (error, GIMP_PLUG_IN_ERROR, 0,
                 /* TRANSLATORS: a layer's name, and what is wrong with it. */
                 _("“%s”: %s."), name, reason->message);
  else
    g_propagate_error (error, g_steal_pointer (&reason));

  return FALSE;
}

/* A GTaskThreadFunc. */
static void
estimate_noise (GTask        *task,
                gpointer      source,
                gpointer      data,
                GCancellable *cancellable)
{
  Computation *computation = data;

  computation->estimate = jf_scene_estimate_noise (&computation->target.colour, computation->target.alpha,
                                                   computation->guidance.planes.data ?
                                                   &computation->guidance.colour : NULL);
  g_task_return_boolean (task, TRUE);
}

/* A GTaskThreadFunc. */
static void
compute (GTask        *task,
         gpointer      source,
         gpointer      data,
         GCancellable *cancellable)
{
  GError *error = NULL;

  if (compute_band (data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
compute_band (Computation  *computation,
              GError      **error)
{
  const JfRegion  inside = get_inside (computation);
  JfPixels       *pixels = &computation->pixels;
  JfTask          silent = { computation->task->n_threads, computation->task->cancellable, note_progress, computation };

  return (computation->scene || make_scene (computation, &silent, error)) &&
         jf_scene_render (computation->scene, &inside, &silent, NULL, &pixels->colour, error);
}

static gboolean
make_scene (Computation   *computation,
            const JfTask  *task,
            GError       **error)
{
  const JfPixels *target   = &computation->target;
  const JfPixels *guidance = &computation->guidance;

  computation->scene = jf_scene_open (computation->job->pipeline, &target->colour, target->alpha,
                                      guidance->planes.data ? &guidance->colour : NULL, error);

  if (computation->scene && computation->has_estimate)
    jf_scene_set_estimate (computation->scene, &computation->estimate);

  if (computation->job->pipeline->mode->target == JF_TARGET_STROKES)
    clear_pictures (computation);

  return computation->scene && jf_scene_prepare (computation->scene, task, error);
}

/* What strokes were painted on is transparent, the coloured photo is not. */
static void
finish_band (Computation    *computation,
             const JfScene  *scene,
             const JfRegion *inside)
{
  JfPixels *pixels   = &computation->pixels;
  gsize     n_pixels = (gsize) pixels->planes.width * pixels->planes.height;

  jf_scene_blend (scene, inside, computation->job->strength, &pixels->colour);

  if (computation->job->pipeline->mode->target != JF_TARGET_STROKES || ! pixels->alpha)
    return;

  for (gsize i = 0; i < n_pixels; i++)
    pixels->alpha[i] = 1.0f;
}

static void
computation_drop (Computation *computation)
{
  if (! computation->known || computation->scene != computation->known->scene)
    jf_scene_free (computation->scene);

  computation->scene = NULL;
  clear_pictures (computation);
}

static void
clear_pictures (Computation *computation)
{
  jf_pixels_clear (&computation->target);
  jf_pixels_clear (&computation->guidance);
}

static void
computation_clear (Computation *computation)
{
  computation_drop (computation);
  jf_pixels_clear (&computation->pixels);
  jf_guidance_close (&computation->guide);
}

static gboolean
is_whole (const JfRegion *area,
          GimpDrawable   *target)
{
  return area->width  == gimp_drawable_get_width  (target) &&
         area->height == gimp_drawable_get_height (target);
}

/* To a script in passing only, but for what may be wrong. */
static void
tell_alignment (const Computation *computation)
{
  const JfJob      *job      = computation->job;
  const JfScene    *scene    = computation->scene ? computation->scene : computation->known->scene;
  const JfAlign    *align    = jf_scene_get_align (scene);
  g_autofree char  *target   = gimp_item_get_name (GIMP_ITEM (computation->drawable));
  g_autofree char  *guidance = NULL;
  g_autofree char  *message  = NULL;

  if (! align)
    return;

  guidance = gimp_item_get_name (GIMP_ITEM (job->guidance));

  if (! align->sure)
    message = g_strdup_printf (_("How the guidance layer “%s” lies on “%s” is not sure, so it was not moved. Move it by "
                                 "hand if they are not aligned."), guidance, target);
  else if (! jf_align_is_identity (align))
    /* TRANSLATORS: pixels to the right and down, degrees, and percent. */
    message = g_strdup_printf (_("The guidance layer “%s” was moved by %.1f, %.1f pixels, turned by %.2f° and scaled "
                                 "by %.2f%% to lie on “%s”."),
                               guidance, -align->dx, -align->dy, -align->angle * 180.0 / G_PI,
                               100.0 * (1.0 / align->scale - 1.0), target);

  if (message && (job->interactive || ! align->sure))
    gimp_message (message);
  else if (message)
    gimp_progress_set_text (message);
}

/* A JfProgressFunc, in the computing thread. */
static void
note_progress (double   fraction,
               gpointer data)
{
  Computation *computation = data;

  g_atomic_int_set (&computation->permille, (int) (1000.0 * fraction));
}

static gboolean
tell_progress (gpointer data)
{
  Computation *computation = data;

  jf_task_progress (computation->task, g_atomic_int_get (&computation->permille) / 1000.0);

  return G_SOURCE_CONTINUE;
}
