/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * raster: planes as the screen shows them
 */
#include <string.h>

#include "pixels.h"
#include "raster.h"


static void copy_row (int             x,
                      int             y,
                      JfPlanes       *row,
                      gpointer        data);
static void add_row  (const JfPlanes *row,
                      int             shrink,
                      float          *sums);
static void convert  (const JfRaster *raster,
                      const float    *values,
                      int             width,
                      float          *rgba);


/*  public functions  */

/**
 * jf_raster_init:
 * @raster:   (out caller-allocates): how to show @planes
 * @drawable: where they come from
 * @planes:   have to stay where they are
 *
 * All layers of an image have one profile and one precision. What is stored as light is shown from light, as in GIMP's
 * windows: values below zero have no codes in some profiles.
 */
void
jf_raster_init (JfRaster       *raster,
                GimpDrawable   *drawable,
                const JfPlanes *planes)
{
  const Babl *stored   = gimp_drawable_get_format (drawable);
  gboolean    is_light = ! strpbrk (babl_format_get_encoding (stored), "'~");

  *raster = (JfRaster) { jf_pixels_get_format (drawable), stored,
                         babl_format_with_space (is_light ? "RGBA float" : "R'G'B'A float",
                                                 gimp_drawable_is_rgb (drawable) ? stored : babl_space ("sRGB")),
                         copy_row, (gpointer) planes };
}

/**
 * jf_raster_draw:
 * @raster: where the values come from
 * @region: which pixels
 * @shrink: how many of them become one in each direction
 * @rgba:   (out caller-allocates): values as they are shown, of @region's size by @shrink, rounded up
 *
 * Values go through the format that they will be stored in: what is lost there is not shown.
 */
void
jf_raster_draw (const JfRaster *raster,
                const JfRegion *region,
                int             shrink,
                float          *rgba)
{
  int               n      = babl_format_get_n_components (raster->format);
  int               width  = (region->width + shrink - 1) / shrink;
  g_auto (JfPlanes) row    = { 0 };
  g_autofree float *values = g_new (float, (gsize) width * n);

  if (! jf_planes_init (&row, n, region->width, 1, NULL))
    return;

  for (int y = 0; y < region->height; y += shrink, rgba += 4 * width)
    {
      int height = MIN (shrink, region->height - y);

      for (gsize i = 0; i < (gsize) width * n; i++)
        values[i] = 0.0f;

      for (int i = 0; i < height; i++)
        {
          raster->func (region->x, region->y + y + i, &row, raster->data);
          add_row (&row, shrink, values);
        }

      for (gsize i = 0; i < (gsize) width * n && shrink > 1; i++)
        values[i] /= (float) (height * MIN (shrink, region->width - (int) i / n * shrink));

      convert (raster, values, width, rgba);
    }
}


/*  private functions  */

/* A JfRowFunc. */
static void
copy_row (int       x,
          int       y,
          JfPlanes *row,
          gpointer  data)
{
  jf_planes_copy (row, 0, 0, data, &(JfRegion) { x, y, row->width, 1 });
}

static void
add_row (const JfPlanes *row,
         int             shrink,
         float          *sums)
{
  int n = row->channels;

  for (int c = 0; c < n; c++)
    {
      const float *from = jf_planes_get_row (row, c, 0, 0);

      if (shrink == 1)
        for (int x = 0; x < row->width; x++)
          sums[x * n + c] = from[x];
      else
        for (int x = 0; x < row->width; x++)
          sums[x / shrink * n + c] += from[x];
    }
}

static void
convert (const JfRaster *raster,
         const float    *values,
         int             width,
         float          *rgba)
{
  g_autofree guchar *stored = g_malloc ((gsize) width * babl_format_get_bytes_per_pixel (raster->stored));

  babl_process (babl_fish (raster->format, raster->stored), values, stored, width);
  babl_process (babl_fish (raster->stored, raster->shown), stored, rgba, width);
}
