/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * preview-source: where previews get their pixels from
 */
#include "preview-source.h"


enum
{
  CHANGED,
  STATUS,
  N_SIGNALS
};

static guint signals[N_SIGNALS];


G_DEFINE_INTERFACE (JfPreviewSource, jf_preview_source, G_TYPE_OBJECT)


static void
jf_preview_source_default_init (JfPreviewSourceInterface *iface)
{
  /* (JfPicture picture, const JfRegion *region): these pixels are other ones now. */
  signals[CHANGED] = g_signal_new ("changed", JF_TYPE_PREVIEW_SOURCE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_POINTER);

  /* It became busy or idle, or has another message. */
  signals[STATUS]  = g_signal_new ("status", JF_TYPE_PREVIEW_SOURCE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
}


/*  public functions  */

/**
 * jf_preview_source_get_size:
 * @source: a source
 * @width:  (out): of its pictures, in pixels, at least 1
 * @height: (out): the same
 */
void
jf_preview_source_get_size (JfPreviewSource *source,
                            int             *width,
                            int             *height)
{
  JF_PREVIEW_SOURCE_GET_IFACE (source)->get_size (source, width, height);
}

/**
 * jf_preview_source_get_focus:
 * @source: a source
 * @region: (out): the part of the result that differs from the picture before
 */
void
jf_preview_source_get_focus (JfPreviewSource *source,
                             JfRegion        *region)
{
  JF_PREVIEW_SOURCE_GET_IFACE (source)->get_focus (source, region);
}

/**
 * jf_preview_source_read:
 * @source:  a source
 * @picture: which picture
 * @region:  what part of it, within it; where it begins is a multiple of @shrink
 * @shrink:  how many pixels become one in each direction, at least 1; the last ones of a row or column may be
 *           the mean of fewer
 * @rgba:    (out caller-allocates): in the source's format without gaps, of @region's size by @shrink, rounded up
 *
 * Gives what is known now: where the result is not there yet, that is an older result or the picture before.
 */
void
jf_preview_source_read (JfPreviewSource *source,
                        JfPicture        picture,
                        const JfRegion  *region,
                        int              shrink,
                        float           *rgba)
{
  JF_PREVIEW_SOURCE_GET_IFACE (source)->read (source, picture, region, shrink, rgba);
}

/**
 * jf_preview_source_get_format:
 * @source:  a source
 * @profile: (out) (transfer none): the profile of its colours
 *
 * Returns: the format of what jf_preview_source_read () gives: red, green, blue and alpha as floats, in the space of
 *          @profile as far as babl knows it
 */
const Babl *
jf_preview_source_get_format (JfPreviewSource   *source,
                              GimpColorProfile **profile)
{
  return JF_PREVIEW_SOURCE_GET_IFACE (source)->get_format (source, profile);
}

/**
 * jf_preview_source_request:
 * @source: a source
 * @region: (nullable): the part of the result that the user looks at; %NULL: none
 *
 * Takes the place of the request before, and goes on if the arguments change.
 */
void
jf_preview_source_request (JfPreviewSource *source,
                           const JfRegion  *region)
{
  JF_PREVIEW_SOURCE_GET_IFACE (source)->request (source, region);
}

/**
 * jf_preview_source_is_busy:
 * @source: a source
 *
 * Returns: whether what was requested is still to come
 */
gboolean
jf_preview_source_is_busy (JfPreviewSource *source)
{
  return JF_PREVIEW_SOURCE_GET_IFACE (source)->is_busy (source);
}

/**
 * jf_preview_source_get_message:
 * @source: a source
 *
 * Returns: (transfer full) (nullable): why there is no result, for the user
 */
char *
jf_preview_source_get_message (JfPreviewSource *source)
{
  return JF_PREVIEW_SOURCE_GET_IFACE (source)->get_message (source);
}

/**
 * jf_preview_source_describe_guidance:
 * @source: a source
 *
 * Returns: (transfer full) (nullable): how the guidance lies on the picture, for the user
 */
char *
jf_preview_source_describe_guidance (JfPreviewSource *source)
{
  return JF_PREVIEW_SOURCE_GET_IFACE (source)->describe_guidance (source);
}

/**
 * jf_preview_source_changed:
 * @source:  a source
 * @picture: which picture
 * @region:  what part of it
 *
 * For implementations: tells that these pixels are other ones now.
 */
void
jf_preview_source_changed (JfPreviewSource *source,
                           JfPicture        picture,
                           const JfRegion  *region)
{
  g_signal_emit (source, signals[CHANGED], 0, picture, region);
}

/**
 * jf_preview_source_status:
 * @source: a source
 *
 * For implementations: tells that it became busy or idle, or has another message.
 */
void
jf_preview_source_status (JfPreviewSource *source)
{
  g_signal_emit (source, signals[STATUS], 0);
}
