/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stage: a guidance, and what was found out with it
 */
#include <math.h>

#include <glib/gi18n-lib.h>

#include "guidance.h"
#include "stage.h"


#define PERCENT 100.0


static char * describe_align (const JfAlign  *align,
                              gboolean        moved,
                              const JfPlanes *planes);


/*  public functions  */

/**
 * jf_stage_new:
 * @mode:     what is done
 * @guidance: (nullable): the layer chosen
 * @targets:  (array zero-terminated=1): to what it is done; the first one is shown
 * @focus:    the part of it to filter
 * @error:    return location for an error that says what to do
 *
 * Reads a guidance. The main loop may run meanwhile.
 *
 * Returns: (transfer full) (nullable): a stage without a scene; free with jf_stage_free ()
 */
JfStage *
jf_stage_new (const JfMode    *mode,
              GimpLayer       *guidance,
              GimpDrawable   **targets,
              const JfRegion  *focus,
              GError         **error)
{
  GimpDrawable        *target = targets[0];
  GimpImage           *image  = gimp_item_get_image (GIMP_ITEM (target));
  g_autoptr (JfStage)  stage  = g_new0 (JfStage, 1);
  g_auto (JfGuidance)  opened = { 0 };
  const JfRegion       whole  = { 0, 0, gimp_drawable_get_width (target), gimp_drawable_get_height (target) };

  if (! guidance && mode->guidance == JF_GUIDANCE_SELF)
    return g_steal_pointer (&stage);

  if (! jf_guidance_check (guidance, image, targets, error)      ||
      ! jf_guidance_open (&opened, guidance, target, error)      ||
      ! jf_guidance_read (&opened, &whole, &stage->guidance, error))
    return NULL;

  stage->overlap = jf_guidance_get_overlap (guidance, target, focus);
  jf_raster_init (&stage->raster, opened.shape.drawable, &stage->guidance.planes);

  return g_steal_pointer (&stage);
}

/**
 * jf_stage_free:
 * @stage: (transfer full): from jf_stage_new ()
 */
void
jf_stage_free (JfStage *stage)
{
  jf_scene_free (stage->scene);
  jf_pixels_clear (&stage->guidance);
  g_free (stage);
}

/**
 * jf_stage_describe:
 * @stage: a stage
 * @found: (nullable): how the guidance is moved
 *
 * Returns: (transfer full) (nullable): how the guidance lies, for the user
 */
char *
jf_stage_describe (const JfStage *stage,
                   const JfAlign *found)
{
  if (! stage->guidance.planes.data)
    return NULL;

  if (stage->overlap <= 0.0)
    return g_strdup (_("Does not overlap what is filtered"));

  if (found && ! found->sure)
    return g_strdup (_("How it lies is not sure, so it is not moved"));

  if (found || stage->align.sure)
    return describe_align (found ? found : &stage->align, found != NULL, &stage->guidance.planes);

  if (stage->overlap < 1.0)
    return g_strdup_printf (_("Covers %d%% of what is filtered; beyond it, its edge is used"),
                            (int) (PERCENT * stage->overlap));

  return NULL;
}


/*  private functions  */

/* By how much the corners are off. What a hand does to a camera is more than a pixel; less is also what the measure
 * itself is off in noisy pictures.
 */
static char *
describe_align (const JfAlign  *align,
                gboolean        moved,
                const JfPlanes *planes)
{
  double turn   = hypot (align->scale * cos (align->angle) - 1.0, align->scale * sin (align->angle));
  double pixels = hypot (align->dx, align->dy) + turn * hypot (planes->width, planes->height) / 2.0;
  int    n      = (int) round (pixels);

  if (n <= 1)
    return g_strdup (_("Aligned"));

  if (moved)
    return g_strdup_printf (ngettext ("Moved by about %d pixel", "Moved by about %d pixels", n), n);

  return g_strdup_printf (ngettext ("About %d pixel off", "About %d pixels off", n), n);
}
