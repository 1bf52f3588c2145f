/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guidance: the layer that guides, and its pixels where the target is
 *
 * The guidance is what the layer shows by itself: its pixels with its effects, for a group its
 * projection. Its opacity, blend mode and layer mask only say how it is composited, and are not
 * looked at, so the guidance may be hidden. Where it is transparent it knows nothing and must
 * not print the borders of its holes into the result (an aligned photo has empty corners, and they
 * are stored black): those places take its mean visible colour.
 */
#include <math.h>

#include <glib/gi18n-lib.h>

#include "guidance.h"


static GList        * list_layers         (GList            *list,
                                           GimpItem        **items,
                                           GimpDrawable    **targets);
static gboolean       is_target           (gpointer          layer,
                                           GimpDrawable    **targets);
static gboolean       has_effects         (GimpLayer        *layer);
static GimpDrawable * render_effects      (GimpLayer        *layer,
                                           GimpImage       **scratch,
                                           GError          **error);
static JfRegion       get_region          (GimpDrawable     *guidance,
                                           GimpDrawable     *target);
static gboolean       fill_transparency   (JfPixels         *pixels,
                                           GimpLayer        *guidance,
                                           GError          **error);
static gboolean       set_transparent_error
                                          (GError          **error,
                                           GimpLayer        *guidance);
static double         get_mean            (const float      *colour,
                                           const float      *alpha,
                                           gsize             n_pixels);


/*  public functions  */

/**
 * jf_guidance_list_candidates:
 * @image:   an image
 * @targets: (array zero-terminated=1): what is to be filtered
 *
 * Returns: (transfer container) (element-type GimpLayer): the layers of @image that may guide, the
 *          topmost first, groups before what they hold
 */
GList *
jf_guidance_list_candidates (GimpImage     *image,
                             GimpDrawable **targets)
{
  g_autofree GimpLayer **layers = gimp_image_get_layers (image);

  return g_list_reverse (list_layers (NULL, (GimpItem **) layers, targets));
}

/**
 * jf_guidance_get_default:
 * @target:     what is to be filtered
 * @candidates: from jf_guidance_list_candidates ()
 *
 * Returns: (transfer none) (nullable): the next candidate above @target in its group of layers, else
 *          the next one below, else the first of all
 */
GimpLayer *
jf_guidance_get_default (GimpDrawable *target,
                         GList        *candidates)
{
  GimpItem  *item     = GIMP_ITEM (target);
  GimpImage *image    = gimp_item_get_image (item);
  GimpItem  *parent   = gimp_item_get_parent (item);
  int        position = gimp_image_get_item_position (image, item);
  GimpLayer *above    = NULL;

  if (! candidates || ! GIMP_IS_LAYER (target))
    return candidates ? candidates->data : NULL;

  for (GList *list = candidates; list; list = list->next)
    {
      if (gimp_item_get_parent (list->data) != parent)
        continue;

      /* They come from the top down: the last one above is the nearest, and so is the first below. */
      if (gimp_image_get_item_position (image, list->data) < position)
        above = list->data;
      else
        return above ? above : list->data;
    }

  return above ? above : candidates->data;
}

/**
 * jf_guidance_check:
 * @guidance: (nullable): the layer chosen
 * @image:    the image of the targets
 * @targets:  (array zero-terminated=1): what is to be filtered
 * @error:    return location for an error that says what to do
 *
 * Returns: whether @guidance can guide
 */
gboolean
jf_guidance_check (GimpLayer     *guidance,
                   GimpImage     *image,
                   GimpDrawable **targets,
                   GError       **error)
{
  g_autoptr (GList) candidates = jf_guidance_list_candidates (image, targets);
  g_autofree char  *name       = guidance ? gimp_item_get_name (GIMP_ITEM (guidance)) : NULL;

  if (! candidates)
    g_set_error_literal (error, GIMP_PLUG_IN_ERROR, 0,
                         _("The image has no layer besides the one to filter. Add the picture that guides "
                           "the filter as a layer (File, Open as Layers), then filter again."));
  else if (! guidance)
    g_set_error_literal (error, GIMP_PLUG_IN_ERROR, 0,
                         _("No guidance layer is chosen. Choose another layer of this image as guidance."));
  else if (is_target (guidance, targets))
    g_set_error (error, GIMP_PLUG_IN_ERROR, 0,
                 _("The layer “%s” cannot guide its own filtering. Choose another layer as guidance, or "
                   "select only the layers to filter."), name);
  else if (gimp_item_get_image (GIMP_ITEM (guidance)) != image)
    g_set_error (error, GIMP_PLUG_IN_ERROR, 0,
                 _("The guidance layer “%s” belongs to another image. Copy it into the image to filter as "
                   "a layer."), name);
  else
    return TRUE;

  return FALSE;
}

/**
 * jf_guidance_get_overlap:
 * @guidance: a layer
 * @target:   what is to be filtered
 * @region:   the part of @target to filter
 *
 * Returns: the share of @region that @guidance covers, 0..1
 */
double
jf_guidance_get_overlap (GimpLayer      *guidance,
                         GimpDrawable   *target,
                         const JfRegion *region)
{
  JfRegion origin = get_region (GIMP_DRAWABLE (guidance), target);
  int      width;
  int      height;

  if (! gimp_rectangle_intersect (region->x, region->y, region->width, region->height,
                                  -origin.x, -origin.y,
                                  gimp_drawable_get_width  (GIMP_DRAWABLE (guidance)),
                                  gimp_drawable_get_height (GIMP_DRAWABLE (guidance)),
                                  NULL, NULL, &width, &height))
    return 0.0;

  return (double) width * height / ((double) region->width * region->height);
}

/**
 * jf_guidance_read:
 * @pixels:   (out caller-allocates): free with jf_pixels_clear ()
 * @guidance: a layer that passed jf_guidance_check ()
 * @target:   what is to be filtered
 * @error:    return location for an error
 *
 * Reads @guidance at the place and in the size of @target. Where there is none, its edge is repeated.
 *
 * Returns: whether it could be read
 */
gboolean
jf_guidance_read (JfPixels      *pixels,
                  GimpLayer     *guidance,
                  GimpDrawable  *target,
                  GError       **error)
{
  GimpDrawable *drawable = GIMP_DRAWABLE (guidance);
  GimpImage    *scratch  = NULL;
  JfRegion      region   = get_region (drawable, target);
  gboolean      success;

  if (has_effects (guidance))
    drawable = render_effects (guidance, &scratch, error);

  success = drawable && jf_pixels_read (pixels, drawable, &region, error);

  if (scratch)
    gimp_image_delete (scratch);

  return success && fill_transparency (pixels, guidance, error);
}


/*  private functions  */

static GList *
list_layers (GList         *list,
             GimpItem     **items,
             GimpDrawable **targets)
{
  for (int i = 0; items[i]; i++)
    {
      if (! is_target (items[i], targets))
        list = g_list_prepend (list, items[i]);

      if (gimp_item_is_group (items[i]))
        {
          g_autofree GimpItem **children = gimp_item_get_children (items[i]);

          list = list_layers (list, children, targets);
        }
    }

  return list;
}

static gboolean
is_target (gpointer       layer,
           GimpDrawable **targets)
{
  for (int i = 0; targets[i]; i++)
    if ((gpointer) targets[i] == layer)
      return TRUE;

  return FALSE;
}

/* A group's buffer is its projection, and GIMP merges no effects into a group. */
static gboolean
has_effects (GimpLayer *layer)
{
  g_autofree GimpDrawableFilter **filters = NULL;

  if (gimp_item_is_group (GIMP_ITEM (layer)))
    return FALSE;

  filters = gimp_drawable_get_filters (GIMP_DRAWABLE (layer));

  return filters && filters[0];
}

/* A layer's own buffer lies below its effects, so they are merged into a copy. The copy lives in an
 * image of its own: merging takes undo steps, and leaves one in the user's image even for a copy that
 * is not part of it (GIMP 3.0, app/core/gimpdrawable-filters.c).
 */
static GimpDrawable *
render_effects (GimpLayer  *layer,
                GimpImage **scratch,
                GError    **error)
{
  GimpImage                    *image   = gimp_item_get_image (GIMP_ITEM (layer));
  g_autoptr (GimpColorProfile)  profile = gimp_image_get_color_profile (image);
  g_autofree char              *name    = gimp_item_get_name (GIMP_ITEM (layer));
  GimpLayer                    *copy;

  *scratch = gimp_image_new_with_precision (gimp_image_get_width (image), gimp_image_get_height (image),
                                            gimp_image_get_base_type (image),
                                            gimp_image_get_precision (image));

  if (*scratch                                                                 &&
      (! profile || gimp_image_set_color_profile (*scratch, profile))           &&
      (copy = gimp_layer_new_from_drawable (GIMP_DRAWABLE (layer), *scratch))   &&
      gimp_image_insert_layer (*scratch, copy, NULL, 0)                         &&
      gimp_drawable_merge_filters (GIMP_DRAWABLE (copy)))
    return GIMP_DRAWABLE (copy);

  g_set_error (error, GIMP_PLUG_IN_ERROR, 0,
               _("The effects of the guidance layer “%s” could not be rendered: %s. Merge or remove them."),
               name, gimp_pdb_get_last_error (gimp_get_pdb ()));

  return NULL;
}

/* The target's place and size in coordinates of the guidance. */
static JfRegion
get_region (GimpDrawable *guidance,
            GimpDrawable *target)
{
  int x, y;
  int guidance_x, guidance_y;

  gimp_drawable_get_offsets (target,   &x, &y);
  gimp_drawable_get_offsets (guidance, &guidance_x, &guidance_y);

  return (JfRegion) { x - guidance_x, y - guidance_y,
                      gimp_drawable_get_width (target), gimp_drawable_get_height (target) };
}

static gboolean
fill_transparency (JfPixels   *pixels,
                   GimpLayer  *guidance,
                   GError    **error)
{
  const JfPlanes *colour   = &pixels->colour;
  gsize           n_pixels = (gsize) colour->width * colour->height;

  if (! pixels->alpha)
    return TRUE;

  for (int c = 0; c < colour->channels; c++)
    {
      float  *plane = colour->data + c * n_pixels;
      double  mean  = get_mean (plane, pixels->alpha, n_pixels);

      if (! isfinite (mean))
        return set_transparent_error (error, guidance);

      for (gsize i = 0; i < n_pixels; i++)
        plane[i] = (float) (mean + pixels->alpha[i] * (plane[i] - mean));
    }

  return TRUE;
}

static gboolean
set_transparent_error (GError    **error,
                       GimpLayer  *guidance)
{
  g_autofree char *name = gimp_item_get_name (GIMP_ITEM (guidance));

  g_set_error (error, GIMP_PLUG_IN_ERROR, 0,
               _("The guidance layer “%s” is fully transparent here. Choose another layer, or move it over "
                 "the layer to filter."), name);

  return FALSE;
}

/* Weighted with alpha; not a number where all is transparent. */
static double
get_mean (const float *colour,
          const float *alpha,
          gsize        n_pixels)
{
  double sum    = 0.0;
  double weight = 0.0;

  for (gsize i = 0; i < n_pixels; i++)
    {
      sum    += (double) alpha[i] * colour[i];
      weight += alpha[i];
    }

  return sum / weight;
}
