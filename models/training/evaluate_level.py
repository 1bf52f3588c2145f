#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# evaluate_level: the noise level and its excess that the core estimates, and what their errors cost
"""Example:
  evaluate_level.py ../flash-denoise.safetensors --photo ~/Pictures/*.png --crop 320 --joint-filter ../../build/core/joint-filter \\
    --noise-level ../../build/tests/models/noise-level --out results

Adds noise of known standard deviation to clean photographs, whose guides are imitated, and to the first pictures of pairs: white; growing
with the light, or with the shade; as after bilinear demosaicing; smoothed by half a pixel; white, then JPEG; shared by the channels, their
correlation about .75, white and smoothed by .8 pixels; and like a camera's file, all of these together. The level that is there is the root mean
square of what was added, by JPEG too. Columns: the mean, least and greatest share of it that was estimated, over the pictures; the excess that is
there, as a share of the level, its mean, and the mean, least and greatest that was estimated; and each
model's mean PSNR when told what is there, and when told the estimate. The last column is the greatest loss of all models and
pictures; it is negative where the estimate does better than the truth."""

import argparse
import io
import sys

import numpy as np
from PIL import Image
from scipy import ndimage

import evaluate
import results

QUALITY = 92                 # of JPEG
VALUES = {'mean': np.mean, 'least': min, 'greatest': max}


def white(truth, level, grain):
    return truth + level * grain


def growing(truth, level, grain):
    """Variance in proportion to the light, and a tenth of it everywhere."""
    variance = truth.clip(0) + .1 * truth.mean()
    return truth + level * grain * np.sqrt(variance / variance.mean())


def unit(grain):
    return grain / np.sqrt((grain ** 2).mean())


def demosaiced(truth, level, grain):
    mosaic = np.zeros_like(grain)
    for channel, top, left in ((0, 0, 0), (1, 0, 1), (1, 1, 0), (2, 1, 1)):
        mosaic[top::2, left::2, channel] = grain[top::2, left::2, channel]
    square = np.outer([1, 2, 1], [1, 2, 1]) / 4
    cross = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4
    planes = [ndimage.convolve(mosaic[..., c], cross if c == 1 else square, mode='mirror') for c in range(3)]
    return truth + level * unit(np.stack(planes, 2))


def smoothed(truth, level, grain):
    return truth + level * unit(ndimage.gaussian_filter(grain, (.5, .5, 0)))


def compressed(truth, level, grain):
    file = io.BytesIO()
    results.bytes_of(truth + level * grain).save(file, 'jpeg', quality=QUALITY, subsampling=0)
    return np.asarray(Image.open(file), np.float32) / 255


def shaded(truth, level, grain):
    """As light that is encoded for the screen has it, whose curve is steep in the dark."""
    slope = (truth.mean(2, keepdims=True).clip(.01) + .05) ** -.6
    return truth + level * unit(grain * slope)


def mixed(grain):
    common = grain.mean(2, keepdims=True) * np.sqrt(3)
    return unit(np.sqrt(.6) * common + np.sqrt(.4) * grain)


def shared(truth, level, grain):
    return truth + level * mixed(grain)


def spread(truth, level, grain):
    return truth + level * unit(ndimage.gaussian_filter(mixed(grain), (.8, .8, 0)))


def camera(truth, level, grain):
    return compressed(shaded(truth, level, unit(ndimage.gaussian_filter(mixed(grain), (.6, .6, 0)))), 0, grain)


KINDS = {'white': white, 'growing with light': growing, 'growing with shade': shaded, 'demosaiced': demosaiced, 'smoothed': smoothed,
         'JPEG': compressed, 'shared': shared, 'shared, smoothed': spread, 'camera': camera}


def measured(core, arguments, kind, level, pictures):
    """Rows of one kind of noise at one level."""
    row, shares, excesses, losses, given = f'{kind} {level}', [], [], [], {}
    for seed, (truth, guide) in enumerate(pictures):
        noisy = KINDS[kind](truth, level, evaluate.noise(truth.shape, seed)).astype(np.float32)
        there, estimated = evaluate.measured(noisy, truth), core.estimate(noisy, guide)
        shares.append(estimated.level / there.level)
        excesses.append((there.excess / there.level, estimated.excess / max(estimated.level, 1e-9)))
        for name, model, _ in results.models_of(arguments):
            told = [evaluate.psnr(core.apply(model, noisy, guide, at), truth) for at in (there, estimated)]
            given.setdefault(name, []).append(told)
            losses.append(told[0] - told[1])
    rows = [(column, row, '', round(float(value(shares)), 3)) for column, value in VALUES.items()]
    rows.append(('excess', row, '', round(float(np.mean([e[0] for e in excesses])), 2)))
    rows += [(f'its {column}', row, '', round(float(value([e[1] for e in excesses])), 2)) for column, value in VALUES.items()]
    for name, told in given.items():
        rows += [(f'{name}, {how}', row, '', round(float(np.mean([t[i] for t in told])), 3)) for i, how in enumerate(('given', 'estimated'))]
    rows.append(('greatest loss', row, '', round(float(max(losses)), 3)))
    print(*(f'{r[0]} {r[3]}' for r in rows), sep='\t', flush=True)
    return rows


def clean(core, pictures):
    levels = [core.estimate(*picture).level for picture in pictures]
    return [(column, 'none: level estimated', '', round(float(value(levels)), 4)) for column, value in VALUES.items()]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    results.add_options(parser)
    parser.add_argument('--photo', nargs='*', default=[], metavar='FILE')
    parser.add_argument('--pair', nargs='*', type=evaluate.pair, default=[], metavar='NAME=TRUTH,GUIDANCE')
    parser.add_argument('--crop', type=int, default=0, help='top left square of this size; 0: everything')
    parser.add_argument('--levels', nargs='+', type=float, default=[.01, .0316, .1])
    parser.add_argument('--noise-level', metavar='PROGRAM', required=True, help='the estimator, built with the tests')
    arguments = parser.parse_args(argv)
    core = evaluate.Core(arguments.joint_filter, arguments.noise_level, results.Kept(arguments.kept))
    truths = [evaluate.read(path, arguments.crop) for path in arguments.photo]
    pictures = [(truth, evaluate.imitated(truth, seed)) for seed, truth in enumerate(truths)]
    pictures += [tuple(evaluate.read(path, arguments.crop) for path in paths) for _, *paths in arguments.pair]
    rows = clean(core, pictures)
    for kind in KINDS:
        for level in arguments.levels:
            rows += measured(core, arguments, kind, level, pictures)
    results.write(arguments, rows, [3, 3, 3, 2, 2, 2, 2] + 2 * len(arguments.models) * [2] + [2])


if __name__ == '__main__':
    sys.exit(main())
