/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * arguments: what a mode's procedure is told
 *
 * GIMP does not save layers with the last values, so the guidance is an argument for scripts that is
 * not serialised, and its tattoo, which is saved, is an auxiliary argument for the dialog and for
 * Filters > Repeat. So is the image, since in another one the same tattoo is that of another layer.
 */
#include <glib/gi18n-lib.h>

#include "arguments.h"


/* No layer has it. */
#define LOST_TATTOO G_MAXINT


static char * get_image_name (GimpImage *image);


/*  public functions  */

/**
 * jf_arguments_add:
 * @procedure: a procedure
 * @mode:      what it does
 *
 * Gives @procedure the arguments that @mode has.
 */
void
jf_arguments_add (GimpProcedure *procedure,
                  const JfMode  *mode)
{
  gimp_procedure_add_layer_argument (procedure, "guidance", _(mode->guidance_label), _(mode->guidance_tooltip),
                                     TRUE, G_PARAM_READWRITE | GIMP_PARAM_DONT_SERIALIZE);
  gimp_procedure_add_int_aux_argument (procedure, "guidance-tattoo", _(mode->guidance_label),
                                       _(mode->guidance_tooltip), 0, G_MAXINT, 0, G_PARAM_READWRITE);
  gimp_procedure_add_string_aux_argument (procedure, "guidance-image", _(mode->guidance_label),
                                          _(mode->guidance_tooltip), "", G_PARAM_READWRITE);

  if (mode->arguments & JF_MODE_FACTOR)
    gimp_procedure_add_int_argument (procedure, "factor", _("_Enlarged by"), _(mode->factor_tooltip),
                                     mode->models[0].factor, JF_MODE_MAX_FACTOR, mode->models[0].factor,
                                     G_PARAM_READWRITE);

  if (mode->arguments & JF_MODE_ITERATIONS)
    gimp_procedure_add_int_argument (procedure, "iterations", _("_Passes"), _(mode->iterations_tooltip),
                                     1, JF_MODE_MAX_ITERATIONS, mode->iterations, G_PARAM_READWRITE);

  gimp_procedure_add_double_argument (procedure, "strength", _("Stren_gth"),
                                      _("How much of the change to apply, from nothing to all of it"),
                                      0.0, 1.0, 1.0, G_PARAM_READWRITE);

  if (mode->arguments & JF_MODE_NOISE_LEVEL)
    gimp_procedure_add_double_argument (procedure, "noise-level", _("_Noise level"),
                                        _("Standard deviation of the noise to remove, as a share of full scale; "
                                          "0 estimates it from the layer"),
                                        0.0, 0.3, 0.0, G_PARAM_READWRITE);

  if (jf_mode_has_quality (mode))
    gimp_procedure_add_choice_argument (procedure, "quality", _("_Quality"),
                                        _("Best takes several times as long as fast"),
                                        gimp_choice_new_with_values ("fast", JF_QUALITY_FAST, _("Fast"), NULL,
                                                                     "best", JF_QUALITY_BEST, _("Best"), NULL,
                                                                     NULL),
                                        "fast", G_PARAM_READWRITE);

  if (mode->arguments & JF_MODE_ALIGN)
    gimp_procedure_add_choice_argument (procedure, "align", _("_Align guidance"),
                                        _("Moves the guidance to where it lies on the layer, for photos taken without "
                                          "a tripod. It stays where it is if that is not sure to be right."),
                                        gimp_choice_new_with_values ("off",   JF_MOTION_NONE,  _("Off"), NULL,
                                                                     "shift", JF_MOTION_SHIFT, _("Shift"), NULL,
                                                                     "turn",  JF_MOTION_TURN,
                                                                     _("Shift, rotation and scale"), NULL,
                                                                     NULL),
                                        "off", G_PARAM_READWRITE);

  gimp_procedure_add_choice_argument (procedure, "output", _("O_utput"), _("Where the result goes"),
                                      gimp_choice_new_with_values ("in-place",  0, _("In place"),  NULL,
                                                                   "new-layer", 1, _("New layer"), NULL,
                                                                   NULL),
                                      mode->target == JF_TARGET_STROKES ? "new-layer" : "in-place",
                                      G_PARAM_READWRITE);
}

/**
 * jf_arguments_set_image:
 * @config: the arguments
 * @image:  of what is to be filtered
 *
 * Notes that it is this image's layer that was chosen.
 */
void
jf_arguments_set_image (GimpProcedureConfig *config,
                        GimpImage           *image)
{
  g_autofree char *name = get_image_name (image);

  g_object_set (config, "guidance-image", name, NULL);
}

/**
 * jf_arguments_check_image:
 * @config: the arguments
 * @image:  of what is to be filtered
 *
 * A guidance that was chosen in another image is not there any more afterwards.
 */
void
jf_arguments_check_image (GimpProcedureConfig *config,
                          GimpImage           *image)
{
  g_autofree char *name  = get_image_name (image);
  g_autofree char *noted = NULL;
  int              tattoo;

  g_object_get (config, "guidance-image", &noted, "guidance-tattoo", &tattoo, NULL);

  if (tattoo && g_strcmp0 (noted, name))
    g_object_set (config, "guidance-tattoo", LOST_TATTOO, NULL);
}

/**
 * jf_arguments_has_guidance:
 * @config: the arguments
 *
 * Returns: whether a guidance was chosen, be it still there or not
 */
gboolean
jf_arguments_has_guidance (GimpProcedureConfig *config)
{
  g_autoptr (GimpLayer) guidance = NULL;
  int                   tattoo;

  g_object_get (config, "guidance", &guidance, "guidance-tattoo", &tattoo, NULL);

  return guidance || tattoo;
}

/**
 * jf_arguments_get_guidance:
 * @config: the arguments
 * @image:  of what is to be filtered
 *
 * Returns: (transfer none) (nullable): the layer that a script gave, or else the one that the user chose
 */
GimpLayer *
jf_arguments_get_guidance (GimpProcedureConfig *config,
                           GimpImage           *image)
{
  g_autoptr (GimpLayer) guidance = NULL;
  int                   tattoo;

  g_object_get (config, "guidance", &guidance, "guidance-tattoo", &tattoo, NULL);

  if (! guidance && tattoo)
    return gimp_image_get_layer_by_tattoo (image, tattoo);

  /* libgimp keeps the layer alive. */
  return guidance;
}

/**
 * jf_arguments_get_options:
 * @config:  the arguments
 * @mode:    of the procedure
 * @options: (out): those that @mode has; the others are all zero
 */
void
jf_arguments_get_options (GimpProcedureConfig *config,
                          const JfMode        *mode,
                          JfPipelineOptions   *options)
{
  *options = (JfPipelineOptions) { 0 };

  if (jf_mode_has_quality (mode))
    options->quality = gimp_procedure_config_get_choice_id (config, "quality");

  if (mode->arguments & JF_MODE_FACTOR)
    g_object_get (config, "factor", &options->factor, NULL);

  if (mode->arguments & JF_MODE_NOISE_LEVEL)
    g_object_get (config, "noise-level", &options->noise_level, NULL);

  if (mode->arguments & JF_MODE_ITERATIONS)
    g_object_get (config, "iterations", &options->iterations, NULL);

  if (mode->arguments & JF_MODE_ALIGN)
    options->motion = gimp_procedure_config_get_choice_id (config, "align");
}


/*  private functions  */

/* Images are numbered anew by every GIMP. */
static char *
get_image_name (GimpImage *image)
{
  return g_strdup_printf ("%d %d", gimp_getpid (), gimp_image_get_id (image));
}
