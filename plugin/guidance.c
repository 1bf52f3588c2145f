/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guidance: the layer that guides, and its pixels where the target is
 *
 * The guidance is what the layer shows by itself: its pixels with its effects, for a group how its layers look together, with
 * the group's own effects. Its opacity, blend mode and layer mask only say how it is composited, and are not looked at, so the
 * guidance may be hidden. Where it is transparent it knows nothing and must not print the borders of its holes into the result
 * (an aligned photo has empty corners, and they are stored black): those places take its mean visible colour.
 */
#include <math.h>

#include <glib/gi18n-lib.h>

#include "guidance.h"


/* How many are in memory at a time while all are looked at: some of GIMP's tiles. */
#define MEAN_ROWS 256


static GList        * list_layers         (GList            *list,
                                           GimpItem        **items,
                                           GimpDrawable    **targets);
static gboolean       is_target           (gpointer          layer,
                                           GimpDrawable    **targets);
static gboolean       has_effects         (GimpItem         *item);
static gboolean       render_effects      (JfGuidance       *guidance,
                                           GimpDrawable     *target,
                                           GError          **error);
static gboolean       show_plainly        (GimpLayer        *layer);
static gboolean       crop                (GimpLayer        *rendered,
                                           GimpLayer        *layer);
static JfRegion       get_region          (GimpDrawable     *guidance,
                                           GimpDrawable     *target);
static gboolean       find_mean           (JfGuidance       *guidance,
                                           GError          **error);
static void           add_pixels          (const JfPixels   *pixels,
                                           double           *sums,
                                           double           *weights);
static void           fill_transparency   (const JfGuidance *guidance,
                                           JfPixels         *pixels);
static gboolean       set_transparent_error
                                          (GError          **error,
                                           GimpLayer        *guidance);


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
 * jf_guidance_open:
 * @guidance: (out caller-allocates): free with jf_guidance_close ()
 * @layer:    a layer that passed jf_guidance_check ()
 * @target:   what is to be filtered
 * @error:    return location for an error that says what to do
 *
 * Finds out all that concerns the whole, so that any part can be read.
 *
 * Returns: whether there is something to read
 */
gboolean
jf_guidance_open (JfGuidance    *guidance,
                  GimpLayer     *layer,
                  GimpDrawable  *target,
                  GError       **error)
{
  *guidance = (JfGuidance) { .layer = layer };

  if (! jf_shape_init (&guidance->shape, GIMP_DRAWABLE (layer), error))
    return FALSE;

  guidance->place = get_region (GIMP_DRAWABLE (layer), target);

  if (has_effects (GIMP_ITEM (layer)) && ! render_effects (guidance, target, error))
    return FALSE;

  return ! gimp_drawable_has_alpha (guidance->shape.drawable) || find_mean (guidance, error);
}

/**
 * jf_guidance_read:
 * @guidance: a guidance
 * @region:   a part of the target
 * @pixels:   (out caller-allocates): free with jf_pixels_clear ()
 * @error:    return location for an error
 *
 * Reads @guidance where @region is. Where there is none, its edge is repeated.
 *
 * Returns: whether it could be read
 */
gboolean
jf_guidance_read (const JfGuidance  *guidance,
                  const JfRegion    *region,
                  JfPixels          *pixels,
                  GError           **error)
{
  const JfRegion there = { guidance->place.x + region->x, guidance->place.y + region->y, region->width, region->height };

  if (! jf_pixels_read (pixels, guidance->shape.drawable, &there, error))
    return FALSE;

  fill_transparency (guidance, pixels);

  return TRUE;
}

/**
 * jf_guidance_close:
 * @guidance: from jf_guidance_open (), or all zero
 *
 * Frees what it needed.
 */
void
jf_guidance_close (JfGuidance *guidance)
{
  if (guidance->scratch)
    gimp_image_delete (guidance->scratch);

  *guidance = (JfGuidance) { 0 };
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

/* Or layers in it. A group's own buffer has their effects, but GIMP (3.0 and 3.2) kills a plug-in that reads it where one of
 * them has become larger by an effect, as by a shadow.
 */
static gboolean
has_effects (GimpItem *item)
{
  g_autofree GimpDrawableFilter **filters  = gimp_drawable_get_filters (GIMP_DRAWABLE (item));
  g_autofree GimpItem           **children = NULL;

  if (filters && filters[0])
    return TRUE;

  if (gimp_item_is_group (item))
    children = gimp_item_get_children (item);

  for (int i = 0; children && children[i]; i++)
    if (has_effects (children[i]))
      return TRUE;

  return FALSE;
}

/* A layer's own buffer lies below its effects. GIMP merges them into no group, and into no layer without alpha as it shows
 * them. So a copy is looked at that is alone in an image, of which the canvas is where the target is.
 */
static gboolean
render_effects (JfGuidance    *guidance,
                GimpDrawable  *target,
                GError       **error)
{
  GimpLayer                    *layer   = guidance->layer;
  JfRegion                     *place   = &guidance->place;
  GimpImage                    *image   = gimp_item_get_image (GIMP_ITEM (layer));
  g_autoptr (GimpColorProfile)  profile = gimp_image_get_color_profile (image);
  g_autofree char              *name    = gimp_item_get_name (GIMP_ITEM (layer));
  GimpImage                    *scratch;
  GimpLayer                    *copy;
  GimpLayer                    *rendered;
  int                           x, y;

  scratch = gimp_image_new_with_precision (gimp_image_get_width (image), gimp_image_get_height (image),
                                           gimp_image_get_base_type (image),
                                           gimp_image_get_precision (image));
  guidance->scratch = scratch;
  gimp_drawable_get_offsets (target, &x, &y);

  if (scratch                                                                 &&
      (! profile || gimp_image_set_color_profile (scratch, profile))           &&
      (copy = gimp_layer_new_from_drawable (GIMP_DRAWABLE (layer), scratch))   &&
      gimp_image_insert_layer (scratch, copy, NULL, 0)                         &&
      show_plainly (copy)                                                      &&
      gimp_image_resize (scratch, place->width, place->height, -x, -y)         &&
      (rendered = gimp_layer_new_from_visible (scratch, scratch, name))        &&
      gimp_image_insert_layer (scratch, rendered, NULL, 0)                     &&
      crop (rendered, copy))
    {
      gimp_drawable_get_offsets (GIMP_DRAWABLE (rendered), &x, &y);
      *place = (JfRegion) { -x, -y, place->width, place->height };
      return jf_shape_init (&guidance->shape, GIMP_DRAWABLE (rendered), error);
    }

  g_set_error (error, GIMP_PLUG_IN_ERROR, 0,
               _("The effects of the guidance layer “%s” could not be rendered: %s. Merge or remove them."),
               name, gimp_pdb_get_last_error (gimp_get_pdb ()));

  return FALSE;
}

/* However it is composited with others. In a group that passes through, effects are of what lies below it, too: nothing. GIMP
 * goes on to show a group's mask that is removed while it is shown.
 */
static gboolean
show_plainly (GimpLayer *layer)
{
  gboolean has_mask = gimp_layer_get_mask (layer) != NULL;
  gboolean passes   = gimp_layer_get_mode (layer) == GIMP_LAYER_MODE_PASS_THROUGH;

  return (! has_mask || gimp_layer_set_show_mask (layer, FALSE))                    &&
         (! has_mask || gimp_layer_remove_mask (layer, GIMP_MASK_DISCARD))          &&
         gimp_item_set_lock_visibility (GIMP_ITEM (layer), FALSE)                   &&
         gimp_item_set_visible (GIMP_ITEM (layer), TRUE)                            &&
         gimp_layer_set_opacity (layer, 100.0)                                      &&
         (passes || gimp_layer_set_mode (layer, GIMP_LAYER_MODE_NORMAL))            &&
         gimp_layer_set_composite_mode (layer, GIMP_LAYER_COMPOSITE_AUTO);
}

/* To where it shows something, or the layer itself is: beyond, edges are repeated. */
static gboolean
crop (GimpLayer *rendered,
      GimpLayer *layer)
{
  GimpImage *image = gimp_item_get_image (GIMP_ITEM (layer));
  gboolean   found;
  int        x, y;
  int        right, bottom;

  gimp_drawable_get_offsets (GIMP_DRAWABLE (layer), &x, &y);

  return gimp_image_select_rectangle (image, GIMP_CHANNEL_OP_REPLACE, x, y,
                                      gimp_drawable_get_width  (GIMP_DRAWABLE (layer)),
                                      gimp_drawable_get_height (GIMP_DRAWABLE (layer)))       &&
         gimp_image_select_item (image, GIMP_CHANNEL_OP_ADD, GIMP_ITEM (rendered))            &&
         gimp_selection_bounds (image, &found, &x, &y, &right, &bottom)                       &&
         gimp_layer_resize (rendered, right - x, bottom - y, -x, -y);
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

/* Weighted with alpha. Pictures of floats may have places that are no numbers, or infinite. */
static gboolean
find_mean (JfGuidance  *guidance,
           GError     **error)
{
  double sums[G_N_ELEMENTS (guidance->mean)]    = { 0.0 };
  double weights[G_N_ELEMENTS (guidance->mean)] = { 0.0 };

  for (int y = 0; y < guidance->place.height; y += MEAN_ROWS)
    {
      JfRegion          rows   = { guidance->place.x, guidance->place.y + y,
                                   guidance->place.width, MIN (MEAN_ROWS, guidance->place.height - y) };
      g_auto (JfPixels) pixels = { 0 };

      if (! jf_pixels_read (&pixels, guidance->shape.drawable, &rows, error))
        return FALSE;

      add_pixels (&pixels, sums, weights);
    }

  if (weights[0] <= 0.0)
    return set_transparent_error (error, guidance->layer);

  /* A grey guidance has one channel, and of a channel there may be no number at all. */
  for (gsize c = 0; c < G_N_ELEMENTS (sums); c++)
    if (weights[c] > 0.0)
      guidance->mean[c] = sums[c] / weights[c];

  return TRUE;
}

static void
add_pixels (const JfPixels *pixels,
            double         *sums,
            double         *weights)
{
  gsize n_pixels = (gsize) pixels->colour.width * pixels->colour.height;

  for (int c = 0; c < pixels->colour.channels; c++)
    {
      const float *plane = pixels->colour.data + c * n_pixels;

      for (gsize i = 0; i < n_pixels; i++)
        {
          double share = (double) pixels->alpha[i] * plane[i];

          if (! isfinite (share))
            continue;

          sums[c]    += share;
          weights[c] += pixels->alpha[i];
        }
    }
}

static void
fill_transparency (const JfGuidance *guidance,
                   JfPixels         *pixels)
{
  gsize n_pixels = (gsize) pixels->colour.width * pixels->colour.height;

  for (int c = 0; c < pixels->colour.channels && pixels->alpha; c++)
    {
      float  *plane = pixels->colour.data + c * n_pixels;
      double  mean  = guidance->mean[c];

      for (gsize i = 0; i < n_pixels; i++)
        {
          double value = mean + pixels->alpha[i] * (plane[i] - mean);

          plane[i] = (float) (isfinite (value) ? value : mean);
        }
    }
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
