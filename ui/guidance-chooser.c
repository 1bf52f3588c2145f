/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guidance-chooser: a choice among layers by name, with a look at the one chosen
 *
 * GIMP's own GimpDrawableChooser shows no names in GIMP 3.0 and fails on layers of float images; so this is a combo box
 * over the tattoos of the layers, which follows the argument that keeps the tattoo, and the layers of the image.
 */
#include <glib/gi18n-lib.h>

#include "accessible.h"
#include "guidance-chooser.h"


#define ARGUMENT        "guidance-tattoo"

/* The tattoo of the picture itself: GIMP gives no layer a tattoo of 0. */
#define SELF            0

/* In GTK's pixels. */
#define THUMBNAIL_SIZE  24
#define VIEW_HEIGHT     150
#define SPACING         6

/* GIMP tells plug-ins nothing about layers that come, go or move: look once a second. */
#define INTERVAL        1

enum
{
  COLUMN_TATTOO,
  COLUMN_NAME,
  COLUMN_THUMBNAIL,
  N_COLUMNS
};

struct _JfGuidanceChooser
{
  GtkBox               parent_instance;

  GimpProcedureConfig *config;
  JfGuidanceChoice     choice;
  JfPreviewSource     *source;

  GtkListStore        *store;
  GtkWidget           *label;
  GtkWidget           *combo;
  JfPreview           *preview;
  GtkWidget           *status;
  char                *layers;       /* what they were when the store was filled  */
  gboolean             following;    /* the argument, so do not set it            */
  guint                timer;
};


static void        add_combo      (JfGuidanceChooser   *chooser);
static void        add_view       (JfGuidanceChooser   *chooser,
                                   GimpColorConfig     *colours);
static void        add_cells      (GtkCellLayout       *combo);
static gboolean    on_timer       (gpointer             data);
static void        fill_store     (JfGuidanceChooser   *chooser,
                                   GList               *layers);
static void        append         (JfGuidanceChooser   *chooser,
                                   int                  tattoo,
                                   const char          *name,
                                   GdkPixbuf           *thumbnail);
static char      * describe       (GList               *layers);
static GdkPixbuf * get_thumbnail  (GimpDrawable        *layer);
static int         get_preferred  (JfGuidanceChooser   *chooser);
static void        on_argument    (JfGuidanceChooser   *chooser);
static gboolean    find           (JfGuidanceChooser   *chooser,
                                   int                  tattoo,
                                   GtkTreeIter         *iter);
static void        on_chosen      (JfGuidanceChooser   *chooser);
static void        on_status      (JfGuidanceChooser   *chooser);


G_DEFINE_FINAL_TYPE (JfGuidanceChooser, jf_guidance_chooser, GTK_TYPE_BOX)


/*  public functions  */

/**
 * jf_guidance_chooser_new:
 * @config:  whose argument "guidance-tattoo" it changes and follows
 * @choice:  what is chosen from
 * @source:  shows the guidance, and knows how it lies
 * @colours: how the user wants colours to be shown
 *
 * Returns: (transfer floating): the widget
 */
GtkWidget *
jf_guidance_chooser_new (GimpProcedureConfig    *config,
                         const JfGuidanceChoice *choice,
                         JfPreviewSource        *source,
                         GimpColorConfig        *colours)
{
  JfGuidanceChooser *chooser = g_object_new (JF_TYPE_GUIDANCE_CHOOSER,
                                             "orientation", GTK_ORIENTATION_VERTICAL,
                                             "spacing",     SPACING,
                                             NULL);

  chooser->config = g_object_ref (config);
  chooser->choice = *choice;
  chooser->source = g_object_ref (source);
  g_object_set (config, ARGUMENT, get_preferred (chooser), NULL);

  add_combo (chooser);
  add_view (chooser, colours);
  on_timer (chooser);

  g_signal_connect_object (config, "notify::" ARGUMENT, G_CALLBACK (on_argument), chooser, G_CONNECT_SWAPPED);
  g_signal_connect_object (source, "status", G_CALLBACK (on_status), chooser, G_CONNECT_SWAPPED);
  chooser->timer = g_timeout_add_seconds (INTERVAL, on_timer, chooser);

  on_argument (chooser);
  on_status (chooser);

  return GTK_WIDGET (chooser);
}

/**
 * jf_guidance_chooser_get_preview:
 * @chooser: a chooser
 *
 * Returns: (transfer none): the view of the guidance
 */
JfPreview *
jf_guidance_chooser_get_preview (JfGuidanceChooser *chooser)
{
  return chooser->preview;
}

/**
 * jf_guidance_chooser_get_label:
 * @chooser: a chooser
 *
 * Returns: (transfer none): the label before the choice
 */
GtkWidget *
jf_guidance_chooser_get_label (JfGuidanceChooser *chooser)
{
  return chooser->label;
}


/*  private functions  */

static void
jf_guidance_chooser_dispose (GObject *object)
{
  JfGuidanceChooser *chooser = JF_GUIDANCE_CHOOSER (object);

  g_clear_handle_id (&chooser->timer, g_source_remove);
  g_clear_object (&chooser->config);
  g_clear_object (&chooser->source);
  g_clear_object (&chooser->store);
  g_clear_pointer (&chooser->layers, g_free);

  G_OBJECT_CLASS (jf_guidance_chooser_parent_class)->dispose (object);
}

static void
jf_guidance_chooser_class_init (JfGuidanceChooserClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = jf_guidance_chooser_dispose;
}

static void
jf_guidance_chooser_init (JfGuidanceChooser *chooser)
{
}

static void
add_combo (JfGuidanceChooser *chooser)
{
  GParamSpec *argument = g_object_class_find_property (G_OBJECT_GET_CLASS (chooser->config), ARGUMENT);
  const char *name     = g_param_spec_get_nick (argument);
  GtkWidget  *row      = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, SPACING);

  chooser->label = gtk_label_new_with_mnemonic (name);
  chooser->store = gtk_list_store_new (N_COLUMNS, G_TYPE_INT, G_TYPE_STRING, GDK_TYPE_PIXBUF);
  chooser->combo = gtk_combo_box_new_with_model (GTK_TREE_MODEL (chooser->store));
  add_cells (GTK_CELL_LAYOUT (chooser->combo));
  g_signal_connect_swapped (chooser->combo, "changed", G_CALLBACK (on_chosen), chooser);

  gtk_label_set_xalign (GTK_LABEL (chooser->label), 0.0);
  gtk_label_set_mnemonic_widget (GTK_LABEL (chooser->label), chooser->combo);
  gtk_widget_set_tooltip_text (chooser->combo, g_param_spec_get_blurb (argument));
  jf_accessible_set_name (chooser->combo, name);

  gtk_box_pack_start (GTK_BOX (row), chooser->label, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (row), chooser->combo, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (chooser), row, FALSE, FALSE, 0);
}

/* Names of layers may be long. */
static void
add_cells (GtkCellLayout *combo)
{
  GtkCellRenderer *thumbnail = gtk_cell_renderer_pixbuf_new ();
  GtkCellRenderer *name      = gtk_cell_renderer_text_new ();

  g_object_set (thumbnail, "xpad", SPACING / 2, NULL);
  gtk_cell_layout_pack_start (combo, thumbnail, FALSE);
  gtk_cell_layout_add_attribute (combo, thumbnail, "pixbuf", COLUMN_THUMBNAIL);

  g_object_set (name, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
  gtk_cell_layout_pack_start (combo, name, TRUE);
  gtk_cell_layout_add_attribute (combo, name, "text", COLUMN_NAME);
}

static void
add_view (JfGuidanceChooser *chooser,
          GimpColorConfig   *colours)
{
  GtkWidget *view  = jf_preview_new (chooser->source, JF_PICTURE_GUIDANCE, colours);
  GtkWidget *frame = gtk_frame_new (NULL);

  chooser->preview = JF_PREVIEW (view);
  gtk_widget_set_size_request (view, -1, VIEW_HEIGHT);
  gtk_widget_set_tooltip_text (view, _("The guidance at the place that the preview shows; moves with it"));
  jf_accessible_set_name (view, _("Guidance"));
  gtk_container_add (GTK_CONTAINER (frame), view);
  gtk_box_pack_start (GTK_BOX (chooser), frame, TRUE, TRUE, 0);

  chooser->status = gtk_label_new (NULL);
  gtk_label_set_line_wrap (GTK_LABEL (chooser->status), TRUE);
  gtk_label_set_xalign (GTK_LABEL (chooser->status), 0.0);
  gtk_label_set_width_chars (GTK_LABEL (chooser->status), 1);
  gtk_box_pack_start (GTK_BOX (chooser), chooser->status, FALSE, FALSE, 0);
}

/*  the layers  */

/* A GSourceFunc. A layer that was moved or exchanged is another guidance. */
static gboolean
on_timer (gpointer data)
{
  JfGuidanceChooser *chooser = data;
  g_autoptr (GList)  layers  = NULL;
  g_autofree char   *found   = NULL;

  if (! gtk_widget_is_sensitive (GTK_WIDGET (chooser)))
    return G_SOURCE_CONTINUE;

  layers = chooser->choice.list_layers (chooser->choice.data);
  found  = describe (layers);

  if (! g_strcmp0 (found, chooser->layers))
    return G_SOURCE_CONTINUE;

  fill_store (chooser, layers);

  if (chooser->layers)
    g_object_notify (G_OBJECT (chooser->config), ARGUMENT);

  g_free (chooser->layers);
  chooser->layers = g_steal_pointer (&found);

  return G_SOURCE_CONTINUE;
}

/* All that matters of them here. */
static char *
describe (GList *layers)
{
  GString *text = g_string_new (NULL);

  for (GList *list = layers; list; list = list->next)
    {
      g_autofree char *name = gimp_item_get_name (list->data);
      int              x, y;

      gimp_drawable_get_offsets (list->data, &x, &y);
      g_string_append_printf (text, "%d %d %d %d %d %s\n", gimp_item_get_id (list->data), x, y,
                              gimp_drawable_get_width (list->data), gimp_drawable_get_height (list->data), name);
    }

  return g_string_free_and_steal (text);
}

static void
fill_store (JfGuidanceChooser *chooser,
            GList             *layers)
{
  chooser->following = TRUE;
  gtk_list_store_clear (chooser->store);

  if (chooser->choice.optional)
    append (chooser, SELF, _("The picture itself"), NULL);

  for (GList *list = layers; list; list = list->next)
    {
      g_autofree char       *name      = gimp_item_get_name (list->data);
      g_autoptr (GdkPixbuf)  thumbnail = get_thumbnail (list->data);

      append (chooser, (int) gimp_item_get_tattoo (list->data), name, thumbnail);
    }

  chooser->following = FALSE;
}

static void
append (JfGuidanceChooser *chooser,
        int                tattoo,
        const char        *name,
        GdkPixbuf         *thumbnail)
{
  gtk_list_store_insert_with_values (chooser->store, NULL, -1,
                                     COLUMN_TATTOO,    tattoo,
                                     COLUMN_NAME,      name,
                                     COLUMN_THUMBNAIL, thumbnail,
                                     -1);
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

/*  the choice  */

static int
get_preferred (JfGuidanceChooser *chooser)
{
  GimpItem *preferred = GIMP_ITEM (chooser->choice.preferred);

  return preferred && gimp_item_is_valid (preferred) ? (int) gimp_item_get_tattoo (preferred) : SELF;
}

/* Reset and saved settings bring tattoos that no layer here has, and layers go. */
static void
on_argument (JfGuidanceChooser *chooser)
{
  GtkTreeIter iter;
  int         tattoo;

  g_object_get (chooser->config, ARGUMENT, &tattoo, NULL);

  if (find (chooser, tattoo, &iter))
    {
      chooser->following = TRUE;
      gtk_combo_box_set_active_iter (GTK_COMBO_BOX (chooser->combo), &iter);
      chooser->following = FALSE;
    }
  else if (find (chooser, get_preferred (chooser), &iter))
    gtk_combo_box_set_active_iter (GTK_COMBO_BOX (chooser->combo), &iter);
  else
    gtk_combo_box_set_active (GTK_COMBO_BOX (chooser->combo), 0);
}

static gboolean
find (JfGuidanceChooser *chooser,
      int                tattoo,
      GtkTreeIter       *iter)
{
  GtkTreeModel *model = GTK_TREE_MODEL (chooser->store);
  int           candidate;

  for (gboolean more = gtk_tree_model_get_iter_first (model, iter); more; more = gtk_tree_model_iter_next (model, iter))
    {
      gtk_tree_model_get (model, iter, COLUMN_TATTOO, &candidate, -1);

      if (candidate == tattoo)
        return TRUE;
    }

  return FALSE;
}

static void
on_chosen (JfGuidanceChooser *chooser)
{
  GtkTreeIter iter;
  int         tattoo;

  if (chooser->following || ! gtk_combo_box_get_active_iter (GTK_COMBO_BOX (chooser->combo), &iter))
    return;

  gtk_tree_model_get (GTK_TREE_MODEL (chooser->store), &iter, COLUMN_TATTOO, &tattoo, -1);
  g_object_set (chooser->config, ARGUMENT, tattoo, NULL);
}

static void
on_status (JfGuidanceChooser *chooser)
{
  g_autofree char *text = jf_preview_source_describe_guidance (chooser->source);

  gtk_label_set_text (GTK_LABEL (chooser->status), text ? text : "");
}
