#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# evaluate_level: the noise level that the core estimates, and what its error costs
"""Example:
  evaluate_level.py ../flash-denoise.safetensors --photo ~/Pictures/*.png --crop 320 --joint-filter ../../build/core/joint-filter \\
    --noise-level ../../build/tests/models/noise-level --out results

Adds noise of known standard deviation to clean photographs: white; growing with the light; as after bilinear demosaicing; smoothed by half a
pixel; white, then JPEG. The level that is there is the root mean square of what was added, by JPEG too. Columns: the mean, least and
greatest share of it that was estimated, over the photographs, and each model's mean PSNR when told the level that is there, and when
told the estimate, guided by an imitated photo. The last column is the greatest loss of all models and photographs."""

import argparse
import io
import sys

import numpy as np
from PIL import Image
from scipy import ndimage

import evaluate
import results

QUALITY = 92                 # of JPEG


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


KINDS = {'white': white, 'growing with light': growing, 'demosaiced': demosaiced, 'smoothed': smoothed, 'JPEG': compressed}


def measured(core, arguments, kind, level, truths):
    """Rows of one kind of noise at one level."""
    row, shares, losses, given = f'{kind} {level}', [], [], {}
    for seed, truth in enumerate(truths):
        noisy = KINDS[kind](truth, level, evaluate.noise(truth.shape, seed)).astype(np.float32)
        there, estimated = float(np.sqrt(((noisy - truth) ** 2).mean())), core.estimate(noisy)
        shares.append(estimated / there)
        for name, model, _ in results.models_of(arguments):
            guide = evaluate.imitated(truth, seed)
            told = [evaluate.psnr(core.apply(model, noisy, guide, at), truth) for at in (there, estimated)]
            given.setdefault(name, []).append(told)
            losses.append(told[0] - told[1])
    rows = [(column, row, '', round(float(value(shares)), 3)) for column, value in (('mean', np.mean), ('least', min), ('greatest', max))]
    for name, told in given.items():
        rows += [(f'{name}, {how}', row, '', round(float(np.mean([t[i] for t in told])), 3)) for i, how in enumerate(('given', 'estimated'))]
    rows.append(('greatest loss', row, '', round(float(max(losses)), 3)))
    print(*(f'{r[0]} {r[3]}' for r in rows), sep='\t', flush=True)
    return rows


def clean(core, truths):
    levels = [core.estimate(truth) for truth in truths]
    return [(column, 'none: level estimated', '', round(float(value(levels)), 4))
            for column, value in (('mean', np.mean), ('least', min), ('greatest', max))]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    results.add_options(parser)
    parser.add_argument('--photo', nargs='+', required=True, metavar='FILE')
    parser.add_argument('--crop', type=int, default=0, help='top left square of this size; 0: everything')
    parser.add_argument('--levels', nargs='+', type=float, default=[.01, .0316, .1])
    parser.add_argument('--noise-level', metavar='PROGRAM', required=True, help='the estimator, built with the tests')
    arguments = parser.parse_args(argv)
    core = evaluate.Core(arguments.joint_filter, arguments.noise_level, results.Kept(arguments.kept))
    truths = [evaluate.read(path, arguments.crop) for path in arguments.photo]
    rows = clean(core, truths)
    for kind in KINDS:
        for level in arguments.levels:
            rows += measured(core, arguments, kind, level, truths)
    results.write(arguments, rows, [3, 3, 3] + 2 * len(arguments.models) * [2] + [2])


if __name__ == '__main__':
    sys.exit(main())
