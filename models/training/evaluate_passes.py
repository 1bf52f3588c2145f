#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# evaluate_passes: model files that filter a picture by itself, pass after pass, and competitors
"""Example:
  evaluate_passes.py ../inverse-halftone.safetensors --kinds offset-4 offset-6 bayer-8 --photo ~/Pictures/*.png --crop 320 \\
    --joint-filter ../../build/core/joint-filter --out results

Halftones photographs by fixed rules, or lays photographed textures on cartoons made of them, and measures PSNR against what was there
before. Every pass filters what the last one gave, guided by that too; models of others, with --other, also guided by
the picture as it was. With --colours the models also filter planes of other kinds one by one, inks for example, and put them
together; with --guides other pictures guide them. Competitors take the setting, and models of others the number of passes, that is best on the mean of the pictures.
Needs OpenCV with its extra modules and scikit-image. Writes a table as Markdown and CSV, and contact sheets."""

import argparse
import functools
import itertools
import pathlib
import sys

import cv2
import numpy as np
from scipy import ndimage
from skimage import data, restoration

import competitors
import evaluate
import results

FINER = 4                    # dots are drawn at so many times the size and averaged
ANGLES = (15, 75, 0, 45)     # degrees of cyan, magenta, yellow and black
BLACK = .5                   # share of grey that is printed with black
SCAN_BLUR = .5               # pixels


def screen(coverage, period, degrees):
    """Round dots that become a chequerboard at one half and holes above: one plane as 0..1."""
    height, width = coverage.shape
    fine = coverage.repeat(FINER, 0).repeat(FINER, 1)
    rows, columns = ((np.arange(n * FINER) + .5) / FINER for n in (height, width))
    angle = np.deg2rad(degrees)
    u = (columns[None] * np.cos(angle) + rows[:, None] * np.sin(angle)) / period
    v = (rows[:, None] * np.cos(angle) - columns[None] * np.sin(angle)) / period
    hill = np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v)
    cell = np.arange(256) / 256 * 2 * np.pi
    heights = np.sort((np.cos(cell)[:, None] + np.cos(cell)[None]).ravel())
    level = 1 - np.searchsorted(heights, hill) / heights.size
    return (fine > level).reshape(height, FINER, width, FINER).mean((1, 3))


def offset(picture, period):
    """Four inks in offset printing's angles, scanned with a little blur."""
    cmy = 1 - picture
    black = BLACK * cmy.min(2, keepdims=True)
    cmyk = np.concatenate([(cmy - black) / np.maximum(1 - black, 1e-6), black], 2)
    dots = np.stack([screen(cmyk[..., i], period, ANGLES[i]) for i in range(4)], 2)
    return ndimage.gaussian_filter((1 - dots[..., :3]) * (1 - dots[..., 3:]), (SCAN_BLUR, SCAN_BLUR, 0)), picture


def newspaper(picture, period):
    grey = picture @ np.array([.299, .587, .114], np.float32)
    dots = ndimage.gaussian_filter(1 - screen(1 - grey, period, 45), SCAN_BLUR)
    return (np.repeat(x[..., None], 3, 2) for x in (dots, grey))


def ordered(picture, level):
    tiles = [-(-n // m) for n, m in zip(picture.shape, level.shape)]
    return (picture > np.tile(level, tiles)[:picture.shape[0], :picture.shape[1], None]).astype(np.float32)


def bayer(picture, side):
    matrix = np.zeros((1, 1))
    while len(matrix) < side:
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return ordered(picture, (matrix + .5) / matrix.size), picture


def clustered(picture, side):
    """Dots that grow from the middle of cells of side x side pixels."""
    place = (np.arange(side) + .5) / side * 2 * np.pi
    hill = np.cos(place)[:, None] + np.cos(place)[None]
    ranks = np.argsort(np.argsort(-hill.ravel(), kind='stable')).reshape(side, side)
    return ordered(picture, (ranks + .5) / ranks.size), picture


def diffused(picture):
    """Floyd and Steinberg's weights, every second row from the right."""
    left, result = np.pad(picture.astype(np.float64), ((0, 1), (1, 1), (0, 0))), np.empty_like(picture)
    for y in range(len(picture)):
        step = 1 if y % 2 == 0 else -1
        for x in range(picture.shape[1])[::step]:
            value = left[y, x + 1]
            result[y, x] = value > .5
            error = value - result[y, x]
            left[y, x + 1 + step] += 7 / 16 * error
            left[y + 1, x + 1 - step] += 3 / 16 * error
            left[y + 1, x + 1] += 5 / 16 * error
            left[y + 1, x + 1 + step] += 1 / 16 * error
    return result, picture


def textured(picture, name, share):
    """A cartoon of the picture, half of it under a texture as strong as share of full scale."""
    bytes_ = (picture * 255).round().astype(np.uint8)
    cartoon = cv2.pyrMeanShiftFiltering(np.ascontiguousarray(bytes_), 12, 35).astype(np.float32) / 255
    texture = getattr(data, name)().astype(np.float32)
    texture = cv2.resize(texture, None, fx=.5, fy=.5, interpolation=cv2.INTER_AREA)
    texture = texture - ndimage.gaussian_filter(texture, 8)
    tiles = [-(-n // m) for n, m in zip(picture.shape, texture.shape)]
    texture = np.tile(texture / texture.std() * share, tiles)[:picture.shape[0], :picture.shape[1], None]
    where = cartoon.mean(2, keepdims=True) > np.median(cartoon.mean(2))
    return cartoon + texture * where, cartoon


KINDS = {**{f'offset-{p}': functools.partial(offset, period=p) for p in (3, 4, 6, 8)},
         'newspaper-5': functools.partial(newspaper, period=5),
         **{f'bayer-{s}': functools.partial(bayer, side=s) for s in (4, 8)},
         'clustered-6': functools.partial(clustered, side=6), 'diffused': diffused,
         'no dots': lambda picture: (picture, picture),
         **{t: functools.partial(textured, name=t, share=.06) for t in ('brick', 'grass', 'gravel')}}


def gaussian(picture, sigma):
    return ndimage.gaussian_filter(picture, (sigma, sigma, 0))


def median(picture, size):
    return ndimage.median_filter(picture, (size, size, 1))


def guided(picture, radius, epsilon):
    return competitors.guided_filter(picture, picture, 0, radius, epsilon, 'itself')


def rolling(picture, spread, tolerance):
    """Zhang, Shen, Xu, Jia, Rolling Guidance Filter (ECCV 2014)."""
    return cv2.ximgproc.rollingGuidanceFilter(picture.astype(np.float32), None, -1, tolerance, spread, 4)


def smoothed(picture, weight):
    """Xu, Lu, Xu, Jia, Image Smoothing via L0 Gradient Minimization (SIGGRAPH Asia 2011)."""
    return cv2.ximgproc.l0Smooth(picture.astype(np.float32), None, weight, 2.)


def domain_transform(picture, spread, tolerance):
    """Gastal and Oliveira, Domain Transform for Edge-Aware Image and Video Processing (SIGGRAPH 2011)."""
    return cv2.ximgproc.dtFilter(picture.astype(np.float32), picture.astype(np.float32), spread, tolerance)


def non_local_means(picture, strength):
    return restoration.denoise_nl_means(picture, patch_size=5, patch_distance=6, h=strength, fast_mode=True, channel_axis=2)


def rivals():
    of = competitors.settings
    return {'Gaussian blur': of(gaussian, sigma=[.7, 1, 1.4, 2, 2.8, 4]),
            'median': of(median, size=[3, 5, 7, 9]),
            'guided filter': of(guided, radius=[1, 2, 4, 8], epsilon=[.003, .01, .03, .1]),
            'domain transform': of(domain_transform, spread=[2, 4, 8, 16], tolerance=[.2, .5, 1, 2]),
            'rolling guidance': of(rolling, spread=[1, 2, 3, 4], tolerance=[.05, .1, .2]),
            'L0 smoothing': of(smoothed, weight=[.005, .01, .03, .1]),
            'non-local means': of(non_local_means, strength=[.06, .12, .25])}


def in_planes(picture):
    return [picture[..., i:i + 1] for i in range(picture.shape[2])]


def separated(picture):
    """Cyan, magenta, yellow and black, where all of a pixel's grey is printed with black."""
    cmy = 1 - picture
    black = cmy.min(2, keepdims=True)
    return in_planes(np.concatenate([(cmy - black) / np.maximum(1 - black, 1e-6), black], 2))


def printed(inks):
    return (1 - np.concatenate(inks[:3], 2)) * (1 - inks[3])


def black_and_more(picture):
    """The same black, and what the other inks add to it: means of these are means of colours."""
    cmy = 1 - picture
    black = cmy.min(2, keepdims=True)
    return in_planes(np.concatenate([cmy - black, black], 2))


def added(inks):
    return 1 - np.concatenate(inks[:3], 2) - inks[3]


# Brightness, and two differences about one half.
OPPONENT = np.array([[1 / 3, 1 / 3, 1 / 3], [.5, 0, -.5], [.25, -.5, .25]], np.float32)
MIDDLE = np.array([0, .5, .5], np.float32)


def opposed(picture):
    return in_planes(picture @ OPPONENT.T + MIDDLE)


def from_opposed(planes):
    return (np.concatenate(planes, 2) - MIDDLE) @ np.linalg.inv(OPPONENT).T.astype(np.float32)


# Name -> (a picture's parts, which the network filters one by one; the picture of the parts)
COLOURS = {'rgb': (lambda picture: [picture], lambda parts: parts[0]),
           'planes': (in_planes, lambda parts: np.concatenate(parts, 2)),
           'inks': (separated, printed),
           'inks-added': (black_and_more, added),
           'opponent': (opposed, from_opposed)}


def rescanned(picture, _):
    """The same print scanned again: its dots, another blur and noise."""
    noise = np.random.default_rng(1).normal(0, .01, picture.shape)
    return (ndimage.gaussian_filter(picture, (.4, .4, 0)) + noise).astype(np.float32)


def photographed(_, truth):
    """Another photo of the same: light and colours of its own, less sharp."""
    mixed = truth @ np.array([[.8, .1, .1], [.2, .6, .2], [0, .3, .7]], np.float32).T
    return ndimage.gaussian_filter(mixed ** .8, (.6, .6, 0))


def shifted(picture, truth):
    return ndimage.shift(photographed(picture, truth), (.6, -.4, 0), order=3, mode='nearest')


def grey(picture, truth):
    return np.repeat(photographed(picture, truth).mean(2, keepdims=True), 3, 2)


def unrelated(_, truth):
    return np.ascontiguousarray(truth[::-1])


# Name -> a guide made of the picture and the truth; none: what every pass is to improve
GUIDES = {'itself': None, 'colour photo': photographed, 'grey photo': grey, 'photo 0.7 pixels off': shifted,
          'another scan': rescanned, 'unrelated': unrelated}


def passes(core, model, picture, count, guide=None):
    """What each of count passes gives, guided by what the last one gave or by a guide."""
    results = [picture]
    for _ in range(count):
        results.append(core.apply(model, results[-1], results[-1] if guide is None else guide))
    return results[1:]


def passes_in(colour, core, model, picture, count, guide=None):
    split, join = COLOURS[colour]
    pictures = split(picture)
    guides = [None] * len(pictures) if guide is None else split(guide)
    parts = [passes(core, model, np.ascontiguousarray(part), count, g) for part, g in zip(pictures, guides)]
    return [join(list(outputs)) for outputs in zip(*parts)]


def competitor(core, name, variants, pictures, truths):
    """(setting, a result for each picture)."""
    pairs = list(zip(pictures, truths))
    setting = results.search(core.kept, (name, *(p for pair in pairs[::3] for p in pair)), {s: lambda x, f=f: f(x[0]) for s, f in variants.items()},
                             pairs[::3], lambda r, x: -evaluate.psnr(r, x[1]))
    return setting, [core.kept.picture((name, setting, x), functools.partial(variants[setting], x)) for x in pictures]


def methods(core, arguments, pictures, truths):
    """Rows (method, setting, a result for each picture)."""
    yield 'input', '', pictures
    if arguments.competitors:
        for name, variants in rivals().items():
            yield name, *competitor(core, name, variants, pictures, truths)
    for (name, model, judged), colour, guide in itertools.product(results.models_of(arguments), arguments.colours, arguments.guides):
        name += f' ({colour})' * (len(arguments.colours) > 1) + f', guide: {guide}' * (len(arguments.guides) > 1)
        given = [None if GUIDES[guide] is None else GUIDES[guide](x, t) for x, t in zip(pictures, truths)]
        variants, count = {}, arguments.passes if judged else arguments.other_passes
        for note, guides in (('', given), (', guided by the picture', pictures))[:1 + (not judged)]:
            runs = [passes_in(colour, core, model, x, count, g) for x, g in zip(pictures, guides)]
            for number, outputs in enumerate(zip(*runs), 1):
                variants[f'{number} pass' + 'es' * (number > 1) + note] = outputs
        if judged:
            yield from ((f'{name}, {setting}', '', outputs) for setting, outputs in variants.items())
        else:
            setting = max(variants, key=lambda s: mean_psnr(variants[s], truths))
            yield name, setting, variants[setting]


def mean_psnr(outputs, truths):
    return float(np.mean([evaluate.psnr(r, t) for r, t in zip(outputs, truths)]))


def measured(kind, core, arguments):
    pairs = [KINDS[kind](evaluate.read(path, arguments.crop)) for path in arguments.photo]
    pictures, truths = ([np.asarray(p, np.float32) for p in side] for side in zip(*pairs))
    rows, sheets = [], [[] for _ in pictures]
    for method, setting, outputs in methods(core, arguments, pictures, truths):
        rows.append((kind, method, setting, round(mean_psnr(outputs, truths), 3)))
        print(*rows[-1], sep='\t', flush=True)
        for line, r in zip(sheets, outputs):
            line.append((method, r))
    for path, line, truth in zip(arguments.photo, sheets, truths):
        results.sheet(arguments, f'{kind}-{pathlib.Path(path).stem}', line + [('truth', truth)])
    return rows


def real(path, core, arguments):
    """A scan: no truth, a sheet only."""
    picture = results.middle(evaluate.read(path, 0), 2 * arguments.size)
    line = [('input', picture)]
    for name, model, _ in results.models_of(arguments):
        line += [(f'{name}, pass {i}', r) for i, r in enumerate(passes(core, model, picture, arguments.passes), 1)]
    results.sheet(arguments, pathlib.Path(path).stem, line)


def with_means(rows):
    """And the mean of the columns for each method."""
    columns = {}
    for _, method, _, figure in rows:
        columns.setdefault(method, []).append(figure)
    return rows + [('mean', method, '', round(float(np.mean(figures)), 3)) for method, figures in columns.items()]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    results.add_options(parser)
    parser.add_argument('--kinds', nargs='+', choices=KINDS, default=[], metavar='KIND', help=', '.join(KINDS))
    parser.add_argument('--photo', nargs='+', required=True, metavar='FILE')
    parser.add_argument('--real', nargs='*', default=[], metavar='FILE', help='pictures without truth: sheets only')
    parser.add_argument('--crop', type=int, default=0, help='top left square of this size; 0: everything')
    parser.add_argument('--passes', type=int, default=4)
    parser.add_argument('--other-passes', type=int, default=12, help='of models of others, of which the best is taken')
    parser.add_argument('--colours', nargs='+', choices=COLOURS, default=['rgb'], metavar='COLOURS', help=', '.join(COLOURS))
    parser.add_argument('--guides', nargs='+', choices=GUIDES, default=['itself'], metavar='GUIDE', help=', '.join(GUIDES))
    arguments = parser.parse_args(argv)
    core, rows = evaluate.Core(arguments.joint_filter, None, results.Kept(arguments.kept)), []
    for kind in arguments.kinds:
        rows += measured(kind, core, arguments)
    for path in arguments.real:
        real(path, core, arguments)
    results.write(arguments, with_means(rows), [2], [pathlib.Path(m).stem for m in arguments.models])


if __name__ == '__main__':
    sys.exit(main())
