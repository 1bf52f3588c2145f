/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * job: one run of a mode over the selected drawables
 *
 * For each band of a target: pixels -> planes -> core -> planes -> shadow buffer. So memory holds what one band
 * needs, and all of the pictures only where the mode has to know it. Only when all targets are ready does the image
 * change, in one undo step, so an error or a cancelled run changes nothing. (Cancel is SIGKILL: GIMP then frees shadow
 * buffers and layers that are not in an image.) All GIMP calls are made in the main thread; another one computes, and
 * meanwhile the main loop runs, so that a dialog stays alive.
 */
#include <string.h>

#include <glib/gi18n-lib.h>

#include "colorize.h"
#include "sample.h"
#include "scene.h"

#include "guidance.h"
#include "job.h"
#include "pixels.h"


/* Of a band, in pixels: enough of the core's tiles for sixteen threads, which are few of a large picture.
 *
 * Passes compute the halos of those that follow twice, above and below a band. Against all of a picture at once, bands
 * took 0.87 to 1.02 times as long for 2 and 3 passes of halftones or texture over 12 MP, but 1.05 to 1.11 times for 8,
 * and 1.04 over 24 MP; there bands twice as large took 0.98 times as long. In 2 MP, half a picture at a time took 1.11
 * times as long for 8 passes, 1.05 for 4, no longer for 2. (Two cores of an Emerald Rapids.)
 */
#define BAND_AREA         (4 << 20)
#define MANY_PASSES       4

/* Below this share of guidance the user is told; a crop or a few pixels of misalignment stay above. */
#define ENOUGH_OVERLAP    0.5

/* How often the progress is told, in milliseconds: GIMP itself draws it ten times a second at most. */
#define PROGRESS_INTERVAL 50


/* What becomes of one target. */
typedef struct
{
  GimpDrawable *target;
  GimpDrawable *drawable;     /* the target, or the copy that becomes the new layer  */
  JfRegion      region;
} Result;

/* One target's bands, one after the other. What is computed is so in a thread of its own. */
typedef struct
{
  const JfJob      *job;
  const Result     *result;
  const JfJobKnown *known;         /* NULL: nothing                                                      */
  JfGuidance        guide;         /* all zero where the target is its own guidance                      */
  JfRegion          area;          /* what of the target the scene knows                                 */
  JfPixels          target;        /* of the area                                                        */
  JfPixels          guidance;      /* of the area                                                        */
  JfScene          *scene;         /* NULL: to be made of them                                           */
  JfRegion          band;          /* what is to be computed                                             */
  JfPixels          pixels;        /* the result                                                         */
  JfNoise           estimate;      /* of the target's noise, which bands cannot tell                     */
  gboolean          has_estimate;
  const JfTask     *task;          /* whose progress the main thread tells                               */
  gint              permille;      /* atomic: how much is done                                           */
} Computation;


static gboolean check_lock        (const JfJob     *job,
                                   GimpDrawable    *target,
                                   GError         **error);
static gboolean check_overlap     (const JfJob     *job,
                                   const Result    *result,
                                   GError         **error);
static gboolean result_init       (Result          *result,
                                   const JfJob     *job,
                                   GimpDrawable    *target,
                                   GError         **error);
static gboolean result_copy       (Result          *result,
                                   GError         **error);
static gboolean result_compute    (const Result    *result,
                                   const JfJob     *job,
                                   const JfTask    *task,
                                   GError         **error);
static gboolean result_commit     (const Result    *result,
                                   const JfJob     *job,
                                   GError         **error);
static void     result_discard    (const Result    *result);
static gboolean compute_all       (const JfJob     *job,
                                   Result          *results,
                                   int              n_results,
                                   const JfTask    *task,
                                   GError         **error);
static gboolean commit_all        (const JfJob     *job,
                                   const Result    *results,
                                   int              n_results,
                                   GError         **error);
static gboolean computation_begin (Computation     *computation,
                                   GError         **error);
static gboolean find_noise        (Computation     *computation,
                                   GError         **error);
static gboolean read_sample       (Computation     *computation,
                                   const JfRegion  *whole,
                                   GError         **error);
static gboolean add_to_sample     (JfPixels        *sample,
                                   const JfRegion  *whole,
                                   int              i,
                                   const JfPixels  *square,
                                   GError         **error);
static gboolean compute_result    (Computation     *computation,
                                   GError         **error);
static gboolean computation_read  (Computation     *computation,
                                   GError         **error);
static void     copy_alpha        (Computation     *computation);
static gboolean read_area         (Computation     *computation,
                                   const JfRegion  *area,
                                   GError         **error);
static gboolean take_known        (Computation     *computation);
static gboolean is_sample_known   (Computation     *computation,
                                   const JfRegion  *whole);
static gboolean is_known          (Computation     *computation,
                                   const JfRegion  *region);
static gboolean find_result       (Computation     *computation);
static JfRegion get_inside        (const Computation
                                                   *computation);
static gboolean computation_run   (Computation     *computation,
                                   GTaskThreadFunc  func,
                                   GError         **error);
static void     estimate_noise    (GTask           *task,
                                   gpointer         source,
                                   gpointer         data,
                                   GCancellable    *cancellable);
static void     compute           (GTask           *task,
                                   gpointer         source,
                                   gpointer         data,
                                   GCancellable    *cancellable);
static gboolean compute_band      (Computation     *computation,
                                   GError         **error);
static gboolean make_scene        (Computation     *computation,
                                   const JfTask    *task,
                                   GError         **error);
static void     finish_band       (Computation     *computation,
                                   const JfScene   *scene,
                                   const JfRegion  *inside);
static void     computation_drop  (Computation     *computation);
static void     clear_pictures    (Computation     *computation);
static void     computation_clear (Computation     *computation);
static gboolean is_whole          (const JfRegion  *area,
                                   GimpDrawable    *target);
static void     tell_alignment    (const Computation
                                                   *computation);
static void     note_progress     (double           fraction,
                                   gpointer         data);
static gboolean tell_progress     (gpointer         data);
static gboolean set_item_error    (GError         **error,
                                   GimpItem        *item,
                                   const char      *format);
static gboolean set_gimp_error    (GError         **error,
                                   GimpDrawable    *drawable);


G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Computation, computation_clear)


/*  public functions  */

/**
 * jf_job_check_targets:
 * @mode:    what is to be done to them
 * @targets: (array zero-terminated=1): what is to be filtered
 * @error:   return location for an error that says what to do
 *
 * Returns: whether they can be filtered at all
 */
gboolean
jf_job_check_targets (const JfMode  *mode,
                      GimpDrawable **targets,
                      GError       **error)
{
  if (! targets[0])
    g_set_error_literal (error, GIMP_PLUG_IN_ERROR, 0,
                         _("No layer is selected. Select the layer to filter."));

  for (int i = 0; targets[i]; i++)
    {
      GimpItem *item = GIMP_ITEM (targets[i]);

      /* The user works on while a dialog is open. */
      if (! gimp_item_is_valid (item))
        return set_item_error (error, item,
                               _("“%s” was removed from the image. Select the layer to filter."));

      if (gimp_item_is_group (item))
        return set_item_error (error, item,
                               _("The layer group “%s” has no pixels of its own. Select the layers in it, or "
                                 "merge it."));

      /* The menu is insensitive for these, but scripts get here. */
      if (gimp_drawable_is_indexed (targets[i]))
        return set_item_error (error, item,
                               _("“%s” has indexed colours. Convert the image with Image, Mode, RGB first."));

      if (jf_mode_needs_colour (mode) && ! gimp_drawable_is_rgb (targets[i]))
        return set_item_error (error, item,
                               _("“%s” has no colours. Select a layer of an RGB image; a grey image becomes one "
                                 "with Image, Mode, RGB."));
    }

  return targets[0] != NULL;
}

/**
 * jf_job_run:
 * @job:   what to do
 * @task:  how; its progress is told in this thread, while the main loop runs
 * @error: return location for an error, %G_IO_ERROR_CANCELLED among others
 *
 * Filters the selected part of every target.
 *
 * Returns: whether all went well; otherwise the image is unchanged
 */
gboolean
jf_job_run (const JfJob   *job,
            const JfTask  *task,
            GError       **error)
{
  int                n_targets = (int) gimp_core_object_array_get_length ((GObject **) job->targets);
  g_autofree Result *results   = g_new0 (Result, n_targets);
  gboolean           success;

  success = compute_all (job, results, n_targets, task, error) &&
            commit_all  (job, results, n_targets, error);

  for (int i = 0; i < n_targets && ! success; i++)
    result_discard (&results[i]);

  return success;
}


/*  private functions  */

static gboolean
compute_all (const JfJob   *job,
             Result        *results,
             int            n_results,
             const JfTask  *task,
             GError       **error)
{
  for (int i = 0; i < n_results; i++)
    if (! result_init (&results[i], job, job->targets[i], error))
      return FALSE;

  for (int i = 0; i < n_results; i++)
    {
      JfTaskPart part;

      jf_task_part_init (&part, task, (double) i / n_results, 1.0 / n_results);

      if (! result_compute (&results[i], job, &part.task, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
commit_all (const JfJob   *job,
            const Result  *results,
            int            n_results,
            GError       **error)
{
  gboolean success = TRUE;

  gimp_image_undo_group_start (job->image);

  for (int i = 0; i < n_results && success; i++)
    success = result_commit (&results[i], job, error);

  gimp_image_undo_group_end (job->image);

  return success;
}

/* All that can be wrong with a target is found out before anything is computed. */
static gboolean
result_init (Result        *result,
             const JfJob   *job,
             GimpDrawable  *target,
             GError       **error)
{
  JfRegion *region = &result->region;

  if (! check_lock (job, target, error))
    return FALSE;

  if (! gimp_drawable_mask_intersect (target, &region->x, &region->y, &region->width, &region->height))
    return set_item_error (error, GIMP_ITEM (target),
                           _("The selection does not touch the layer “%s”. Move the selection, or select "
                             "nothing to filter the whole layer."));

  result->target   = target;
  result->drawable = target;

  return (! job->guidance || check_overlap (job, result, error)) &&
         (! job->new_layer || result_copy (result, error));
}

/* With the target's mask, mode, opacity, effects and so on; its locks are not wanted. */
static gboolean
result_copy (Result  *result,
             GError **error)
{
  g_autofree char *name = gimp_item_get_name (GIMP_ITEM (result->target));
  /* TRANSLATORS: the name of the layer with the result; %s is the name of the layer filtered. */
  g_autofree char *copy_name = g_strdup_printf (_("%s filtered"), name);
  GimpLayer       *copy      = gimp_layer_copy (GIMP_LAYER (result->target));

  if (! copy)
    return set_gimp_error (error, result->target);

  result->drawable = GIMP_DRAWABLE (copy);

  return gimp_item_set_name (GIMP_ITEM (copy), copy_name)      &&
         gimp_item_set_lock_content (GIMP_ITEM (copy), FALSE)  &&
         gimp_layer_set_lock_alpha (copy, FALSE)               ? TRUE : set_gimp_error (error, result->target);
}

/* A locked layer may well be the source of a new one, but nothing can be put into a locked group. */
static gboolean
check_lock (const JfJob   *job,
            GimpDrawable  *target,
            GError       **error)
{
  GimpItem *item = GIMP_ITEM (target);

  if (job->new_layer && (! GIMP_IS_LAYER (target) || gimp_layer_is_floating_sel (GIMP_LAYER (target))))
    return set_item_error (error, item, _("“%s” is not a layer and can only be filtered in place."));

  if (GIMP_IS_LAYER_MASK (target))
    item = GIMP_ITEM (gimp_layer_from_mask (GIMP_LAYER_MASK (target)));

  if (job->new_layer)
    item = gimp_item_get_parent (item);

  for (; item; item = gimp_item_get_parent (item))
    if (gimp_item_get_lock_content (item))
      return set_item_error (error, item,
                             _("The pixels of “%s” are locked. Unlock them in the Layers dialog, then filter "
                               "again."));

  return TRUE;
}

static gboolean
check_overlap (const JfJob   *job,
               const Result  *result,
               GError       **error)
{
  double             overlap = jf_guidance_get_overlap (job->guidance, result->target, &result->region);
  g_autofree char   *guidance_name = gimp_item_get_name (GIMP_ITEM (job->guidance));
  g_autofree char   *target_name   = gimp_item_get_name (GIMP_ITEM (result->target));
  g_autofree char   *message       = NULL;

  if (overlap <= 0.0)
    {
      g_set_error (error, GIMP_PLUG_IN_ERROR, 0,
                   _("The guidance layer “%s” lies nowhere over the part of “%s” to filter. Move one of them so "
                     "that the pictures are aligned."),
                   guidance_name, target_name);
      return FALSE;
    }

  if (overlap < ENOUGH_OVERLAP)
    {
      message = g_strdup_printf (_("The guidance layer “%s” covers only %d%% of the part of “%s” to filter; "
                                   "beyond it, its edge is used. Are the layers aligned?"),
                                 guidance_name, (int) (100.0 * overlap), target_name);
      gimp_message (message);
    }

  return TRUE;
}

static gboolean
result_compute (const Result  *result,
                const JfJob   *job,
                const JfTask  *task,
                GError       **error)
{
  const JfRegion      *region      = &result->region;
  int                  area        = BAND_AREA * (job->pipeline->options.iterations < MANY_PASSES ? 1 : 2);
  int                  tile        = (int) gimp_tile_height ();
  int                  n_rows      = (area / region->width / tile + 1) * tile;
  GimpDrawable        *target      = result->target;
  g_auto (Computation) computation = { job, result, .task = task };

  for (int y = 0; y < region->height; y += n_rows)
    {
      int        height = MIN (n_rows, region->height - y);
      JfTaskPart part;

      jf_task_part_init (&part, task, (double) y / region->height, (double) height / region->height);
      computation.band = (JfRegion) { region->x, region->y + y, region->width, height };
      computation.task = &part.task;

      if ((y == 0 && ! computation_begin (&computation, error))                    ||
          ! jf_pixels_init (&computation.pixels, target, &computation.band, error) ||
          (! find_result (&computation) && ! compute_result (&computation, error)))
        return FALSE;

      if (y == 0)
        tell_alignment (&computation);

      jf_pixels_write (&computation.pixels, result->drawable, &computation.band);
      jf_pixels_clear (&computation.pixels);
    }

  return TRUE;
}

/* A new layer is filled while it is not in the image yet: what may take long comes first. */
static gboolean
result_commit (const Result  *result,
               const JfJob   *job,
               GError       **error)
{
  GimpItem       *item   = GIMP_ITEM (result->target);
  const JfRegion *region = &result->region;

  if (result->drawable != result->target &&
      ! gimp_image_insert_layer (job->image, GIMP_LAYER (result->drawable), GIMP_LAYER (gimp_item_get_parent (item)),
                                 gimp_image_get_item_position (job->image, item)))
    return set_gimp_error (error, result->target);

  if (! gimp_drawable_merge_shadow (result->drawable, TRUE) ||
      ! gimp_drawable_update (result->drawable, region->x, region->y, region->width, region->height))
    return set_gimp_error (error, result->target);

  return TRUE;
}

static void
result_discard (const Result *result)
{
  if (! result->drawable)
    return;

  gimp_drawable_free_shadow (result->drawable);

  if (result->drawable != result->target)
    gimp_item_delete (GIMP_ITEM (result->drawable));
}

static gboolean
computation_begin (Computation  *computation,
                   GError      **error)
{
  const JfJob  *job    = computation->job;
  GimpDrawable *target = computation->result->target;
  JfRegion      area   = jf_scene_get_area (job->pipeline, gimp_drawable_get_width (target),
                                            gimp_drawable_get_height (target), &computation->band);

  return (! job->guidance || jf_guidance_open (&computation->guide, job->guidance, target, error)) &&
         (take_known (computation) || is_whole (&area, target) || find_noise (computation, error));
}

/* A selection does not change what is found out about the target, nor do bands. */
static gboolean
find_noise (Computation  *computation,
            GError      **error)
{
  GimpDrawable   *target = computation->result->target;
  const JfRegion  whole  = { 0, 0, gimp_drawable_get_width (target), gimp_drawable_get_height (target) };

  if (! jf_pipeline_wants_noise (computation->job->pipeline, whole.width, whole.height))
    return TRUE;

  if (! (jf_sample_count (whole.width, whole.height) > 0 ? read_sample (computation, &whole, error)
                                                         : read_area (computation, &whole, error)) ||
      ! computation_run (computation, estimate_noise, error))
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

      if (! jf_pixels_read (&target, computation->result->target, &square, error) ||
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
compute_result (Computation  *computation,
                GError      **error)
{
  JfRegion inside;

  if (! computation_read (computation, error) || ! computation_run (computation, compute, error))
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
  GimpDrawable *target = computation->result->target;
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
  const JfJobKnown *known  = computation->known;
  const JfPixels   *target = known ? known->target : &computation->target;
  const JfRegion    inside = known ? computation->band : get_inside (computation);

  if (target->alpha)
    jf_pixels_copy_alpha (target, &inside, &computation->pixels);
}

static gboolean
read_area (Computation     *computation,
           const JfRegion  *area,
           GError         **error)
{
  const JfJobKnown *known = computation->known;

  computation_drop (computation);
  computation->area = *area;

  if (known)
    return jf_pixels_crop (&computation->target, known->target, area, error) &&
           (! known->guidance->planes.data ||
            jf_pixels_crop (&computation->guidance, known->guidance, area, error));

  return jf_pixels_read (&computation->target, computation->result->target, area, error) &&
         (! computation->guide.layer ||
          jf_guidance_read (&computation->guide, area, &computation->guidance, error));
}

/* What is known holds where nothing of what it was found out from has changed: the user may have painted since. */
static gboolean
take_known (Computation *computation)
{
  const JfJobKnown *known    = &computation->job->known;
  const JfPipeline *pipeline = computation->job->pipeline;
  GimpDrawable     *target   = computation->result->target;
  const JfRegion    whole    = { 0, 0, gimp_drawable_get_width (target), gimp_drawable_get_height (target) };
  const JfRegion    area     = jf_scene_get_area (pipeline, whole.width, whole.height, &computation->result->region);

  if (known->drawable != target ||
      known->target->planes.width != whole.width || known->target->planes.height != whole.height)
    return FALSE;

  if (is_known (computation, &area) &&
      (is_whole (&area, target) || ! jf_pipeline_wants_noise (pipeline, whole.width, whole.height) ||
       is_sample_known (computation, &whole)))
    computation->known = known;

  clear_pictures (computation);

  if (! computation->known)
    return FALSE;

  if (jf_scene_get_estimate (known->scene))
    {
      computation->estimate     = *jf_scene_get_estimate (known->scene);
      computation->has_estimate = TRUE;
    }

  return TRUE;
}

/* Bands and selections do not change the noise: it is that of all of the target. */
static gboolean
is_sample_known (Computation    *computation,
                 const JfRegion *whole)
{
  int n_squares = jf_sample_count (whole->width, whole->height);

  for (int i = 0; i < n_squares; i++)
    {
      const JfRegion square = jf_sample_get_square (whole->width, whole->height, i);

      if (! is_known (computation, &square))
        return FALSE;
    }

  return n_squares > 0 || is_known (computation, whole);
}

static gboolean
is_known (Computation    *computation,
          const JfRegion *region)
{
  const JfJobKnown *known  = &computation->job->known;
  int               n_rows = (int) gimp_tile_height ();

  for (int y = 0; y < region->height; y += n_rows)
    {
      const JfRegion rows = { region->x, region->y + y, region->width, MIN (n_rows, region->height - y) };

      if (! read_area (computation, &rows, NULL)                                 ||
          ! jf_pixels_has_part (known->target, &computation->target, &rows)      ||
          ! jf_pixels_has_part (known->guidance, &computation->guidance, &rows))
        return FALSE;
    }

  return TRUE;
}

static gboolean
find_result (Computation *computation)
{
  const JfJobKnown *known  = computation->known;
  const JfRegion   *band   = &computation->band;
  JfPlanes         *colour = &computation->pixels.colour;
  JfRegion          missing;
  g_auto (JfPlanes) row    = { 0 };

  if (! known || jf_patchwork_find (known->result, band, &missing) ||
      ! jf_planes_init (&row, colour->channels, colour->width, 1, NULL))
    return FALSE;

  for (int y = 0; y < colour->height; y++)
    {
      jf_patchwork_read (known->result, band->x, band->y + y, &row);

      for (int channel = 0; channel < row.channels; channel++)
        memcpy (jf_planes_get_row (colour, channel, 0, y), jf_planes_get_row (&row, channel, 0, 0),
                sizeof (float) * row.width);
    }

  copy_alpha (computation);
  finish_band (computation, known->scene, band);
  jf_task_progress (computation->task, 1.0);

  return TRUE;
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
computation_run (Computation      *computation,
                 GTaskThreadFunc   func,
                 GError          **error)
{
  g_autofree char    *name   = gimp_item_get_name (GIMP_ITEM (computation->result->target));
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
  g_autofree char  *target   = gimp_item_get_name (GIMP_ITEM (computation->result->target));
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

/* @format has one %s, for the item's name. */
static gboolean
set_item_error (GError     **error,
                GimpItem    *item,
                const char  *format)
{
  g_autofree char *name = gimp_item_get_name (item);

  g_set_error (error, GIMP_PLUG_IN_ERROR, 0, format, name);

  return FALSE;
}

static gboolean
set_gimp_error (GError       **error,
                GimpDrawable  *drawable)
{
  /* Before the next call, of which it would be the one. */
  g_autofree char *reason = g_strdup (gimp_pdb_get_last_error (gimp_get_pdb ()));
  g_autofree char *name   = gimp_item_get_name (GIMP_ITEM (drawable));

  g_set_error (error, GIMP_PLUG_IN_ERROR, 0,
               /* TRANSLATORS: a layer's name, then GIMP's own message. */
               _("The result for “%s” could not be put into the image: %s"),
               name, reason);

  return FALSE;
}
