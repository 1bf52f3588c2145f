# SPDX-License-Identifier: GPL-3.0-or-later
"""a guidance taken from the hand, with the models that ship: what is lost to the one from a tripod"""

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
    if angle == 0 and scale == 1:
        return in_bytes (shifted (picture, dx, dy))
    turn = scale * numpy.exp (1j * numpy.radians (angle))
    centre = WIDTH / 2 + HEIGHT / 2 * 1j
    origin = centre - (centre + dx + 1j * dy) / turn
    a = 1 / turn
    image = Image.fromarray (numpy.uint8 (in_bytes (picture) * 255 + 0.5))
    return numpy.asarray (image.transform (image.size, Image.AFFINE, (a.real, -a.imag, origin.real, a.imag, a.real, origin.imag),
                                           Image.BICUBIC), numpy.float64) / 255


def in_bytes (picture):
    return (picture * 255).round ().clip (0, 255) / 255


def shifted (picture, dx, dy):
    """By its waves' phases, mirrored at the edges: as sharp as before, which no interpolation in pixels would leave it."""
    height, width = picture.shape[:2]
    mirrored = numpy.pad (picture, ((0, height), (0, width), (0, 0)), mode='symmetric')
    y, x = (numpy.fft.fftfreq (n) for n in mirrored.shape[:2])
    phase = numpy.exp (-2j * numpy.pi * (y[:, None] * dy + x * dx))[..., None]
    return numpy.fft.ifft2 (numpy.fft.fft2 (mirrored, axes=(0, 1)) * phase, axes=(0, 1)).real[:height, :width]


def fill_with (layer, picture):
    alpha = numpy.ones ((HEIGHT, WIDTH, 1))
    fill (layer, array.array ('f', numpy.concatenate ([picture, alpha], 2).astype (numpy.float32).tobytes ()))


def filtered (target, guide, mode='flash-denoise', **arguments):
    """[height, width, 3]: a picture by another, in GIMP"""
    image = new_image (WIDTH, HEIGHT)
    guidance, layer = add_layer (image, 'guide'), add_layer (image, 'target')
    fill_with (guidance, guide)
    fill_with (layer, target)
    before = read (guidance)
    run (image, [layer], guidance, mode=mode, **arguments)
    check (read (guidance) == before, 'the guidance changed')
    return numpy.array (read (layer, "R'G'B' float")).reshape (HEIGHT, WIDTH, 3)


def denoised (flash, align):
    return filtered (sample ('noflash'), flash, noise_level=0.0, align=align)


def psnr_of (picture, truth):
    """Inside, where a moved guidance has pixels in any case."""
    inside = numpy.s_[EDGE:-EDGE, EDGE:-EDGE]
    return -10 * numpy.log10 (numpy.mean ((picture[inside] - truth[inside]) ** 2))


def psnr (picture):
    return psnr_of (picture, sample ('truth'))


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
def another_picture_that_guides_what_guides_itself ():
    truth = sample ('truth')
    grainy = truth + numpy.random.default_rng (1).normal (0, 0.1, truth.shape[:2])[..., None]
    still, off, on = (filtered (grainy, guide, 'texture-removal', align=align)
                      for guide, align in ((truth, 'off'), (moved (truth, 2.4, -2.4), 'off'), (moved (truth, 2.4, -2.4), 'shift')))
    far, near = psnr_of (off, still), psnr_of (on, still)
    check (near > far + 3, f'{near:.2f} dB from what a guidance in place gives, and {far:.2f} dB where it lies elsewhere')


@case
def without_alignment_more_is_lost ():
    flash = moved (sample ('flash'), 2.4, -2.4)
    check (psnr (denoised (flash, 'off')) < psnr (denoised (flash, 'shift')) - 0.3, 'alignment makes no difference')


def check_stays (flash):
    off = numpy.abs (denoised (flash, 'turn') - denoised (flash, 'off')).max ()
    check (off == 0, f'it was moved, which changes the result by {off}')


@case
def a_photo_from_a_tripod_stays_where_it_is ():
    check_stays (sample ('flash'))


@case
def a_photo_of_something_else_stays_where_it_is ():
    expect_message ('is not sure, so it was not moved')
    check_stays (sample ('flash')[::-1, ::-1])


run_cases ()
