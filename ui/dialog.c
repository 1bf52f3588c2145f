/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * dialog: the arguments of a mode, for the user to choose
 */
#include <glib/gi18n-lib.h>

#include "dialog.h"
#include "guidance-chooser.h"


#define PROGRAM_NAME "joint-filter"

/* Shares are shown in percent: they read well so, and GIMP 3.0's GimpScaleEntry raises a CRITICAL for the range
 * 0..0.3 of the noise level. A step of 8-bit values is 0.4 percent.
 */
#define PERCENT      100.0
#define N_DIGITS     1


/* The arguments in the order of the dialog; a mode has some of them. */
static const char * const arguments[] = { "guidance-tattoo", "strength", "noise-level", "output" };


static void add_widget  (GimpProcedureDialog *dialog,
                         GParamSpec          *argument);
static void name_widget (GtkWidget           *widget,
                         const char          *label);


/*  public functions  */

/**
 * jf_dialog_run:
 * @procedure: a procedure
 * @config:    its arguments, changed by the user
 * @title:     the title of the dialog
 * @layers:    (element-type GimpLayer): what may guide, not empty
 * @guidance:  the one of @layers to start with
 *
 * Shows the dialog and waits for the user. The choice of guidance is in the argument "guidance-tattoo".
 *
 * Returns: FALSE if the user cancelled
 */
gboolean
jf_dialog_run (GimpProcedure       *procedure,
               GimpProcedureConfig *config,
               const char          *title,
               GList               *layers,
               GimpLayer           *guidance)
{
  GObjectClass      *klass      = G_OBJECT_GET_CLASS (config);
  g_autoptr (GList)  properties = NULL;
  GtkWidget         *dialog;
  gboolean           confirmed;

  gimp_ui_init (PROGRAM_NAME);

  dialog = gimp_procedure_dialog_new (procedure, config, title);
  jf_guidance_chooser_new (GIMP_PROCEDURE_DIALOG (dialog), config, layers, guidance);

  for (guint i = 0; i < G_N_ELEMENTS (arguments); i++)
    {
      GParamSpec *argument = g_object_class_find_property (klass, arguments[i]);

      if (! argument)
        continue;

      add_widget (GIMP_PROCEDURE_DIALOG (dialog), argument);
      properties = g_list_append (properties, (gpointer) arguments[i]);
    }

  gimp_procedure_dialog_fill_list (GIMP_PROCEDURE_DIALOG (dialog), properties);

  confirmed = gimp_procedure_dialog_run (GIMP_PROCEDURE_DIALOG (dialog));
  gtk_widget_destroy (dialog);

  return confirmed;
}


/*  private functions  */

/* Creates the widget that the dialog will show for an argument, by the argument's type. */
static void
add_widget (GimpProcedureDialog *dialog,
            GParamSpec          *argument)
{
  const char *label = g_param_spec_get_nick (argument);
  GtkWidget  *widget;

  if (G_IS_PARAM_SPEC_INT (argument))
    {
      widget = gimp_procedure_dialog_get_widget (dialog, argument->name, G_TYPE_NONE);
      name_widget (gimp_label_int_widget_get_widget (GIMP_LABEL_INT_WIDGET (widget)), label);
    }
  else if (G_IS_PARAM_SPEC_DOUBLE (argument))
    {
      /* TRANSLATORS: the label of a slider in percent. */
      g_autofree char *percent = g_strdup_printf (_("%s (%%)"), label);

      widget = gimp_procedure_dialog_get_scale_entry (dialog, argument->name, PERCENT);
      gimp_label_spin_set_digits (GIMP_LABEL_SPIN (widget), N_DIGITS);
      gtk_label_set_text_with_mnemonic (GTK_LABEL (gimp_labeled_get_label (GIMP_LABELED (widget))), percent);
      name_widget (gimp_scale_entry_get_range (GIMP_SCALE_ENTRY (widget)), percent);
      name_widget (gimp_label_spin_get_spin_button (GIMP_LABEL_SPIN (widget)), percent);
    }
  else
    {
      /* GIMP 3.2 would show two choices as radio buttons. */
      widget = gimp_procedure_dialog_get_widget (dialog, argument->name, GTK_TYPE_COMBO_BOX);
      name_widget (gimp_label_string_widget_get_widget (GIMP_LABEL_STRING_WIDGET (widget)), label);
    }
}

/* Screen readers otherwise find these without names. */
static void
name_widget (GtkWidget  *widget,
             const char *label)
{
  g_autofree char *name = gimp_strip_uline (label);

  atk_object_set_name (gtk_widget_get_accessible (widget), name);
}
