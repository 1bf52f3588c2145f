# SPDX-License-Identifier: GPL-3.0-or-later
"""on a screen that shows more colours than sRGB has"""

from profiles import *


def see (image, target):
    """The target as the preview shows it without the filter: values 0..255 as they go to the screen."""
    use_dialog (image, [target], *START, 'Preview=off', f'PREVIEW={PICTURES}/screen.png', 'Cancel')
    return read_preview ('screen.png', *SIZE)


def check_codes (seen, target):
    codes = read (target)
    check (len (seen) == len (codes), f'{len (codes)} values')
    off = max (abs (a - b) for a, b in zip (seen, codes))
    check (off <= 1, f'off by {off} of 255')


@case
def an_image_of_the_same_profile_as_it_is ():
    image, target = make_image (Gimp.Precision.U8_NON_LINEAR, wide ())
    check_codes (see (image, target), target)


@case
def an_image_without_a_profile_converted ():
    image, target = make_image (Gimp.Precision.U8_NON_LINEAR, None)
    seen = see (image, target)
    codes = read (target)
    check (max (abs (a - b) for a, b in zip (seen, codes)) > 10, 'nothing is converted')
    image.convert_color_profile (wide (), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, True)
    check_codes (seen, target)


run_cases ()
