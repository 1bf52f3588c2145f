/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pixels: a drawable's pixels as planes, and back
 *
 * The networks are trained on photographs as cameras and files give them: encoded with the sRGB
 * curve. babl's "R~G~B~" is just that curve over the primaries of the format's own space, so asking
 * for it with the drawable's space gives the same numbers for the same colours in every precision,
 * linear or not, and converts no primaries. Float formats do not clip.
 *
 * Where the drawable's own "R'G'B'" has the sRGB curve that is the same thing, and is asked for by its own name:
 * between the two babl may take the way over linear light, by approximations of the curve that it chooses by their
 * measured speed, so results would differ by some 1e-6 from one run to the next.
 *
 * Masks and channels are shares, not light: GIMP keeps them without a curve, and that is how they are taken.
 */
#include <string.h>

#include "pixels.h"


/* [has the sRGB curve as it is?][colour?][alpha?] */
static const char * const formats[2][2][2] =
{
  {
    { "Y~ float",      "Y~A float"      },
    { "R~G~B~ float",  "R~G~B~A float"  }
  },
  {
    { "Y' float",      "Y'A float"      },
    { "R'G'B' float",  "R'G'B'A float"  }
  }
};


static gboolean     pixels_init  (JfPixels        *pixels,
                                  int              n_channels,
                                  gboolean         has_alpha,
                                  const JfRegion  *region,
                                  GError         **error);
static gboolean     has_curve    (const Babl      *format);
static void         deinterleave (const float     *values,
                                  JfPlanes        *planes,
                                  gsize            first,
                                  gsize            n_pixels);
static void         interleave   (const JfPlanes  *planes,
                                  gsize            first,
                                  gsize            n_pixels,
                                  float           *values);


/*  public functions  */

/**
 * jf_pixels_read:
 * @pixels:   (out caller-allocates): free with jf_pixels_clear ()
 * @drawable: whose pixels, below its layer mask and effects
 * @region:   in the drawable's coordinates; parts outside the drawable repeat its edge
 * @error:    return location for a #JF_PLANES_ERROR
 *
 * Reads colours as they are stored, not multiplied by alpha. Values of float images may lie outside
 * 0..1 and are not clamped. Large drawables take seconds: the main loop runs meanwhile, so that a dialog stays alive.
 *
 * Returns: whether there was memory
 */
gboolean
jf_pixels_read (JfPixels        *pixels,
                GimpDrawable    *drawable,
                const JfRegion  *region,
                GError         **error)
{
  const Babl             *format     = jf_pixels_get_format (drawable);
  int                     n_channels = babl_format_get_n_components (format);
  int                     n_rows     = (int) gimp_tile_height ();
  g_autoptr (GeglBuffer)  buffer     = gimp_drawable_get_buffer (drawable);
  g_autofree float       *band       = NULL;

  if (! pixels_init (pixels, n_channels, gimp_drawable_has_alpha (drawable), region, error))
    return FALSE;

  band = g_new (float, (gsize) region->width * n_rows * n_channels);

  for (int y = 0; y < region->height; y += n_rows)
    {
      int height = MIN (n_rows, region->height - y);

      gegl_buffer_get (buffer, GEGL_RECTANGLE (region->x, region->y + y, region->width, height),
                       1.0, format, band, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_CLAMP);
      deinterleave (band, &pixels->planes, (gsize) y * region->width, (gsize) height * region->width);

      while (g_main_context_iteration (NULL, FALSE))
        ;
    }

  return TRUE;
}

/**
 * jf_pixels_init:
 * @pixels:   (out caller-allocates): free with jf_pixels_clear ()
 * @drawable: a drawable
 * @region:   a part of it
 * @error:    return location for a #JF_PLANES_ERROR
 *
 * Gives @pixels memory, *not* cleared, for a part of @drawable.
 *
 * Returns: whether there was memory
 */
gboolean
jf_pixels_init (JfPixels        *pixels,
                GimpDrawable    *drawable,
                const JfRegion  *region,
                GError         **error)
{
  int n_channels = babl_format_get_n_components (jf_pixels_get_format (drawable));

  return pixels_init (pixels, n_channels, gimp_drawable_has_alpha (drawable), region, error);
}

/**
 * jf_pixels_set_planes:
 * @pixels:    (out caller-allocates): free with jf_pixels_clear ()
 * @planes:    (transfer full): planes of colour and, after them, one of alpha
 * @has_alpha: whether there is that one
 *
 * Makes pixels of planes.
 */
void
jf_pixels_set_planes (JfPixels       *pixels,
                      const JfPlanes *planes,
                      gboolean        has_alpha)
{
  *pixels = (JfPixels) { *planes, *planes, NULL };

  if (has_alpha)
    {
      pixels->colour.channels = planes->channels - 1;
      pixels->alpha           = jf_planes_get_row (planes, pixels->colour.channels, 0, 0);
    }
}

/**
 * jf_pixels_copy_alpha:
 * @source: pixels with alpha
 * @region: a part of them
 * @pixels: (inout): pixels with alpha of the size of @region
 */
void
jf_pixels_copy_alpha (const JfPixels *source,
                      const JfRegion *region,
                      JfPixels       *pixels)
{
  int alpha = source->colour.channels;

  for (int y = 0; y < region->height; y++)
    memcpy (jf_planes_get_row (&pixels->planes, alpha, 0, y),
            jf_planes_get_row (&source->planes, alpha, region->x, region->y + y),
            sizeof (float) * region->width);
}

/**
 * jf_pixels_crop:
 * @pixels: (out caller-allocates): free with jf_pixels_clear ()
 * @source: other pixels
 * @region: a part of them
 * @error:  return location for an error
 *
 * Returns: whether there was memory for a copy of the part
 */
gboolean
jf_pixels_crop (JfPixels        *pixels,
                const JfPixels  *source,
                const JfRegion  *region,
                GError         **error)
{
  JfPlanes planes;

  if (! jf_planes_crop (&planes, &source->planes, region, error))
    return FALSE;

  jf_pixels_set_planes (pixels, &planes, source->alpha != NULL);

  return TRUE;
}

/**
 * jf_pixels_has_part:
 * @pixels: pixels
 * @part:   others
 * @region: a part of @pixels, of the size of @part
 *
 * Returns: whether @pixels are those of @part at @region, to the bit
 */
gboolean
jf_pixels_has_part (const JfPixels *pixels,
                    const JfPixels *part,
                    const JfRegion *region)
{
  if (pixels->planes.channels != part->planes.channels)
    return FALSE;

  for (int channel = 0; channel < part->planes.channels; channel++)
    for (int y = 0; y < region->height; y++)
      if (memcmp (jf_planes_get_row (&pixels->planes, channel, region->x, region->y + y),
                  jf_planes_get_row (&part->planes, channel, 0, y), sizeof (float) * region->width))
        return FALSE;

  return TRUE;
}

/**
 * jf_pixels_write:
 * @pixels:   what to write, read from a drawable of the same format
 * @drawable: whose shadow buffer is written; gimp_drawable_merge_shadow () makes it visible
 * @region:   in the drawable's coordinates and inside it, of the size of @pixels
 */
void
jf_pixels_write (const JfPixels *pixels,
                 GimpDrawable   *drawable,
                 const JfRegion *region)
{
  const Babl             *format = jf_pixels_get_format (drawable);
  int                     n_rows = (int) gimp_tile_height ();
  g_autoptr (GeglBuffer)  buffer = gimp_drawable_get_shadow_buffer (drawable);
  g_autofree float       *band   = NULL;

  band = g_new (float, (gsize) region->width * n_rows * pixels->planes.channels);

  for (int y = 0; y < region->height; y += n_rows)
    {
      int height = MIN (n_rows, region->height - y);

      interleave (&pixels->planes, (gsize) y * region->width, (gsize) height * region->width, band);
      gegl_buffer_set (buffer, GEGL_RECTANGLE (region->x, region->y + y, region->width, height),
                       0, format, band, GEGL_AUTO_ROWSTRIDE);
    }
}

/**
 * jf_pixels_clear:
 * @pixels: from jf_pixels_read (), or all zero
 *
 * Frees the memory.
 */
void
jf_pixels_clear (JfPixels *pixels)
{
  jf_planes_clear (&pixels->planes);

  *pixels = (JfPixels) { 0 };
}

/**
 * jf_pixels_get_format:
 * @drawable: a drawable
 *
 * Returns: the format of its pixels as jf_pixels_read () has them, a component for each plane
 */
const Babl *
jf_pixels_get_format (GimpDrawable *drawable)
{
  const Babl *format = gimp_drawable_get_format (drawable);
  gboolean    curve  = has_curve (format)               ? 1 : 0;
  gboolean    colour = gimp_drawable_is_rgb (drawable)    ? 1 : 0;
  gboolean    alpha  = gimp_drawable_has_alpha (drawable) ? 1 : 0;

  return babl_format_with_space (GIMP_IS_CHANNEL (drawable) ? "Y float" : formats[curve][colour][alpha], format);
}


/*  private functions  */

static gboolean
pixels_init (JfPixels        *pixels,
             int              n_channels,
             gboolean         has_alpha,
             const JfRegion  *region,
             GError         **error)
{
  JfPlanes planes = { 0 };

  *pixels = (JfPixels) { 0 };

  if (! jf_planes_init (&planes, n_channels, region->width, region->height, error))
    return FALSE;

  jf_pixels_set_planes (pixels, &planes, has_alpha);

  return TRUE;
}

/* Whether colours are stored encoded with the sRGB curve, be it as the curve of their own space. */
static gboolean
has_curve (const Babl *format)
{
  const Babl *curves[3];

  if (! (babl_get_model_flags (format) & BABL_MODEL_FLAG_NONLINEAR))
    return FALSE;

  babl_space_get (babl_format_get_space (format), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                  &curves[0], &curves[1], &curves[2]);

  for (gsize i = 0; i < G_N_ELEMENTS (curves); i++)
    if (curves[i] != babl_trc ("sRGB"))
      return FALSE;

  return TRUE;
}

static void
deinterleave (const float *values,
              JfPlanes    *planes,
              gsize        first,
              gsize        n_pixels)
{
  gsize plane = (gsize) planes->width * planes->height;

  for (int c = 0; c < planes->channels; c++)
    for (gsize i = 0; i < n_pixels; i++)
      planes->data[c * plane + first + i] = values[i * planes->channels + c];
}

static void
interleave (const JfPlanes *planes,
            gsize           first,
            gsize           n_pixels,
            float          *values)
{
  gsize plane = (gsize) planes->width * planes->height;

  for (int c = 0; c < planes->channels; c++)
    for (gsize i = 0; i < n_pixels; i++)
      values[i * planes->channels + c] = planes->data[c * plane + first + i];
}
