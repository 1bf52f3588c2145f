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
                           "available-light photo. Photos taken without a tripod are laid on each "
                           "other with the option to align them. The network sees red, green and blue "
                           "of both photos at once; transparency passes through."),
    .guidance         = JF_GUIDANCE_OTHER,
    .guidance_label   = N_("_Flash photo"),
    .guidance_tooltip = N_("The layer with the flash photo. It is only looked at, never changed."),
    .models           = { { "flash-denoise.safetensors",      0, JF_QUALITY_FAST },
                          { "flash-denoise-best.safetensors", 0, JF_QUALITY_BEST } },
    .colour           = &jf_colour_as_is,
    .arguments        = JF_MODE_NOISE_LEVEL | JF_MODE_ALIGN,
    .iterations       = 1
  },
  {
    .procedure        = "plug-in-joint-filter-nir-denoise",
    .menu_label       = N_("Denoise with Near _Infrared…"),
    .blurb            = N_("Remove the noise of a photo with the help of a near-infrared photo of the "
                           "same scene"),
    .help             = N_("Cleans a noisy colour photo. A second layer, the same scene taken in near "
                           "infrared, shows where edges and texture really are; colours and "
                           "brightness stay those of the colour photo, also where materials look "
                           "different in infrared. Photos taken without a tripod are laid on each "
                           "other with the option to align them. The network sees red, green and blue "
                           "of the photo at once, and the infrared photo in grey or in false colours; "
                           "transparency passes through."),
    .guidance         = JF_GUIDANCE_OTHER,
    .guidance_label   = N_("Infrare_d photo"),
    .guidance_tooltip = N_("The layer with the near-infrared photo, grey or in false colours. It is "
                           "only looked at, never changed."),
    /* One network for both: it was trained on flash and infrared guidance alike. */
    .models           = { { "flash-denoise.safetensors",      0, JF_QUALITY_FAST },
                          { "flash-denoise-best.safetensors", 0, JF_QUALITY_BEST } },
    .colour           = &jf_colour_as_is,
    .arguments        = JF_MODE_NOISE_LEVEL | JF_MODE_ALIGN,
    .iterations       = 1
  },
  {
    .procedure        = "plug-in-joint-filter-inverse-halftone",
    .menu_label       = N_("Inverse _Halftone…"),
    .blurb            = N_("Turn the printed dots of a scan into smooth tones, with edges kept sharp"),
    .help             = N_("Removes the dots of a scanned print: newspaper screens, the rosettes of "
                           "colour printing, and dithering. Lines, letters and edges stay sharp. The "
                           "filter runs over the picture several times: twice is right for fine "
                           "dots, three times for coarse ones. Very coarse dots go sooner when the "
                           "scan is scaled down first. The scan guides itself unless you choose "
                           "another layer, such as a photo of the same without dots. The network "
                           "sees red, green and blue at once, so that the colours of the dots mix; "
                           "transparency passes through."),
    .guidance         = JF_GUIDANCE_SELF,
    .guidance_label   = N_("Gui_dance"),
    .guidance_tooltip = N_("What shows where the edges are: the layer itself, or another layer with "
                           "the same picture"),
    .models           = { { "inverse-halftone.safetensors" } },
    .colour           = &jf_colour_as_is,
    .arguments        = JF_MODE_ITERATIONS | JF_MODE_ALIGN,
    .iterations       = 2,
    .iterations_tooltip = N_("How often the filter runs: 2 for fine dots, 3 for coarse dots, more "
                             "where dots are left")
  },
  {
    .procedure        = "plug-in-joint-filter-texture-removal",
    .menu_label       = N_("Remove _Texture…"),
    .blurb            = N_("Smooth fabric, grain and other fine texture away and keep the structure of "
                           "the picture"),
    .help             = N_("Separates structure from texture: weave, tiles, sand and grain go, the "
                           "edges of things stay. The more often the filter runs, the larger the "
                           "texture that goes. The picture guides itself unless you choose another "
                           "layer. The network sees red, green and blue at once; transparency passes "
                           "through."),
    .guidance         = JF_GUIDANCE_SELF,
    .guidance_label   = N_("Gui_dance"),
    .guidance_tooltip = N_("What shows where the edges are: the layer itself, or another layer with "
                           "the same picture"),
    .models           = { { "texture-removal.safetensors" } },
    .colour           = &jf_colour_as_is,
    .arguments        = JF_MODE_ITERATIONS | JF_MODE_ALIGN,
    .iterations       = 2,
    .iterations_tooltip = N_("How often the filter runs: the more often, the larger the texture that goes")
  },
  {
    .procedure        = "plug-in-joint-filter-upsample",
    .menu_label       = N_("_Sharpen Enlarged Map…"),
    .blurb            = N_("Give a depth map, mask or other map that was enlarged the sharp edges of "
                           "the photo it belongs to"),
    .help             = N_("Sharpens what was computed or measured at a small size and then enlarged: "
                           "a depth map, a mask, a segmentation, any map of a photo. Enlarge the map "
                           "to the size of the photo with cubic interpolation, choose how many times "
                           "it was enlarged, and the photo as guidance. Layers, layer masks and "
                           "channels can be filtered. The network filters each colour channel of the "
                           "map by itself and sees the photo in colour or grey; transparency passes "
                           "through."),
    .guidance         = JF_GUIDANCE_OTHER,
    .guidance_label   = N_("Photo of the _map"),
    .guidance_tooltip = N_("The layer with the photo that the map belongs to. It is only looked at, "
                           "never changed."),
    .models           = { { "upsampling-x4.safetensors",   4 },
                          { "upsampling-x8.safetensors",   8 },
                          { "upsampling-x16.safetensors", 16 } },
    .colour           = &jf_colour_as_is,
    .arguments        = JF_MODE_FACTOR | JF_MODE_ALIGN,
    .iterations       = 1,
    .factor_tooltip   = N_("How many times smaller the map was than the photo: 8 if its width was an "
                           "eighth of the photo's")
  },
  {
    .procedure        = "plug-in-joint-filter-chroma-upsample",
    .menu_label       = N_("Sharpen _Colour by Photo…"),
    .blurb            = N_("Give coarse colour, such as that of an enlarged thumbnail, the edges and "
                           "the brightness of a sharp photo"),
    .help             = N_("Takes the colour of the layer and the brightness of a sharp photo, and "
                           "makes the colour follow the photo's edges. For colour that comes from an "
                           "enlarged thumbnail, from a photo that was coloured at a small size, or "
                           "from a camera that records colour coarsely. Of the layer only its "
                           "chroma is used (Cb and Cr of ITU-R BT.601 in sRGB encoding), which the "
                           "network filters plane by plane; all luma comes from the photo at full "
                           "resolution. Transparency passes through."),
    .guidance         = JF_GUIDANCE_OTHER,
    .guidance_label   = N_("_Detailed photo"),
    .guidance_tooltip = N_("The layer with the sharp photo, in grey or colour, from which the result "
                           "takes its brightness. It is only looked at, never changed."),
    .models           = { { "chroma-upsampling-x4.safetensors",   4 },
                          { "chroma-upsampling-x8.safetensors",   8 },
                          { "chroma-upsampling-x16.safetensors", 16 } },
    .colour           = &jf_colour_chroma,
    .arguments        = JF_MODE_FACTOR,
    .iterations       = 1,
    .factor_tooltip   = N_("How many times smaller the colour was than the photo: 4 if its width was a "
                           "quarter of the photo's")
  },
  {
    .procedure        = "plug-in-joint-filter-colorize",
    .menu_label       = N_("Colour from St_rokes…"),
    .blurb            = N_("Colour a grey photo from a few strokes of colour"),
    .help             = N_("Spreads colour from strokes over a grey photo: places of like brightness "
                           "that touch get like colours. Paint a stroke or a dot of colour into every "
                           "thing, on a transparent layer over the photo or on a copy of the photo; a "
                           "grey stroke keeps a place grey. Select that layer, and choose the grey photo "
                           "as guidance. Strokes keep their chroma (Cb and Cr of ITU-R BT.601 in sRGB "
                           "encoding) exactly, all luma comes from the photo. The colours are solved for "
                           "at a reduced size, after Levin, Lischinski and Weiss, and a network brings "
                           "their edges to the photo's, plane by plane."),
    .target           = JF_TARGET_STROKES,
    .guidance         = JF_GUIDANCE_OTHER,
    .guidance_label   = N_("Gre_y photo"),
    .guidance_tooltip = N_("The layer with the photo to colour, without the strokes. It is only looked at, "
                           "never changed."),
    .models           = { { "chroma-upsampling-x4.safetensors",   4 },
                          { "chroma-upsampling-x8.safetensors",   8 },
                          { "chroma-upsampling-x16.safetensors", 16 } },
    .colour           = &jf_colour_chroma,
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
 * @factor:  how coarse the target is; not looked at if models are for any
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
    if ((model->factor == factor   || model->factor == 0) &&
        (model->quality == quality || ! jf_mode_has_quality (mode)))
      return model;

  return NULL;
}
