/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * job: one run of a mode over the selected drawables
 *
 * Only when all targets are ready does the image change, in one undo step, so an error or a cancelled run changes nothing.
 * (Cancel is SIGKILL: GIMP then frees shadow buffers and layers that are not in an image.)
 */
#include <glib/gi18n-lib.h>

#include "computation.h"
#include "guidance.h"
#include "job.h"
#include "shape.h"


/* Below this share of guidance the user is told; a crop or a few pixels of misalignment stay above. */
#define ENOUGH_OVERLAP 0.5


/* What becomes of one target. */
typedef struct
{
  JfShape       target;
  GimpDrawable *drawable;     /* the target, or the copy that becomes the new layer  */
  JfRegion      region;
} Result;


static gboolean compute_all    (const JfJob   *job,
                                Result        *results,
                                int            n_results,
                                const JfTask  *task,
                                GError       **error);
static gboolean commit_all     (const JfJob   *job,
                                const Result  *results,
                                int            n_results,
                                GError       **error);
static gboolean result_init    (Result        *result,
                                const JfJob   *job,
                                GimpDrawable  *target,
                                GError       **error);
static gboolean result_copy    (Result        *result,
                                GError       **error);
static gboolean check_lock     (const JfJob   *job,
                                GimpDrawable  *target,
                                GError       **error);
static gboolean check_overlap  (const JfJob   *job,
                                const Result  *result,
                                GError       **error);
static gboolean result_check   (const Result  *result,
                                const JfJob   *job,
                                GError       **error);
static gboolean result_commit  (const Result  *result,
                                const JfJob   *job,
                                GError       **error);
static void     result_discard (const Result  *result);
static gboolean set_item_error (GError       **error,
                                GimpItem      *item,
                                const char    *format);
static gboolean set_gimp_error (GError       **error,
                                GimpDrawable  *drawable);


/*  public functions  */

/**
 * jf_job_check_targets:
 * @mode:    what is to be done to them
 * @image:   where they have to be
 * @targets: (array zero-terminated=1): what is to be filtered
 * @error:   return location for an error that says what to do
 *
 * Returns: whether they can be filtered at all
 */
gboolean
jf_job_check_targets (const JfMode  *mode,
                      GimpImage     *image,
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

      if (gimp_item_get_image (item) != image)
        return set_item_error (error, item,
                               _("“%s” belongs to another image. Select a layer of the image to filter."));

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
      const Result *result = &results[i];
      JfTaskPart    part;

      jf_task_part_init (&part, task, (double) i / n_results, 1.0 / n_results);

      if (! jf_computation_run (job, &result->target, &result->region, result->drawable, &part.task, error))
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

  for (int i = 0; i < n_results; i++)
    if (! result_check (&results[i], job, error))
      return FALSE;

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

  if (! check_lock (job, target, error) || ! jf_shape_init (&result->target, target, error))
    return FALSE;

  if (! gimp_drawable_mask_intersect (target, &region->x, &region->y, &region->width, &region->height))
    return gimp_pdb_get_last_status (gimp_get_pdb ()) != GIMP_PDB_SUCCESS
           ? set_gimp_error (error, target)
           : set_item_error (error, GIMP_ITEM (target),
                             _("The selection does not touch the layer “%s”. Move the selection, or select "
                               "nothing to filter the whole layer."));

  result->drawable = target;

  return (! job->guidance || check_overlap (job, result, error)) &&
         (! job->new_layer || result_copy (result, error));
}

/* With the target's mask, mode, opacity, effects and so on; its locks are not wanted. */
static gboolean
result_copy (Result  *result,
             GError **error)
{
  g_autofree char *name = gimp_item_get_name (GIMP_ITEM (result->target.drawable));
  /* TRANSLATORS: the name of the layer with the result; %s is the name of the layer filtered. */
  g_autofree char *copy_name = g_strdup_printf (_("%s filtered"), name);
  GimpLayer       *copy      = gimp_layer_copy (GIMP_LAYER (result->target.drawable));

  if (! copy)
    return set_gimp_error (error, result->target.drawable);

  result->drawable = GIMP_DRAWABLE (copy);

  return gimp_item_set_name (GIMP_ITEM (copy), copy_name)      &&
         gimp_item_set_lock_content (GIMP_ITEM (copy), FALSE)  &&
         gimp_layer_set_lock_alpha (copy, FALSE)               ? TRUE : set_gimp_error (error, result->target.drawable);
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
  double             overlap = jf_guidance_get_overlap (job->guidance, result->target.drawable, &result->region);
  g_autofree char   *guidance_name = gimp_item_get_name (GIMP_ITEM (job->guidance));
  g_autofree char   *target_name   = gimp_item_get_name (GIMP_ITEM (result->target.drawable));
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

/* GIMP takes back nothing of what it has taken, so what it would refuse is found out before. The user works on while the
 * filter runs.
 */
static gboolean
result_check (const Result  *result,
              const JfJob   *job,
              GError       **error)
{
  return jf_shape_check (&result->target, error) && check_lock (job, result->target.drawable, error);
}

/* A new layer is filled while it is not in the image yet: what may take long comes first. */
static gboolean
result_commit (const Result  *result,
               const JfJob   *job,
               GError       **error)
{
  GimpItem       *item   = GIMP_ITEM (result->target.drawable);
  const JfRegion *region = &result->region;

  if (result->drawable != result->target.drawable &&
      ! gimp_image_insert_layer (job->image, GIMP_LAYER (result->drawable), GIMP_LAYER (gimp_item_get_parent (item)),
                                 gimp_image_get_item_position (job->image, item)))
    return set_gimp_error (error, result->target.drawable);

  if (! gimp_drawable_merge_shadow (result->drawable, TRUE) ||
      ! gimp_drawable_update (result->drawable, region->x, region->y, region->width, region->height))
    return set_gimp_error (error, result->target.drawable);

  return TRUE;
}

static void
result_discard (const Result *result)
{
  if (! result->drawable)
    return;

  gimp_drawable_free_shadow (result->drawable);

  if (result->drawable != result->target.drawable)
    gimp_item_delete (GIMP_ITEM (result->drawable));
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
