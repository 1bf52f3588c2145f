/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * dialog: the arguments of a mode, for the user to choose, and what they do
 *
 * The preview is at the left and takes all the room there is; the guidance and the arguments are at the right. While the
 * result is computed the dialog stays open and shows how far it is.
 */
#include <string.h>

#include <glib/gi18n-lib.h>

#include "accessible.h"
#include "dialog.h"
#include "help.h"
#include "preview-box.h"
#include "progress.h"


/* GimpProcedureDialog's own (GIMP 3.0, libgimp/gimpproceduredialog.c). */
#define RESPONSE_RESET 1

/* In GTK's pixels. */
#define SPACING      12
#define SIDE_WIDTH   380

/* Of each side of the screen. */
#define SCREEN_SHARE 0.6

/* Shares are shown in percent: they read well so, and GIMP 3.0's GimpScaleEntry raises a CRITICAL for the range
 * 0..0.3 of the noise level. A step of 8-bit values is 0.4 percent.
 */
#define PERCENT      100.0
#define N_DIGITS     1

/* Of a number, "100.0": those of all sliders are equally wide. */
#define WIDTH_CHARS  5


/* The arguments in the order of the dialog; a mode has some of them. */
static const char * const arguments[] =
{
  "factor", "quality", "iterations", "align", "noise-level", "strength", "output"
};

typedef struct
{
  const JfDialogSubject *subject;
  GtkWidget             *dialog;
  GtkWidget             *progress;
} Dialog;


static void      fill           (Dialog          *self);
static void      set_size       (GtkWidget       *dialog);
static void      add_arguments  (Dialog          *self,
                                 GtkWidget       *side,
                                 GtkSizeGroup    *labels);
static GtkWidget *
                 get_widget     (Dialog          *self,
                                 GParamSpec      *argument);
static char    * add_percent    (const char      *label);
static GtkWidget *
                 get_factors    (Dialog          *self,
                                 GParamSpec      *argument);
static GtkWidget *
                 get_choices    (Dialog          *self,
                                 GParamSpec      *argument);
static void      dress_slider   (GtkWidget       *slider,
                                 const char      *label,
                                 const char      *tooltip);
static void      describe       (GtkWidget       *widget,
                                 const char      *label,
                                 const char      *tooltip);
static void      link_previews  (JfPreview       *preview,
                                 JfPreview       *guidance);
static gboolean  apply          (Dialog          *self,
                                 GError         **error);
static void      set_applying   (Dialog          *self,
                                 gboolean         applying);
static void      show_progress  (double           fraction,
                                 gpointer         data);


/*  public functions  */

/**
 * jf_dialog_run:
 * @subject: what the dialog is for
 * @error:   return location for an error of applying
 *
 * Lets the user choose the arguments, and applies them. A user who stops that while it takes long may choose again.
 *
 * Returns: %GIMP_PDB_SUCCESS, %GIMP_PDB_CANCEL, or %GIMP_PDB_EXECUTION_ERROR with @error set
 */
GimpPDBStatusType
jf_dialog_run (const JfDialogSubject  *subject,
               GError                **error)
{
  Dialog             self   = { .subject = subject };
  GimpPDBStatusType  status = GIMP_PDB_CANCEL;
  g_autoptr (GError) reason = NULL;

  self.dialog = g_object_new (GIMP_TYPE_PROCEDURE_DIALOG,
                              "procedure", subject->procedure,
                              "config",    subject->config,
                              "title",     subject->title,
                              "help-func", jf_help_show,
                              NULL);
  fill (&self);

  while (status == GIMP_PDB_CANCEL && gimp_procedure_dialog_run (GIMP_PROCEDURE_DIALOG (self.dialog)))
    {
      g_clear_error (&reason);

      if (apply (&self, &reason))
        status = GIMP_PDB_SUCCESS;
      else if (! g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        status = GIMP_PDB_EXECUTION_ERROR;
    }

  if (status == GIMP_PDB_EXECUTION_ERROR)
    g_propagate_error (error, g_steal_pointer (&reason));

  gtk_widget_destroy (self.dialog);

  return status;
}


/*  private functions  */

static void
fill (Dialog *self)
{
  const JfDialogSubject    *subject = self->subject;
  GtkWidget                *content = gtk_dialog_get_content_area (GTK_DIALOG (self->dialog));
  GtkWidget                *body    = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, SPACING);
  GtkWidget                *side    = gtk_box_new (GTK_ORIENTATION_VERTICAL, SPACING);
  GimpColorConfig          *colours = gimp_get_color_configuration ();
  GtkWidget                *preview = jf_preview_box_new (subject->source, colours);
  GtkWidget                *chooser = jf_guidance_chooser_new (subject->config, &subject->guidance, subject->source, colours);
  g_autoptr (GtkSizeGroup)  labels  = gtk_size_group_new (GTK_SIZE_GROUP_HORIZONTAL);

  link_previews (jf_preview_box_get_preview (JF_PREVIEW_BOX (preview)),
                 jf_guidance_chooser_get_preview (JF_GUIDANCE_CHOOSER (chooser)));

  gtk_widget_set_size_request (side, SIDE_WIDTH, -1);
  gtk_box_pack_start (GTK_BOX (side), chooser, TRUE, TRUE, 0);
  gtk_size_group_add_widget (labels, jf_guidance_chooser_get_label (JF_GUIDANCE_CHOOSER (chooser)));
  add_arguments (self, side, labels);

  gtk_box_pack_start (GTK_BOX (body), preview, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (body), side, FALSE, FALSE, 0);
  gtk_widget_show_all (body);
  gtk_box_pack_start (GTK_BOX (content), body, TRUE, TRUE, 0);

  set_size (self->dialog);

  self->progress = jf_progress_new ();
  gtk_box_pack_start (GTK_BOX (content), self->progress, FALSE, FALSE, 0);
  g_clear_object (&colours);
}

/* Larger than it needs to be, for the sake of the preview, and so wide that nothing is cut if the screen is. */
static void
set_size (GtkWidget *dialog)
{
  GdkDisplay     *display = gtk_widget_get_display (dialog);
  GdkMonitor     *monitor = gdk_display_get_primary_monitor (display);
  GdkRectangle    area;
  GtkRequisition  natural;

  if (! monitor)
    monitor = gdk_display_get_monitor (display, 0);

  gdk_monitor_get_workarea (monitor, &area);
  gtk_widget_get_preferred_size (dialog, NULL, &natural);
  gtk_window_set_default_size (GTK_WINDOW (dialog),
                               CLAMP (natural.width, (int) (SCREEN_SHARE * area.width), area.width),
                               (int) (SCREEN_SHARE * area.height));
}

static void
add_arguments (Dialog       *self,
               GtkWidget    *side,
               GtkSizeGroup *labels)
{
  GObjectClass      *klass      = G_OBJECT_GET_CLASS (self->subject->config);
  g_autoptr (GList)  properties = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (arguments); i++)
    {
      GParamSpec *argument = g_object_class_find_property (klass, arguments[i]);

      if (! argument)
        continue;

      gtk_size_group_add_widget (labels, gimp_labeled_get_label (GIMP_LABELED (get_widget (self, argument))));
      properties = g_list_append (properties, (gpointer) arguments[i]);
    }

  gtk_box_pack_start (GTK_BOX (side),
                      gimp_procedure_dialog_fill_box_list (GIMP_PROCEDURE_DIALOG (self->dialog), "arguments", properties),
                      FALSE, FALSE, 0);
}

/* Creates the widget that the dialog will show for an argument, by the argument's type. */
static GtkWidget *
get_widget (Dialog     *self,
            GParamSpec *argument)
{
  GimpProcedureDialog *dialog  = GIMP_PROCEDURE_DIALOG (self->dialog);
  const char          *label   = g_param_spec_get_nick (argument);
  const char          *tooltip = g_param_spec_get_blurb (argument);
  g_autofree char     *text    = NULL;
  GtkWidget           *slider;

  if (! strcmp (argument->name, "factor"))
    return get_factors (self, argument);

  if (G_IS_PARAM_SPEC_INT (argument))
    {
      slider = gimp_procedure_dialog_get_scale_entry (dialog, argument->name, 1.0);
      dress_slider (slider, label, tooltip);

      return slider;
    }

  if (G_IS_PARAM_SPEC_DOUBLE (argument))
    {
      text   = add_percent (label);
      slider = gimp_procedure_dialog_get_scale_entry (dialog, argument->name, PERCENT);
      gimp_label_spin_set_digits (GIMP_LABEL_SPIN (slider), N_DIGITS);
      dress_slider (slider, text, tooltip);

      return slider;
    }

  return get_choices (self, argument);
}

/* Where letters are no keys the one for the mnemonic is added, in parentheses: it stays the last. */
static char *
add_percent (const char *label)
{
  const char      *letter  = strstr (label, "(_");
  g_autofree char *name    = letter ? g_strchomp (g_strndup (label, (gsize) (letter - label))) : g_strdup (label);
  /* TRANSLATORS: the label of a slider in percent. */
  g_autofree char *percent = g_strdup_printf (_("%s (%%)"), name);

  return g_strconcat (percent, letter ? label + strlen (name) : NULL, NULL);
}

/* There are models for some factors only. */
static GtkWidget *
get_factors (Dialog     *self,
             GParamSpec *argument)
{
  GtkListStore *store = g_object_new (GIMP_TYPE_INT_STORE, NULL);
  GtkWidget    *combo;

  for (const JfModeModel *model = self->subject->mode->models; model->file; model++)
    {
      /* TRANSLATORS: how many times something was enlarged. */
      g_autofree char *label = g_strdup_printf (_("%d times"), model->factor);

      gtk_list_store_insert_with_values (store, NULL, -1,
                                         GIMP_INT_STORE_VALUE, model->factor,
                                         GIMP_INT_STORE_LABEL, label,
                                         -1);
    }

  combo = gimp_procedure_dialog_get_int_combo (GIMP_PROCEDURE_DIALOG (self->dialog), argument->name, GIMP_INT_STORE (store));
  describe (gimp_label_int_widget_get_widget (GIMP_LABEL_INT_WIDGET (combo)),
            g_param_spec_get_nick (argument), g_param_spec_get_blurb (argument));

  return combo;
}

/* GIMP 3.2 would show two choices as radio buttons. Long ones do not make the dialog wider than a small screen. */
static GtkWidget *
get_choices (Dialog     *self,
             GParamSpec *argument)
{
  GtkWidget *widget = gimp_procedure_dialog_get_widget (GIMP_PROCEDURE_DIALOG (self->dialog), argument->name,
                                                        GTK_TYPE_COMBO_BOX);
  GtkWidget *combo  = gimp_label_string_widget_get_widget (GIMP_LABEL_STRING_WIDGET (widget));

  describe (combo, g_param_spec_get_nick (argument), g_param_spec_get_blurb (argument));
  g_object_set (combo, "ellipsize", PANGO_ELLIPSIZE_END, NULL);

  return widget;
}

static void
dress_slider (GtkWidget  *slider,
              const char *label,
              const char *tooltip)
{
  GtkWidget *number = gimp_label_spin_get_spin_button (GIMP_LABEL_SPIN (slider));

  gtk_label_set_text_with_mnemonic (GTK_LABEL (gimp_labeled_get_label (GIMP_LABELED (slider))), label);
  gtk_entry_set_width_chars (GTK_ENTRY (number), WIDTH_CHARS);
  describe (number, label, tooltip);
  describe (gimp_scale_entry_get_range (GIMP_SCALE_ENTRY (slider)), label, tooltip);
}

/* Names and tooltips are those of the whole, labels included, which screen readers do not look for. */
static void
describe (GtkWidget  *widget,
          const char *label,
          const char *tooltip)
{
  jf_accessible_set_name (widget, label);
  jf_accessible_set_description (widget, tooltip);
}

/* They show the same place. */
static void
link_previews (JfPreview *preview,
               JfPreview *guidance)
{
  static const char * const properties[] = { "center-x", "center-y", "zoom" };

  for (guint i = 0; i < G_N_ELEMENTS (properties); i++)
    g_object_bind_property (preview, properties[i], guidance, properties[i],
                            G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
}

/*  applying  */

static gboolean
apply (Dialog  *self,
       GError **error)
{
  const JfDialogSubject  *subject     = self->subject;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  JfTask                  task        = { gimp_get_num_processors (), cancellable, show_progress, self };
  gulong                  response;
  gulong                  closed;
  gboolean                success;

  response = g_signal_connect_swapped (self->dialog, "response", G_CALLBACK (g_cancellable_cancel), cancellable);
  closed   = g_signal_connect (self->dialog, "delete-event", G_CALLBACK (gtk_true), NULL);
  set_applying (self, TRUE);

  success = subject->apply (&task, subject->data, error);

  g_signal_handler_disconnect (self->dialog, response);
  g_signal_handler_disconnect (self->dialog, closed);

  if (! success)
    set_applying (self, FALSE);

  return success;
}

/* Nothing but "Cancel" is left to press. */
static void
set_applying (Dialog   *self,
              gboolean  applying)
{
  static const int others[] = { GTK_RESPONSE_OK, RESPONSE_RESET, GTK_RESPONSE_HELP };

  GtkDialog *dialog  = GTK_DIALOG (self->dialog);
  GtkWidget *buttons = gtk_widget_get_parent (gtk_dialog_get_widget_for_response (dialog, GTK_RESPONSE_CANCEL));
  GList     *parts   = gtk_container_get_children (GTK_CONTAINER (gtk_dialog_get_content_area (dialog)));

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    gtk_dialog_set_response_sensitive (dialog, others[i], ! applying);

  for (GList *list = parts; list; list = list->next)
    if (list->data != self->progress && ! gtk_widget_is_ancestor (buttons, list->data))
      gtk_widget_set_sensitive (list->data, ! applying);

  g_list_free (parts);

  gtk_widget_set_visible (self->progress, applying);
  jf_progress_start (JF_PROGRESS (self->progress));

  /* The preview gives way, and asks again when it gets its place again. */
  if (applying)
    jf_preview_source_request (self->subject->source, NULL);
  else
    gtk_widget_queue_resize (self->dialog);
}

/* A JfProgressFunc. */
static void
show_progress (double   fraction,
               gpointer data)
{
  jf_progress_set (JF_PROGRESS (((Dialog *) data)->progress), fraction);
}
