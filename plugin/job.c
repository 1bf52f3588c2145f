/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * job: one run of a mode over the selected drawables
 *
 * For each target: pixels -> planes -> core -> planes -> shadow buffer. Only when all of them are
 * ready does the image change, in one undo step, so an error or a cancelled run changes nothing. (Cancel
 * is SIGKILL: GIMP then frees shadow buffers and layers that are not in an image.) All GIMP calls are made
 * in the main thread; another one computes, and meanwhile the main loop runs, so that a dialog stays alive.
 */
#include <glib/gi18n-lib.h>

#include "colorize.h"
#include "scene.h"

#include "guidance.h"
#include "job.h"
#include "pixels.h"


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

/* What is computed in a thread of its own for one target. */
typedef struct
{
  JfPipeline     *pipeline;
  JfPixels        target;       /* all of it                           */
  JfPixels        guidance;     /* all zero where the target is its own */
  const Result   *result;
  double          strength;
  JfPixels        pixels;       /* the result                          */
  gboolean        was_aligned;
  JfAlign         align;        /* how the guidance was found to lie   */
  const JfTask   *task;         /* whose progress the main thread tells */
  gint            permille;     /* atomic: how much is done            */
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
static gboolean computation_read  (Computation     *computation,
                                   const JfJob     *job,
                                   GError         **error);
static gboolean computation_run   (Computation     *computation,
                                   GError         **error);
static void     compute           (GTask           *task,
                                   gpointer         source,
                                   gpointer         data,
                                   GCancellable    *cancellable);
static void     finish            (Computation     *computation,
                                   const JfScene   *scene);
static void     computation_clear (Computation     *computation);
static void     tell_alignment    (const JfAlign   *align,
                                   const Result    *result,
                                   const JfJob     *job);
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
         gimp_item_set_lock_content (GIMP_ITEM (copy), FALSE)  ? TRUE : set_gimp_error (error, result->target);
}

/* A locked layer may well be the source of a new one, but nothing can be put into a locked group. */
static gboolean
check_lock (const JfJob   *job,
            GimpDrawable  *target,
            GError       **error)
{
  GimpItem *item = GIMP_ITEM (target);

  if (job->new_layer && ! GIMP_IS_LAYER (target))
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
  g_auto (Computation) computation = { job->pipeline, .result = result, .strength = job->strength, .task = task };

  if (! computation_read (&computation, job, error) ||
      ! computation_run (&computation, error))
    return FALSE;

  if (computation.was_aligned)
    tell_alignment (&computation.align, result, job);

  jf_pixels_write (&computation.pixels, result->drawable, &result->region);

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

/* The whole target is read, so that a selection changes neither what is found out about it nor what the
 * network sees beyond the selection's edge.
 */
static gboolean
computation_read (Computation  *computation,
                  const JfJob  *job,
                  GError      **error)
{
  GimpDrawable   *target = computation->result->target;
  const JfRegion  whole  = { 0, 0, gimp_drawable_get_width (target), gimp_drawable_get_height (target) };

  return jf_pixels_read (&computation->target, target, &whole, error) &&
         (! job->guidance || jf_guidance_read (&computation->guidance, job->guidance, target, error)) &&
         jf_pixels_init_part (&computation->pixels, &computation->target, &computation->result->region, error);
}

static gboolean
computation_run (Computation  *computation,
                 GError      **error)
{
  g_autofree char    *name   = gimp_item_get_name (GIMP_ITEM (computation->result->target));
  g_autoptr (GTask)   task   = g_task_new (NULL, NULL, NULL, NULL);
  guint               timer  = g_timeout_add (PROGRESS_INTERVAL, tell_progress, computation);
  g_autoptr (GError)  reason = NULL;

  g_task_set_task_data (task, computation, NULL);
  g_task_run_in_thread (task, compute);

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
compute (GTask        *task,
         gpointer      source,
         gpointer      data,
         GCancellable *cancellable)
{
  Computation         *computation = data;
  const JfPixels      *guidance    = &computation->guidance;
  const JfRegion      *region      = &computation->result->region;
  JfTask               silent      = { computation->task->n_threads, computation->task->cancellable,
                                       note_progress, computation };
  GError              *error       = NULL;
  g_autoptr (JfScene)  scene       = jf_scene_new (computation->pipeline, &computation->target.colour,
                                                   computation->target.alpha,
                                                   guidance->planes.data ? &guidance->colour : NULL,
                                                   &silent, &error);

  if (! scene || ! jf_scene_render (scene, region, &silent, &computation->pixels.colour, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  jf_scene_blend (scene, region, computation->strength, &computation->pixels.colour);
  finish (computation, scene);
  g_task_return_boolean (task, TRUE);
}

/* What strokes were painted on is transparent, the coloured photo is not. */
static void
finish (Computation   *computation,
        const JfScene *scene)
{
  JfPixels      *pixels   = &computation->pixels;
  const JfAlign *found    = jf_scene_get_align (scene);
  gsize          n_pixels = (gsize) pixels->planes.width * pixels->planes.height;

  computation->was_aligned = found != NULL;

  if (found)
    computation->align = *found;

  if (computation->pipeline->mode->target == JF_TARGET_STROKES && pixels->alpha)
    for (gsize i = 0; i < n_pixels; i++)
      pixels->alpha[i] = 1.0f;
}

static void
computation_clear (Computation *computation)
{
  jf_pixels_clear (&computation->target);
  jf_pixels_clear (&computation->guidance);
  jf_pixels_clear (&computation->pixels);
}

/* To a script in passing only, but for what may be wrong. */
static void
tell_alignment (const JfAlign *align,
                const Result  *result,
                const JfJob   *job)
{
  g_autofree char *guidance = gimp_item_get_name (GIMP_ITEM (job->guidance));
  g_autofree char *target   = gimp_item_get_name (GIMP_ITEM (result->target));
  g_autofree char *message  = NULL;

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
  g_autofree char *name = gimp_item_get_name (GIMP_ITEM (drawable));

  g_set_error (error, GIMP_PLUG_IN_ERROR, 0,
               /* TRANSLATORS: a layer's name, then GIMP's own message. */
               _("The result for “%s” could not be put into the image: %s"),
               name, gimp_pdb_get_last_error (gimp_get_pdb ()));

  return FALSE;
}
