/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * shape: the size and the format of a drawable, which its user may change while a filter runs
 */
#include <glib/gi18n-lib.h>

#include "shape.h"


static gboolean is_there  (GimpDrawable  *drawable);
static gboolean set_error (GError       **error,
                           GimpDrawable  *drawable);


/*  public functions  */

/**
 * jf_shape_init:
 * @shape:    (out caller-allocates): the shape that @drawable has now
 * @drawable: a drawable
 * @error:    return location for an error that says what to do
 *
 * Returns: whether it is in its image
 */
gboolean
jf_shape_init (JfShape       *shape,
               GimpDrawable  *drawable,
               GError       **error)
{
  if (! is_there (drawable))
    return set_error (error, drawable);

  *shape = (JfShape) { drawable, gimp_drawable_get_width (drawable), gimp_drawable_get_height (drawable),
                       gimp_drawable_get_format (drawable) };

  return TRUE;
}

/**
 * jf_shape_check:
 * @shape: from jf_shape_init ()
 * @error: return location for an error that says what to do
 *
 * Returns: whether the drawable is still in its image, and of that shape
 */
gboolean
jf_shape_check (const JfShape  *shape,
                GError        **error)
{
  JfShape now;

  if (! jf_shape_init (&now, shape->drawable, error))
    return FALSE;

  return now.width  == shape->width  &&
         now.height == shape->height &&
         now.format == shape->format ? TRUE : set_error (error, shape->drawable);
}


/*  private functions  */

/* With its layer, if it is a mask, and the groups that it is in. */
static gboolean
is_there (GimpDrawable *drawable)
{
  GimpItem *item = GIMP_ITEM (drawable);

  if (gimp_item_is_valid (item) && GIMP_IS_LAYER_MASK (item))
    item = GIMP_ITEM (gimp_layer_from_mask (GIMP_LAYER_MASK (item)));

  while (item && gimp_item_is_valid (item))
    item = gimp_item_get_parent (item);

  return ! item;
}

static gboolean
set_error (GError       **error,
           GimpDrawable  *drawable)
{
  g_autofree char *name = gimp_item_get_name (GIMP_ITEM (drawable));

  g_set_error (error, GIMP_PLUG_IN_ERROR, 0,
               _("“%s” was changed or removed while it was used, so nothing was filtered. Filter again."), name);

  return FALSE;
}
