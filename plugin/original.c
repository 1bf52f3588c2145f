/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * original: a drawable as it is, and what GIMP lets a filter change of it
 */
#include <string.h>

#include "original.h"


static GimpColorProfile *
                  choose_profile (GimpDrawable      *drawable);
static gboolean   is_integer     (const Babl        *format);
static gboolean   read_mask      (JfOriginal        *original,
                                  GError           **error);
static void       read_locks     (JfOriginal        *original);
static void       apply_mask     (const JfOriginal  *original,
                                  int                x,
                                  int                y,
                                  JfPlanes          *row);
static float    * get_shares     (const JfOriginal  *original,
                                  int                x,
                                  int                y,
                                  JfPlanes          *row);
static float      get_mask       (const JfOriginal  *original,
                                  int                x,
                                  int                y);
static void       keep_locked    (const JfOriginal  *original,
                                  int                x,
                                  int                y,
                                  gboolean           new_layer,
                                  JfPlanes          *row);


/*  public functions  */

/**
 * jf_original_read:
 * @original: (inout): all zero; free with jf_original_clear (), even if this fails
 * @drawable: a drawable, which outlives it
 * @error:    return location for an error
 *
 * Returns: whether it could be read
 */
gboolean
jf_original_read (JfOriginal    *original,
                  GimpDrawable  *drawable,
                  GError       **error)
{
  const JfRegion  whole = { 0, 0, gimp_drawable_get_width (drawable), gimp_drawable_get_height (drawable) };
  JfRegion       *focus = &original->focus;

  original->drawable = drawable;
  original->profile  = choose_profile (drawable);
  jf_raster_init (&original->raster, drawable, &original->pixels.planes);
  original->clips    = is_integer (original->raster.stored);

  /* Without an overlap nothing can be filtered; then the dialog says so in its own time. */
  if (! gimp_drawable_mask_intersect (drawable, &focus->x, &focus->y, &focus->width, &focus->height))
    *focus = whole;

  if (! jf_pixels_read (&original->pixels, drawable, &whole, error) ||
      ! read_mask (original, error))
    return FALSE;

  if (GIMP_IS_LAYER (drawable))
    read_locks (original);

  return TRUE;
}

/**
 * jf_original_clear:
 * @original: from jf_original_read (), or all zero
 */
void
jf_original_clear (JfOriginal *original)
{
  jf_planes_clear (&original->mask);
  jf_pixels_clear (&original->pixels);
  g_clear_object (&original->profile);
}

/**
 * jf_original_merge:
 * @original:  a drawable
 * @x:         of the first pixel
 * @y:         of the first pixel
 * @new_layer: whether the result becomes a layer of its own
 * @row:       (inout): a row of the result, with a plane of alpha if the drawable has one
 *
 * Makes of @row what GIMP makes of it: only the selection changes, and no plane that is locked.
 */
void
jf_original_merge (const JfOriginal *original,
                   int               x,
                   int               y,
                   gboolean          new_layer,
                   JfPlanes         *row)
{
  if (original->mask.data)
    apply_mask (original, x, y, row);

  keep_locked (original, x, y, new_layer, row);
}


/*  private functions  */

/* That of the image, so that nothing is lost which a good screen can show; greys are no less in sRGB. */
static GimpColorProfile *
choose_profile (GimpDrawable *drawable)
{
  GimpColorProfile *profile = NULL;

  if (gimp_drawable_is_rgb (drawable))
    profile = gimp_image_get_color_profile (gimp_item_get_image (GIMP_ITEM (drawable)));

  return profile ? profile : gimp_color_profile_new_rgb_srgb ();
}

static gboolean
is_integer (const Babl *format)
{
  const Babl *type = babl_format_get_type (format, 0);

  return type == babl_type ("u8") || type == babl_type ("u16") || type == babl_type ("u32");
}

/* The selection covers the image, wherever the target lies in it. Its values are shares, not colours. */
static gboolean
read_mask (JfOriginal  *original,
           GError     **error)
{
  GimpItem              *target = GIMP_ITEM (original->drawable);
  GimpImage             *image  = gimp_item_get_image (target);
  JfRegion               focus  = original->focus;
  g_autoptr (GeglBuffer) buffer = NULL;
  int                    x, y;

  if (gimp_selection_is_empty (image))
    return TRUE;

  if (! jf_planes_init (&original->mask, 1, focus.width, focus.height, error))
    return FALSE;

  gimp_drawable_get_offsets (original->drawable, &x, &y);
  buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (gimp_image_get_selection (image)));
  gegl_buffer_get (buffer, GEGL_RECTANGLE (focus.x + x, focus.y + y, focus.width, focus.height), 1.0,
                   babl_format ("Y float"), original->mask.data, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);

  return TRUE;
}

static void
read_locks (JfOriginal *original)
{
  GimpDrawable *target     = original->drawable;
  GimpImage    *image      = gimp_item_get_image (GIMP_ITEM (target));
  int           n_channels = original->pixels.colour.channels;

  for (int c = 0; c < n_channels; c++)
    original->locked[c] = ! gimp_image_get_component_active (image, n_channels == 1 ? GIMP_CHANNEL_GRAY
                                                                                    : GIMP_CHANNEL_RED + c);

  original->locked[n_channels] = ! gimp_image_get_component_active (image, GIMP_CHANNEL_ALPHA);
  original->locks_alpha        = gimp_layer_get_lock_alpha (GIMP_LAYER (target));
}

/* As gimp_drawable_merge_shadow () does it: with values that the format can hold, and with light, not with codes. */
static void
apply_mask (const JfOriginal *original,
            int               x,
            int               y,
            JfPlanes         *row)
{
  const Babl       *code   = babl_format (GIMP_IS_CHANNEL (original->drawable) ? "Y float" : "Y~ float");
  const Babl       *light  = babl_format ("Y float");
  g_autofree float *before = g_new (float, row->width);
  g_autofree float *shares = get_shares (original, x, y, row);

  for (int c = 0; c < original->pixels.colour.channels; c++)
    {
      float *after = jf_planes_get_row (row, c, 0, 0);

      for (int i = 0; i < row->width && original->clips; i++)
        after[i] = CLAMP (after[i], 0.0f, 1.0f);

      babl_process (babl_fish (code, light), jf_planes_get_row (&original->pixels.colour, c, x, y), before, row->width);
      babl_process (babl_fish (code, light), after, after, row->width);

      for (int i = 0; i < row->width; i++)
        after[i] = before[i] + shares[i] * (after[i] - before[i]);

      babl_process (babl_fish (light, code), after, after, row->width);
    }
}

/* Of the colour after in the mixture, for which alpha counts; mixes alpha itself. */
static float *
get_shares (const JfOriginal *original,
            int               x,
            int               y,
            JfPlanes         *row)
{
  float       *shares = g_new (float, row->width);
  const float *alpha  = original->pixels.alpha;
  const float *before = alpha ? alpha + (gsize) y * original->pixels.planes.width + x : NULL;
  float       *after  = before ? jf_planes_get_row (row, row->channels - 1, 0, 0) : NULL;

  for (int i = 0; i < row->width; i++)
    {
      float mask = get_mask (original, x + i, y);

      shares[i] = mask;

      if (! after || before[i] == after[i])
        continue;

      shares[i] = after[i] * mask;
      after[i]  = before[i] * (1.0f - mask) + shares[i];
      shares[i] = after[i] > 0.0f ? shares[i] / after[i] : 0.0f;
    }

  return shares;
}

static float
get_mask (const JfOriginal *original,
          int               x,
          int               y)
{
  int column = x - original->focus.x;
  int row    = y - original->focus.y;

  if (column < 0 || row < 0 || column >= original->focus.width || row >= original->focus.height)
    return 0.0f;

  return *jf_planes_get_row (&original->mask, 0, column, row);
}

/* What GIMP does not let a filter change. */
static void
keep_locked (const JfOriginal *original,
             int               x,
             int               y,
             gboolean          new_layer,
             JfPlanes         *row)
{
  for (int c = 0; c < row->channels; c++)
    if (original->locked[c] || (c == original->pixels.colour.channels && original->locks_alpha && ! new_layer))
      memcpy (jf_planes_get_row (row, c, 0, 0), jf_planes_get_row (&original->pixels.planes, c, x, y),
              sizeof (float) * row->width);
}
