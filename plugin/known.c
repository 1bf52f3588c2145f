/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * known: what a preview has found out about a target and its guidance
 *
 * It holds where nothing of what it was found out from has changed: the user may have painted since.
 */
#include "sample.h"

#include "known.h"


static gboolean has_sample (const JfKnown     *known,
                            const JfGuidance  *guidance);
static gboolean has_region (const JfKnown     *known,
                            const JfGuidance  *guidance,
                            const JfRegion    *region);
static gboolean has_rows   (const JfKnown     *known,
                            const JfGuidance  *guidance,
                            const JfRegion    *rows);


/*  public functions  */

/**
 * jf_known_holds:
 * @known:    what is known, maybe nothing
 * @target:   what is to be filtered
 * @guidance: how it is guided; all zero where it is its own guidance
 * @pipeline: how it is filtered
 * @region:   the part to filter
 *
 * Returns: whether all that @region needs is as it was
 */
gboolean
jf_known_holds (const JfKnown    *known,
                GimpDrawable     *target,
                const JfGuidance *guidance,
                const JfPipeline *pipeline,
                const JfRegion   *region)
{
  int      width  = gimp_drawable_get_width  (target);
  int      height = gimp_drawable_get_height (target);
  JfRegion area   = jf_scene_get_area (pipeline, width, height, region);

  if (known->drawable != target ||
      known->target->planes.width != width || known->target->planes.height != height)
    return FALSE;

  return has_region (known, guidance, &area) &&
         ((area.width == width && area.height == height) || ! jf_pipeline_wants_noise (pipeline, width, height) ||
          has_sample (known, guidance));
}

/**
 * jf_known_crop:
 * @known:    what is known
 * @region:   a part of the target
 * @target:   (out caller-allocates): the target's pixels there; free with jf_pixels_clear ()
 * @guidance: (out caller-allocates): the guidance's, or none; free with jf_pixels_clear ()
 * @error:    return location for an error
 *
 * Returns: whether there was memory
 */
gboolean
jf_known_crop (const JfKnown   *known,
               const JfRegion  *region,
               JfPixels        *target,
               JfPixels        *guidance,
               GError         **error)
{
  return jf_pixels_crop (target, known->target, region, error) &&
         (! known->guidance->planes.data || jf_pixels_crop (guidance, known->guidance, region, error));
}

/**
 * jf_known_read_result:
 * @known:  what is known
 * @region: a part of the target
 * @output: planes of its size for the result at full strength
 *
 * Returns: whether all of it is known; otherwise @output is as it was
 */
gboolean
jf_known_read_result (const JfKnown  *known,
                      const JfRegion *region,
                      JfPlanes       *output)
{
  JfRegion missing;

  if (jf_patchwork_find (known->result, region, &missing))
    return FALSE;

  jf_planes_copy (output, 0, 0, &known->result->planes, region);

  return TRUE;
}


/*  private functions  */

/* Bands and selections do not change the noise: it is that of all of the target. */
static gboolean
has_sample (const JfKnown    *known,
            const JfGuidance *guidance)
{
  const JfPlanes *planes    = &known->target->planes;
  const JfRegion  whole     = { 0, 0, planes->width, planes->height };
  int             n_squares = jf_sample_count (whole.width, whole.height);

  for (int i = 0; i < n_squares; i++)
    {
      const JfRegion square = jf_sample_get_square (whole.width, whole.height, i);

      if (! has_region (known, guidance, &square))
        return FALSE;
    }

  return n_squares > 0 || has_region (known, guidance, &whole);
}

static gboolean
has_region (const JfKnown    *known,
            const JfGuidance *guidance,
            const JfRegion   *region)
{
  int n_rows = (int) gimp_tile_height ();

  for (int y = 0; y < region->height; y += n_rows)
    {
      const JfRegion rows = { region->x, region->y + y, region->width, MIN (n_rows, region->height - y) };

      if (! has_rows (known, guidance, &rows))
        return FALSE;
    }

  return TRUE;
}

static gboolean
has_rows (const JfKnown    *known,
          const JfGuidance *guidance,
          const JfRegion   *rows)
{
  g_auto (JfPixels) target_now   = { 0 };
  g_auto (JfPixels) guidance_now = { 0 };

  return jf_pixels_read (&target_now, known->drawable, rows, NULL)                     &&
         (! guidance->layer || jf_guidance_read (guidance, rows, &guidance_now, NULL)) &&
         jf_pixels_has_part (known->target, &target_now, rows)                         &&
         jf_pixels_has_part (known->guidance, &guidance_now, rows);
}
