# SPDX-License-Identifier: GPL-3.0-or-later
"""what the suites about profiles share"""

from gi.repository import Gio

from dialog import *

SIZE = 96, 64
START = f'Noise level (%)={100 * NOISE_LEVEL}', 'Strength (%)=100'


def wide ():
    return Gimp.ColorProfile.new_from_file (Gio.File.new_for_path (f'{SCRATCH}/wide.icc'))


def make_image (precision, profile, alpha=False):
    """Colours from all of the profile, be they in sRGB or not: it is assigned to what is there."""
    image = new_image (*SIZE, precision=precision)
    guide = add_layer (image, 'guide', 2)
    target = add_layer (image, 'target', 1, alpha=alpha)
    if profile:
        image.set_color_profile (profile)
    return image, target
