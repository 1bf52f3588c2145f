# SPDX-License-Identifier: GPL-3.0-or-later
"""images with profiles of their own: the preview shows what OK writes, as GIMP shows it on a plain screen"""

from profiles import *


def check_preview (precision, profile, **arguments):
    image, target = make_image (precision, profile, **arguments)
    before, copy = read (target), target.copy ()
    shown, status, text = use_dialog (image, [target], *START, 'WAIT', f'PREVIEW={PICTURES}/colours.png', 'OK')
    check (status == Gimp.PDBStatusType.SUCCESS, text)
    check (read (target) != before, 'OK changes nothing')
    check_seen ('colours.png', target)
    check_repeat (image, target, copy)


@case
def eight_bits_wide ():
    check_preview (Gimp.Precision.U8_NON_LINEAR, wide ())


@case
def sixteen_bits_wide_with_alpha ():
    check_preview (Gimp.Precision.U16_NON_LINEAR, wide (), alpha=True)


@case
def float_wide ():
    check_preview (Gimp.Precision.FLOAT_NON_LINEAR, wide ())


@case
def linear_float_wide ():
    check_preview (Gimp.Precision.FLOAT_LINEAR, wide ())


@case
def sixteen_bits_of_a_linear_profile ():
    check_preview (Gimp.Precision.U16_NON_LINEAR, Gimp.ColorProfile.new_rgb_srgb_linear ())


@case
def sixteen_bits_in_a_selection ():
    image, target = make_image (Gimp.Precision.U16_NON_LINEAR, wide ())
    image.select_ellipse (Gimp.ChannelOps.REPLACE, 20, 10, 60, 40)
    Gimp.Selection.feather (image, 8)
    use_dialog (image, [target], *START, 'WAIT', f'PREVIEW={PICTURES}/colours.png', 'OK')
    check_seen ('colours.png', target)


@case
def the_network_gets_the_same_numbers_in_every_profile ():
    """sRGB's curve over the image's primaries: for the linear profile of sRGB's, what sRGB has."""
    results = []
    for profile in None, Gimp.ColorProfile.new_rgb_srgb_linear ():
        image = new_image (*SIZE)
        if profile:
            image.set_color_profile (profile)
        guide, target = add_layer (image, 'guide', 2), add_layer (image, 'target', 1)
        run (image, [target], guide)
        results.append (read (target, "R'G'B'A float"))
    check_near (*results)


run_cases ()
