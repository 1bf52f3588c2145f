# SPDX-License-Identifier: GPL-3.0-or-later
"""the models that ship, on small pictures of which the truth is known: what every mode makes better"""

import colours
import scenes
from scenes import AREA, HEIGHT, WIDTH, psnr, rms
from support import *

U8, FLOAT = Gimp.Precision.U8_NON_LINEAR, Gimp.Precision.FLOAT_NON_LINEAR


def make (target, guidance=None, precision=FLOAT):
    """(image, layers from planes)"""
    image = new_image (WIDTH, HEIGHT, precision=precision)
    layers = [put (add_layer (image, name), values) if values else None
              for name, values in (('guide', guidance), ('target', target))]
    return image, layers[1], layers[0]


def put (layer, colour):
    planes = [colour[i:i + AREA] for i in range (0, len (colour), AREA)]
    red, green, blue = planes if len (planes) == 3 else planes * 3
    fill (layer, array.array ('f', [v for rgb in zip (red, green, blue) for v in (*rgb, 1.0)]))
    return layer


def filter (target, guidance=None, precision=FLOAT, **arguments):
    """The planes that a mode makes of planes."""
    image, layer, guide = make (target, guidance, precision)
    run (image, [layer], guide, **arguments)
    result = planes (image.get_layers ()[0] if arguments.get ('output') == 'new-layer' else layer)[0]
    image.delete ()
    return result


def in_steps (values):
    """What 8 bits hold."""
    return array.array ('f', [round (min (max (v, 0.0), 1.0) * 255) / 255 for v in values])


def check_core (target, guidance, expect, **arguments):
    """The result is the core's: with 8 bits to a step, with floats to 1e-4."""
    expected = expect (target, guidance)
    check_near (filter (target, guidance, **arguments), expected, 1e-4)
    target, guidance = in_steps (target), guidance and in_steps (guidance)
    expected = [min (max (v, 0.0), 1.0) for v in expect (target, guidance)]
    check_near (filter (target, guidance, U8, **arguments), expected, 1 / 255)


def by_model (model, passes=1, noise_level=NOISE_LEVEL):
    """What `joint-filter apply` makes of a target and a guidance, or of what is its own guidance in each pass."""
    def expect (target, guidance):
        for i in range (passes):
            target = apply (target, guidance or target, WIDTH, HEIGHT, noise_level, model=model)
        return target
    return expect


def by_chroma_model (factor):
    """Cb and Cr plane by plane, and the guidance's luma."""
    def expect (target, guidance):
        luma, chroma = colours.split (guidance, AREA)[0], colours.split (target, AREA)[1]
        return colours.join (luma, filter_chroma (chroma, luma, factor))
    return expect


def filter_chroma (chroma, luma, factor):
    return [value for plane in (chroma[:AREA], chroma[AREA:])
            for value in apply (plane, luma, WIDTH, HEIGHT, model=f'chroma-upsampling-x{factor}')]


def note (text):
    with open (os.environ['JF_TAP'], 'a') as out:
        print ('#', text, file=out)


def check_gain (name, found, before, truth, least):
    gain = psnr (found, truth) - psnr (before, truth)
    note (f'{name}: {psnr (before, truth):.2f} dB before, {psnr (found, truth):.2f} dB after')
    check (gain >= least, f'{name} gains {gain:.2f} dB, expected {least}')


def check_denoise (mode, guidance):
    truth = scenes.photo (light=(0.75, 0.6, 0.45))
    noisy = scenes.add_noise (truth, NOISE_LEVEL, 1)
    for quality in 'fast', 'best':
        check_gain (f'{mode} {quality}', filter (noisy, guidance, mode=mode, quality=quality), noisy, truth, 7)
    for quality, model in (('fast', 'flash-denoise'), ('best', 'flash-denoise-best')):
        check_core (noisy, guidance, by_model (model), mode=mode, quality=quality)


@case
def flash_photo ():
    check_denoise ('flash-denoise', scenes.photo (shade=-0.2))


@case
def infrared_photo ():
    check_denoise ('nir-denoise', scenes.infrared ())


def inner (i):
    return 8 <= i % WIDTH < WIDTH - 8 and 8 <= i // WIDTH % HEIGHT < HEIGHT - 8


@case
def hand_held_pair ():
    truth = scenes.photo (light=(0.75, 0.6, 0.45))
    noisy = scenes.add_noise (truth, NOISE_LEVEL, 1)
    for mode, still, moved in (('flash-denoise', scenes.photo (shade=-0.2), scenes.photo ((3.4, -1.7), shade=-0.2)),
                               ('nir-denoise', scenes.infrared (), scenes.infrared ((3.4, -1.7)))):
        best, off, on = (psnr (filter (noisy, guidance, mode=mode, align=align), truth, inner)
                         for guidance, align in ((still, 'off'), (moved, 'off'), (moved, 'shift')))
        note (f'{mode}: {best:.2f} dB in place, {off:.2f} dB 3.8 pixels off, {on:.2f} dB aligned')
        check (on >= best - 0.3, f'{mode} loses {best - on:.2f} dB after alignment')


@case
def guidance_that_cannot_be_aligned_stays ():
    noisy = scenes.add_noise (scenes.photo (), NOISE_LEVEL, 1)
    other = noise (AREA, 9)
    expect_message ('How the guidance layer “guide” lies on “target” is not sure, so it was not moved. Move it by hand if '
                    'they are not aligned.')
    check_near (filter (noisy, other, align='shift'), filter (noisy, other, align='off'), 1e-4)


@case
def enlarged_depth ():
    guidance, truth = scenes.photo (), scenes.depth ()
    for factor in 4, 8, 16:
        coarse = scenes.enlarge (scenes.reduce (truth, factor), factor)
        grey = scenes.join (coarse, coarse, coarse)
        found = filter (grey, guidance, mode='upsample', factor=factor)[:AREA]
        note (f'upsample x{factor}: RMSE {rms (coarse, truth):.4f} before, {rms (found, truth):.4f} after')
        check (rms (found, truth) < 0.75 * rms (coarse, truth))
        check_core (grey, guidance, by_model (f'upsampling-x{factor}'), mode='upsample', factor=factor)


def get_luma (colour):
    return array.array ('f', [0.299 * r + 0.587 * g + 0.114 * b
                              for r, g, b in zip (colour[:AREA], colour[AREA:2 * AREA], colour[2 * AREA:])])


@case
def coarse_colour ():
    truth = scenes.photo ()
    for factor in 4, 8, 16:
        coarse = scenes.join (*(scenes.enlarge (scenes.reduce (truth[i:i + AREA], factor), factor)
                                for i in range (0, 3 * AREA, AREA)))
        luma, blurred = get_luma (truth), get_luma (coarse)
        before = [v + luma[i % AREA] - blurred[i % AREA] for i, v in enumerate (coarse)]
        found = filter (coarse, luma, mode='chroma-upsample', factor=factor)
        check_gain (f'chroma-upsample x{factor} and sharp luma', found, before, truth, 1.5)
        check_core (coarse, luma, by_chroma_model (factor), mode='chroma-upsample', factor=factor)


@case
def halftone ():
    truth = scenes.photo ()
    dots = scenes.add_dots (truth)
    for iterations in 1, 2, 3:
        check_gain (f'inverse-halftone, {iterations} passes', filter (dots, mode='inverse-halftone', iterations=iterations),
                    dots, truth, 8)
        check_core (dots, None, by_model ('inverse-halftone', iterations), mode='inverse-halftone', iterations=iterations)


@case
def halftone_and_a_photo_without_dots ():
    truth, guidance = scenes.photo (), scenes.photo (shade=-0.2)
    dots = scenes.add_dots (truth)
    arguments = {'mode': 'inverse-halftone', 'iterations': 2}
    check_gain ('inverse-halftone, a photo that guides', filter (dots, guidance, **arguments), filter (dots, **arguments), truth, 0.3)
    check_core (dots, guidance, by_model ('inverse-halftone', 2), **arguments)


@case
def texture ():
    truth = scenes.photo ()
    woven = scenes.add_weave (truth)
    for iterations in 1, 2:
        check_gain (f'texture-removal, {iterations} passes', filter (woven, mode='texture-removal', iterations=iterations),
                    woven, truth, 3)
        check_core (woven, None, by_model ('texture-removal', iterations), mode='texture-removal', iterations=iterations)


@case
def strokes ():
    truth = scenes.photo (shade=0.0)
    luma = get_luma (truth)
    image, layer, guide = make (scenes.join (luma, luma, luma), luma)
    layer.add_alpha ()
    layer.get_buffer ().set (whole (layer), "R'G'B'A float", array.array ('f', [
        v for i in range (AREA) for v in (*truth[i::AREA], float (is_stroke (i % WIDTH, i // WIDTH)))]).tobytes ())
    run (image, [layer], guide, mode='colorize', output='in-place')
    check_gain ('colorize', planes (layer)[0], scenes.join (luma, luma, luma), truth, 10)
    chroma = colours.colorize (colours.split (truth, AREA)[1], luma, WIDTH, HEIGHT, is_stroke,
                               lambda planes: filter_chroma (planes, luma, 4))
    check_near (planes (layer)[0], colours.join (luma, chroma), 1e-4)


def is_stroke (x, y):
    """A dot in every thing, and some on the ground."""
    return any (abs (x - u) <= 4 and abs (y - v) <= 4 for (u, v), *_ in scenes.THINGS) or \
        y in (4, 5, 114, 115) and 10 < x < 150 or x in (152, 153) and 10 < y < 60


run_cases ()
