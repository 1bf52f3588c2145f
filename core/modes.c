/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * modes: what the suite offers, one row per procedure
 */
#include <string.h>

#include <glib/gi18n-lib.h>

#include "modes.h"


static const JfMode modes[] =
{
  {
    .procedure        = "plug-in-joint-filter-flash-denoise",
    .menu_label       = N_("Denoise with _Flash…"),
    .blurb            = N_("Remove the noise of an available-light photo with the help of a flash "
                           "photo of the same scene"),
    .help             = N_("Cleans a noisy photo taken in available light. A second layer, the same "
                           "scene taken with flash, shows where edges and texture really are; "
                           "colours, shadows and the mood of the light stay those of the "
                           "available-light photo. Both photos must be aligned: take them from a "
                           "tripod, or align the layers first. The network sees red, green and blue "
                           "of both photos at once; transparency passes through."),
    .guidance         = JF_GUIDANCE_OTHER,
    .guidance_label   = N_("_Flash photo"),
    .guidance_tooltip = N_("The layer with the flash photo. It is only looked at, never changed."),
    .models           = { { "flash-denoise.safetensors" } },
    .colour           = &jf_colour_as_is,
    .arguments        = JF_MODE_NOISE_LEVEL,
    .iterations       = 1
  }
};


/*  public functions  */

/**
 * jf_modes_get:
 * @n_modes: (out): their number
 *
 * Returns: (transfer none) (array length=n_modes): all modes, in the order of the menu
 */
const JfMode *
jf_modes_get (guint *n_modes)
{
  *n_modes = G_N_ELEMENTS (modes);

  return modes;
}

/**
 * jf_modes_find:
 * @procedure: a procedure's name
 *
 * Returns: (transfer none) (nullable): the procedure's mode, or %NULL if it has none
 */
const JfMode *
jf_modes_find (const char *procedure)
{
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    if (! strcmp (modes[i].procedure, procedure))
      return &modes[i];

  return NULL;
}

/**
 * jf_mode_has_factor:
 * @mode: a mode
 *
 * Returns: whether the user says how coarse the target is
 */
gboolean
jf_mode_has_factor (const JfMode *mode)
{
  return mode->models[0].factor > 0;
}

/**
 * jf_mode_has_quality:
 * @mode: a mode
 *
 * Returns: whether the user chooses between fast and best
 */
gboolean
jf_mode_has_quality (const JfMode *mode)
{
  for (const JfModeModel *model = mode->models; model->file; model++)
    if (model->quality != mode->models[0].quality)
      return TRUE;

  return FALSE;
}

/**
 * jf_mode_needs_colour:
 * @mode: a mode
 *
 * Returns: whether only targets of three planes can be filtered
 */
gboolean
jf_mode_needs_colour (const JfMode *mode)
{
  return mode->colour->split != NULL;
}

/**
 * jf_mode_find_model:
 * @mode:    a mode
 * @factor:  how coarse the target is; not looked at unless jf_mode_has_factor ()
 * @quality: fast or best; not looked at unless jf_mode_has_quality ()
 *
 * Returns: (transfer none) (nullable): the model for these options, or %NULL if there is none
 */
const JfModeModel *
jf_mode_find_model (const JfMode *mode,
                    int           factor,
                    JfQuality     quality)
{
  for (const JfModeModel *model = mode->models; model->file; model++)
    if ((model->factor == factor   || ! jf_mode_has_factor (mode)) &&
        (model->quality == quality || ! jf_mode_has_quality (mode)))
      return model;

  return NULL;
}
