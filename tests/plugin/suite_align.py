# SPDX-License-Identifier: GPL-3.0-or-later
"""a flash photo taken from the hand, with the model that ships: what is lost to the photo from a tripod"""

import pathlib

import numpy
from PIL import Image

from support import *

SAMPLE = pathlib.Path (__file__).resolve ().parents[1] / 'data/sample'

# A part of the sample pair, with fruit and cloth in it.
LEFT, TOP, WIDTH, HEIGHT = 128, 64, 512, 384
EDGE = 16


def sample (name):
    """[height, width, 3], 0..1"""
    part = Image.open (SAMPLE / f'{name}.png').crop ((LEFT, TOP, LEFT + WIDTH, TOP + HEIGHT))
    return numpy.asarray (part, numpy.float64) / 255


def moved (picture, dx, dy, angle=0, scale=1):
    """As a camera sees it that moved: a similarity about the middle, in pixels, degrees and times."""
    turn = scale * numpy.exp (1j * numpy.radians (angle))
    centre = WIDTH / 2 + HEIGHT / 2 * 1j
    origin = centre - (centre + dx + 1j * dy) / turn
    a = 1 / turn
    image = Image.fromarray ((picture * 255).round ().astype (numpy.uint8))
    return numpy.asarray (image.transform (image.size, Image.AFFINE, (a.real, -a.imag, origin.real, a.imag, a.real, origin.imag),
                                           Image.BICUBIC), numpy.float64) / 255


def fill_with (layer, picture):
    alpha = numpy.ones ((HEIGHT, WIDTH, 1))
    fill (layer, array.array ('f', numpy.concatenate ([picture, alpha], 2).astype (numpy.float32).tobytes ()))


def denoised (flash, align):
    """[height, width, 3]: the sample by a flash photo, in GIMP"""
    image = new_image (WIDTH, HEIGHT)
    guidance, photo = add_layer (image, 'flash'), add_layer (image, 'photo')
    fill_with (guidance, flash)
    fill_with (photo, sample ('noflash'))
    before = read (guidance)
    run (image, [photo], guidance, noise_level=0.0, align=align)
    check (read (guidance) == before, 'the guidance changed')
    return numpy.array (read (photo, "R'G'B' float")).reshape (HEIGHT, WIDTH, 3)


def psnr (picture):
    """Inside, where a moved flash photo has pixels in any case."""
    inside = numpy.s_[EDGE:-EDGE, EDGE:-EDGE]
    return -10 * numpy.log10 (numpy.mean ((picture[inside] - sample ('truth')[inside]) ** 2))


def check_lost (flash, align, most):
    tripod, hand = psnr (denoised (sample ('flash'), 'off')), psnr (denoised (flash, align))
    check (tripod - hand <= most, f'{hand:.2f} dB, and {tripod:.2f} dB from a tripod')


@case
def a_shift_by_3_4_pixels_costs_0_3_decibels_at_most ():
    for shift in (3.4, 0), (2.4, -2.4), (-0.9, 3.3):
        check_lost (moved (sample ('flash'), *shift), 'shift', 0.3)


@case
def so_does_a_turned_and_scaled_photo ():
    check_lost (moved (sample ('flash'), 3.4, -2, 1.5, 1.01), 'turn', 0.3)


@case
def without_alignment_more_is_lost ():
    flash = moved (sample ('flash'), 2.4, -2.4)
    check (psnr (denoised (flash, 'off')) < psnr (denoised (flash, 'shift')) - 0.3, 'alignment makes no difference')


def check_stays (flash):
    """Results of two runs differ by rounding, some 1e-6: each process has babl choose among its conversions."""
    off = numpy.abs (denoised (flash, 'turn') - denoised (flash, 'off')).max ()
    check (off <= 1e-4, f'it was moved, which changes the result by {off}')


@case
def a_photo_from_a_tripod_stays_where_it_is ():
    check_stays (sample ('flash'))


@case
def a_photo_of_something_else_stays_where_it_is ():
    expect_message ('is not sure, so it was not moved')
    check_stays (sample ('flash')[::-1, ::-1])


run_cases ()
