/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * planes: a picture as the core sees it
 */
#include <stdlib.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "pages.h"
#include "planes.h"


/* A cache line, and the widest vector there is: no row of a plane's first vector straddles two lines. */
#define ALIGNMENT 64


G_DEFINE_QUARK (jf-planes-error-quark, jf_planes_error)


/*  private functions  */

/* Large pictures are in large pages where the system has them: they are there at once, and who goes down a column finds them. */
static float *
allocate (gsize n_bytes)
{
  gsize  alignment = n_bytes < 2 * JF_LARGE_PAGE ? ALIGNMENT : JF_LARGE_PAGE;
  float *data      = NULL;

  /* aligned_alloc () wants a multiple of the alignment. */
  if (! g_size_checked_add (&n_bytes, n_bytes, alignment - 1))
    return NULL;

  n_bytes = n_bytes / alignment * alignment;
  data    = aligned_alloc (alignment, n_bytes);
  if (alignment == JF_LARGE_PAGE)
    jf_pages_enlarge (data, n_bytes);

  return data;
}


/*  public functions  */

/**
 * jf_planes_init:
 * @planes:   (out caller-allocates): planes without data of their own
 * @channels: number of planes, at least 1
 * @width:    at least 1
 * @height:   at least 1
 * @error:    return location for a #JF_PLANES_ERROR
 *
 * Gives @planes memory for a picture, aligned to 64 bytes and *not* cleared. Free it with
 * jf_planes_clear (). On failure @planes is all zero.
 *
 * Returns: whether there was room
 */
gboolean
jf_planes_init (JfPlanes  *planes,
                int        channels,
                int        width,
                int        height,
                GError   **error)
{
  gsize n_bytes = sizeof (float);

  g_return_val_if_fail (planes != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  *planes = (JfPlanes) { 0 };

  if (channels < 1 || width < 1 || height < 1)
    {
      g_set_error (error, JF_PLANES_ERROR, JF_PLANES_ERROR_SIZE,
                   _("A picture of %d × %d pixels and %d channels has nothing to filter"),
                   width, height, channels);
      return FALSE;
    }

  if (g_size_checked_mul (&n_bytes, n_bytes, channels) &&
      g_size_checked_mul (&n_bytes, n_bytes, width)    &&
      g_size_checked_mul (&n_bytes, n_bytes, height))
    planes->data = allocate (n_bytes);

  if (! planes->data)
    {
      g_set_error (error, JF_PLANES_ERROR, JF_PLANES_ERROR_SIZE,
                   _("There is no memory for a picture of %d × %d pixels and %d channels: "
                     "close other programs or filter a smaller part"),
                   width, height, channels);
      return FALSE;
    }

  planes->channels = channels;
  planes->width    = width;
  planes->height   = height;

  return TRUE;
}

/**
 * jf_planes_clear:
 * @planes: planes from jf_planes_init (), or all zero
 *
 * Frees the memory; @planes is all zero afterwards.
 */
void
jf_planes_clear (JfPlanes *planes)
{
  free (planes->data);

  *planes = (JfPlanes) { 0 };
}

/**
 * jf_planes_crop:
 * @planes: (out caller-allocates): free with jf_planes_clear ()
 * @source: a picture
 * @region: the part to copy, inside it
 * @error:  return location for a #JF_PLANES_ERROR
 *
 * Returns: whether there was memory
 */
gboolean
jf_planes_crop (JfPlanes        *planes,
                const JfPlanes  *source,
                const JfRegion  *region,
                GError         **error)
{
  if (! jf_planes_init (planes, source->channels, region->width, region->height, error))
    return FALSE;

  jf_planes_copy (planes, 0, 0, source, region);

  return TRUE;
}

/**
 * jf_planes_copy:
 * @planes: (inout): where to
 * @x:      of the part in @planes
 * @y:      of the part in @planes
 * @source: where from; of as many planes, or more
 * @region: the part of @source, inside both
 */
void
jf_planes_copy (JfPlanes       *planes,
                int             x,
                int             y,
                const JfPlanes *source,
                const JfRegion *region)
{
  for (int c = 0; c < planes->channels; c++)
    for (int i = 0; i < region->height; i++)
      memcpy (jf_planes_get_row (planes, c, x, y + i),
              jf_planes_get_row (source, c, region->x, region->y + i),
              sizeof (float) * region->width);
}

/**
 * jf_planes_blend:
 * @output:   (inout): the filtered part
 * @target:   the picture it was filtered from, of as many planes, or of one that stands for all
 * @region:   which part of @target it is
 * @strength: how much of the change to keep; 0 none, 1 all of it, other values extrapolate
 *
 * output = target + strength × (output − target). A strength of 1 leaves @output as it is,
 * bit by bit.
 */
void
jf_planes_blend (JfPlanes       *output,
                 const JfPlanes *target,
                 const JfRegion *region,
                 float           strength)
{
  g_return_if_fail (output->channels == target->channels || target->channels == 1);
  g_return_if_fail (output->width    == region->width);
  g_return_if_fail (output->height   == region->height);

  if (strength == 1.0f)
    return;

  for (int c = 0; c < output->channels; c++)
    for (int y = 0; y < region->height; y++)
      {
        const float *from = jf_planes_get_row (target, MIN (c, target->channels - 1), region->x, region->y + y);
        float       *to   = jf_planes_get_row (output, c, 0, y);

        for (int x = 0; x < region->width; x++)
          to[x] = from[x] + strength * (to[x] - from[x]);
      }
}
