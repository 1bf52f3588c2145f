/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guidance-chooser: a choice among layers by name
 *
 * GIMP's own GimpDrawableChooser shows no names in GIMP 3.0 and fails on layers of float images; so this
 * is a combo box over the tattoos of the layers, bound to the argument that keeps the tattoo.
 */
#include "guidance-chooser.h"


#define THUMBNAIL_SIZE 24


/* For the argument's "notify" signal. */
typedef struct
{
  GtkTreeModel *store;
  int           tattoo;
} Fallback;


static GtkListStore * store_new       (GList               *layers);
static GdkPixbuf    * get_thumbnail   (GimpDrawable        *layer);
static void           show_thumbnails (GtkCellLayout       *combo);
static void           choose_if_none  (GimpProcedureConfig *config,
                                       GParamSpec          *pspec,
                                       Fallback            *fallback);
static void           fallback_free   (gpointer             fallback,
                                       GClosure            *closure);


/*  public functions  */

/**
 * jf_guidance_chooser_new:
 * @dialog:   the dialog it is for
 * @config:   whose "guidance-tattoo" it changes
 * @layers:   (element-type GimpLayer): the choices, not empty
 * @guidance: the one of @layers to start with, and to come back to on Reset
 *
 * Returns: (transfer none): the labelled combo box, which belongs to @dialog under the name
 *          "guidance-tattoo"
 */
GtkWidget *
jf_guidance_chooser_new (GimpProcedureDialog *dialog,
                         GimpProcedureConfig *config,
                         GList               *layers,
                         GimpLayer           *guidance)
{
  GtkListStore *store    = store_new (layers);
  Fallback     *fallback = g_new (Fallback, 1);
  GtkWidget    *chooser;
  GtkWidget    *combo;

  fallback->store  = GTK_TREE_MODEL (g_object_ref (store));
  fallback->tattoo = (int) gimp_item_get_tattoo (GIMP_ITEM (guidance));

  g_object_set (config, "guidance-tattoo", fallback->tattoo, NULL);
  g_signal_connect_data (config, "notify::guidance-tattoo", G_CALLBACK (choose_if_none),
                         fallback, fallback_free, 0);

  chooser = gimp_procedure_dialog_get_int_combo (dialog, "guidance-tattoo", GIMP_INT_STORE (store));
  combo   = gimp_label_int_widget_get_widget (GIMP_LABEL_INT_WIDGET (chooser));

  g_signal_connect_after (combo, "notify::popup-shown", G_CALLBACK (show_thumbnails), NULL);
  show_thumbnails (GTK_CELL_LAYOUT (combo));

  return chooser;
}


/*  private functions  */

static GtkListStore *
store_new (GList *layers)
{
  GtkListStore *store = g_object_new (GIMP_TYPE_INT_STORE, NULL);

  for (GList *list = layers; list; list = list->next)
    {
      g_autofree char       *name      = gimp_item_get_name (list->data);
      g_autoptr (GdkPixbuf)  thumbnail = get_thumbnail (list->data);
      GtkTreeIter            iter;

      gtk_list_store_append (store, &iter);
      gtk_list_store_set (store, &iter,
                          GIMP_INT_STORE_VALUE,  (int) gimp_item_get_tattoo (list->data),
                          GIMP_INT_STORE_LABEL,  name,
                          GIMP_INT_STORE_PIXBUF, thumbnail,
                          -1);
    }

  return store;
}

/* gimp_drawable_get_thumbnail () fails on anything but 8-bit layers: it takes for bytes what comes in the layer's
 * own format (GIMP 3.0, libgimp/gimppixbuf.c). Data of any other form are not understood, and there is no
 * thumbnail then.
 */
static GdkPixbuf *
get_thumbnail (GimpDrawable *layer)
{
  const Babl        *format = gimp_drawable_get_format (layer);
  int                width, height, bytes_per_pixel;
  g_autoptr (GBytes) data   = gimp_drawable_get_thumbnail_data (layer, THUMBNAIL_SIZE, THUMBNAIL_SIZE,
                                                                &width, &height, &bytes_per_pixel);
  GdkPixbuf         *pixbuf;

  if (! data || bytes_per_pixel != babl_format_get_bytes_per_pixel (format))
    return NULL;

  pixbuf = gdk_pixbuf_new (GDK_COLORSPACE_RGB, TRUE, 8, width, height);

  babl_process_rows (babl_fish (format, babl_format ("R'G'B'A u8")),
                     g_bytes_get_data (data, NULL), width * bytes_per_pixel,
                     gdk_pixbuf_get_pixels (pixbuf), gdk_pixbuf_get_rowstride (pixbuf), width, height);

  return pixbuf;
}

/* GimpIntComboBox makes its cells anew when it pops up and down, and asks them for icon names, which hides
 * pixbufs (GIMP 3.0, gimp_int_combo_box_create_cells ()).
 */
static void
show_thumbnails (GtkCellLayout *combo)
{
  g_autoptr (GList) cells = gtk_cell_layout_get_cells (combo);

  for (GList *list = cells; list; list = list->next)
    if (GTK_IS_CELL_RENDERER_PIXBUF (list->data))
      {
        gtk_cell_layout_clear_attributes (combo, list->data);
        gtk_cell_layout_add_attribute (combo, list->data, "pixbuf", GIMP_INT_STORE_PIXBUF);
      }
}

/* Reset and saved settings bring tattoos that no layer here has. */
static void
choose_if_none (GimpProcedureConfig *config,
                GParamSpec          *pspec,
                Fallback            *fallback)
{
  GtkTreeIter iter;
  int         tattoo;

  g_object_get (config, "guidance-tattoo", &tattoo, NULL);

  if (! gimp_int_store_lookup_by_value (fallback->store, tattoo, &iter))
    g_object_set (config, "guidance-tattoo", fallback->tattoo, NULL);
}

static void
fallback_free (gpointer  fallback,
               GClosure *closure)
{
  g_object_unref (((Fallback *) fallback)->store);
  g_free (fallback);
}
