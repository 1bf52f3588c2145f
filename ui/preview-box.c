/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * preview-box: the preview with its controls
 */
#include <glib/gi18n-lib.h>

#include "accessible.h"
#include "preview-box.h"


/* In GTK's pixels: what a decision can be made on, and what leaves room on a screen of 1024 by 768. */
#define MIN_WIDTH     480
#define MIN_HEIGHT    360

#define SPACING       6

/* Powers of two only: every pixel of the picture is whole pixels of the screen, or the other way round. */
static const double zooms[] = { JF_VIEW_FIT, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0 };

/* By JfSplit. */
static const char * const splits[] = { N_("Off"), N_("Left and right"), N_("Top and bottom") };


struct _JfPreviewBox
{
  GtkBox           parent_instance;

  JfPreviewSource *source;
  JfPreview       *preview;
  GtkWidget       *zoom;
  GtkWidget       *spinner;
  GtkWidget       *status;
};


static void        add_window     (JfPreviewBox    *box);
static void        add_controls   (JfPreviewBox    *box);
static void        add_status     (JfPreviewBox    *box);
static GtkWidget * add_combo      (GtkWidget       *row,
                                   const char      *label,
                                   const char      *tooltip);
static void        append_zoom    (GtkComboBoxText *combo,
                                   double           zoom);
static void        on_active      (GtkToggleButton *active,
                                   JfPreviewBox    *box);
static void        on_pressed     (GtkButton       *before,
                                   JfPreviewBox    *box);
static void        on_released    (GtkButton       *before,
                                   JfPreviewBox    *box);
static void        on_split       (GtkComboBox     *split,
                                   JfPreviewBox    *box);
static void        on_zoom_chosen (GtkComboBox     *zoom,
                                   JfPreviewBox    *box);
static void        on_zoomed      (JfPreviewBox    *box);
static void        on_status      (JfPreviewBox    *box);


G_DEFINE_FINAL_TYPE (JfPreviewBox, jf_preview_box, GTK_TYPE_BOX)


/*  public functions  */

/**
 * jf_preview_box_new:
 * @source:  where the pixels come from
 * @colours: how the user wants colours to be shown
 *
 * Returns: (transfer floating): the widget
 */
GtkWidget *
jf_preview_box_new (JfPreviewSource *source,
                    GimpColorConfig *colours)
{
  JfPreviewBox *box = g_object_new (JF_TYPE_PREVIEW_BOX,
                                    "orientation", GTK_ORIENTATION_VERTICAL,
                                    "spacing",     SPACING,
                                    NULL);

  box->source  = g_object_ref (source);
  box->preview = JF_PREVIEW (jf_preview_new (source, JF_PICTURE_AFTER, colours));

  add_window (box);
  add_controls (box);
  add_status (box);

  g_signal_connect_object (box->preview, "notify::zoom", G_CALLBACK (on_zoomed), box, G_CONNECT_SWAPPED);
  g_signal_connect_object (source, "status", G_CALLBACK (on_status), box, G_CONNECT_SWAPPED);
  on_zoomed (box);
  on_status (box);

  return GTK_WIDGET (box);
}

/**
 * jf_preview_box_get_preview:
 * @box: a box
 *
 * Returns: (transfer none): the preview in it
 */
JfPreview *
jf_preview_box_get_preview (JfPreviewBox *box)
{
  return box->preview;
}


/*  private functions  */

static void
jf_preview_box_dispose (GObject *object)
{
  g_clear_object (&JF_PREVIEW_BOX (object)->source);

  G_OBJECT_CLASS (jf_preview_box_parent_class)->dispose (object);
}

static void
jf_preview_box_class_init (JfPreviewBoxClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = jf_preview_box_dispose;
}

static void
jf_preview_box_init (JfPreviewBox *box)
{
}

static void
add_window (JfPreviewBox *box)
{
  GtkWidget *preview = GTK_WIDGET (box->preview);
  GtkWidget *window  = gtk_scrolled_window_new (NULL, NULL);

  gtk_scrolled_window_set_shadow_type (GTK_SCROLLED_WINDOW (window), GTK_SHADOW_IN);
  gtk_scrolled_window_set_min_content_width  (GTK_SCROLLED_WINDOW (window), MIN_WIDTH);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (window), MIN_HEIGHT);
  gtk_container_add (GTK_CONTAINER (window), preview);

  jf_accessible_set_name (preview, _("Preview"));
  jf_accessible_set_description (preview,
                                 _("The arrow keys move the picture, with Ctrl the line between before and after; "
                                   "plus and minus zoom, 1 shows pixel for pixel, 0 the whole picture; "
                                   "Space shows the picture before for as long as it is held"));

  gtk_box_pack_start (GTK_BOX (box), window, TRUE, TRUE, 0);
}

static void
add_controls (JfPreviewBox *box)
{
  GtkWidget *row    = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 2 * SPACING);
  GtkWidget *active = gtk_check_button_new_with_mnemonic (_("Pre_view"));
  GtkWidget *before = gtk_button_new_with_mnemonic (_("_Before"));
  GtkWidget *split;

  gtk_widget_set_tooltip_text (active, _("Compute the result where you look, or leave it"));
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (active), TRUE);
  gtk_box_pack_start (GTK_BOX (row), active, FALSE, FALSE, 0);
  g_signal_connect (active, "toggled", G_CALLBACK (on_active), box);

  gtk_widget_set_tooltip_text (before, _("Shows the picture before for as long as you hold this button (Space in "
                                         "the preview does the same)"));
  gtk_box_pack_start (GTK_BOX (row), before, FALSE, FALSE, 0);
  g_signal_connect (before, "pressed",  G_CALLBACK (on_pressed), box);
  g_signal_connect (before, "released", G_CALLBACK (on_released), box);

  split = add_combo (row, _("Spli_t"), _("Show the pictures before and after side by side; drag the line between them"));
  for (guint i = 0; i < G_N_ELEMENTS (splits); i++)
    gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (split), _(splits[i]));
  gtk_combo_box_set_active (GTK_COMBO_BOX (split), JF_SPLIT_NONE);
  g_signal_connect (split, "changed", G_CALLBACK (on_split), box);

  box->zoom = add_combo (row, _("_Zoom"),
                         /* xgettext:no-c-format */
                         _("How many pixels of the screen show a pixel of the picture; only 100% and more show every "
                           "pixel of the result"));
  for (guint i = 0; i < G_N_ELEMENTS (zooms); i++)
    append_zoom (GTK_COMBO_BOX_TEXT (box->zoom), zooms[i]);
  g_signal_connect (box->zoom, "changed", G_CALLBACK (on_zoom_chosen), box);

  gtk_box_pack_start (GTK_BOX (box), row, FALSE, FALSE, 0);
}

/* Its room is kept while there is nothing to say. */
static void
add_status (JfPreviewBox *box)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, SPACING);

  box->spinner = gtk_spinner_new ();
  gtk_box_pack_start (GTK_BOX (row), box->spinner, FALSE, FALSE, 0);

  box->status = gtk_label_new (NULL);
  gtk_label_set_line_wrap (GTK_LABEL (box->status), TRUE);
  gtk_label_set_xalign (GTK_LABEL (box->status), 0.0);
  gtk_label_set_width_chars (GTK_LABEL (box->status), 1);
  gtk_box_pack_start (GTK_BOX (row), box->status, TRUE, TRUE, 0);

  gtk_box_pack_start (GTK_BOX (box), row, FALSE, FALSE, 0);
}

/* Where room is scarce long choices are cut; in the list they are whole. */
static GtkWidget *
add_combo (GtkWidget  *row,
           const char *label,
           const char *tooltip)
{
  GtkWidget         *combo   = gtk_combo_box_text_new ();
  GtkWidget         *caption = gtk_label_new_with_mnemonic (label);
  g_autoptr (GList)  cells   = gtk_cell_layout_get_cells (GTK_CELL_LAYOUT (combo));

  g_object_set (cells->data, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
  gtk_label_set_mnemonic_widget (GTK_LABEL (caption), combo);
  gtk_widget_set_tooltip_text (combo, tooltip);
  jf_accessible_set_name (combo, label);

  gtk_box_pack_start (GTK_BOX (row), caption, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (row), combo, FALSE, FALSE, 0);

  return combo;
}

static void
append_zoom (GtkComboBoxText *combo,
             double           zoom)
{
  /* TRANSLATORS: a zoom in percent, as "12.5%". */
  g_autofree char *label = g_strdup_printf (_("%g%%"), 100.0 * zoom);

  gtk_combo_box_text_append_text (combo, zoom == JF_VIEW_FIT ? _("Whole picture") : label);
}

static void
on_active (GtkToggleButton *active,
           JfPreviewBox    *box)
{
  jf_preview_set_active (box->preview, gtk_toggle_button_get_active (active));
}

static void
on_pressed (GtkButton    *before,
            JfPreviewBox *box)
{
  jf_preview_show_before (box->preview, TRUE);
}

static void
on_released (GtkButton    *before,
             JfPreviewBox *box)
{
  jf_preview_show_before (box->preview, FALSE);
}

static void
on_split (GtkComboBox  *split,
          JfPreviewBox *box)
{
  jf_preview_set_split (box->preview, gtk_combo_box_get_active (split));
}

static void
on_zoom_chosen (GtkComboBox  *zoom,
                JfPreviewBox *box)
{
  g_object_set (box->preview, "zoom", zooms[gtk_combo_box_get_active (zoom)], NULL);
}

static void
on_zoomed (JfPreviewBox *box)
{
  double zoom;

  g_object_get (box->preview, "zoom", &zoom, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (zooms); i++)
    if (zooms[i] == zoom)
      gtk_combo_box_set_active (GTK_COMBO_BOX (box->zoom), i);
}

static void
on_status (JfPreviewBox *box)
{
  gboolean         busy    = jf_preview_source_is_busy (box->source);
  g_autofree char *message = jf_preview_source_get_message (box->source);

  g_object_set (box->spinner, "active", busy, "visible", busy, NULL);
  gtk_label_set_text (GTK_LABEL (box->status), busy ? _("Computing the preview…") : message ? message : "");
}
