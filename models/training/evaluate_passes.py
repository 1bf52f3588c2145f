#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# evaluate_passes: model files that filter a picture by itself, pass after pass, and competitors
"""Example:
  evaluate_passes.py ../inverse-halftone.safetensors --kinds offset-4 offset-6 bayer-8 --photos ~/Pictures --crop 320 \\
    --joint-filter ../../build/core/joint-filter --out results

Halftones photographs by fixed rules, or lays photographed textures on cartoons made of them, and measures PSNR against what was there
before. Every pass filters what the last one gave, guided by that too; models of others, with --other, also guided by
the picture as it was. With --colours the models also filter planes of other kinds one by one, inks for example, and put them
together. Competitors take the setting, and models the number of passes, that is best on the mean of the pictures.
Needs OpenCV with its extra modules and scikit-image. Writes results.md, results.csv and a contact sheet per kind."""

import argparse
import csv
import functools
import pathlib
import sys

import cv2
import numpy as np
from PIL import Image
from scipy import ndimage
from skimage import data, restoration

import competitors
import evaluate
import photos

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


def passes(core, model, picture, count, rolling_guidance):
    """What each of count passes gives."""
    results = [picture]
    for _ in range(count):
        results.append(core.apply(model, results[-1], results[-1] if rolling_guidance else picture))
    return results[1:]


def passes_in(colour, core, model, picture, count, rolling_guidance):
    split, join = COLOURS[colour]
    parts = [passes(core, model, np.ascontiguousarray(part), count, rolling_guidance) for part in split(picture)]
    return [join(list(results)) for results in zip(*parts)]


def methods(core, arguments, pictures):
    """Name -> {setting: results, one for each picture}."""
    table = {'input': {'': pictures}}
    if arguments.competitors:
        for name, variants in rivals().items():
            table[name] = {setting: [function(x) for x in pictures] for setting, function in variants.items()}
    for model, others, colour in [(m, o, c) for ms, o in ((arguments.other, True), (arguments.models, False)) for m in ms
                                  for c in arguments.colours]:
        name = pathlib.Path(model).stem + f' ({colour})' * (len(arguments.colours) > 1)
        for rolling_guidance in (True, False)[:1 + others]:
            runs = [passes_in(colour, core, model, x, arguments.passes, rolling_guidance) for x in pictures]
            for number, results in enumerate(zip(*runs), 1):
                setting = f'{number} passes' + ', guided by the picture' * (not rolling_guidance)
                if others:
                    table.setdefault(name, {})[setting] = results
                else:
                    table[f'{name}, {setting}'] = {'': results}
    return table


def mean_psnr(results, truths):
    return float(np.mean([evaluate.psnr(r, t) for r, t in zip(results, truths)]))


def sheet(path, rows, size):
    """Middles of the pictures of each row side by side."""
    def middle(x):
        top, left = ((n - min(n, size)) // 2 for n in x.shape[:2])
        return x[top:top + size, left:left + size]
    page = np.concatenate([np.concatenate([middle(x) for x in row], 1) for row in rows])
    Image.fromarray((page.clip(0, 1) * 255).round().astype(np.uint8)).save(path)


def measured(kind, core, arguments, out):
    pictures, truths = [], []
    for path in arguments.files:
        picture, truth = KINDS[kind](evaluate.read(path, arguments.crop))
        pictures.append(picture.astype(np.float32))
        truths.append(truth)
    rows, best = [], {}
    for method, variants in methods(core, arguments, pictures).items():
        setting = max(variants, key=lambda s: mean_psnr(variants[s], truths))
        best[method] = variants[setting]
        rows.append((kind, method, setting, round(mean_psnr(best[method], truths), 2)))
        print(*rows[-1], sep='\t', flush=True)
    if arguments.size:
        sheet(out / f'{kind}.png', [[r[i] for r in best.values()] + [truths[i]] for i in range(min(3, len(truths)))], arguments.size)
    return rows


def write(rows, out):
    with open(out / 'results.csv', 'w', newline='') as file:
        csv.writer(file).writerows([('kind', 'method', 'setting', 'psnr')] + rows)
    kinds, table = list(dict.fromkeys(r[0] for r in rows)), {(r[1], r[0]): r[3] for r in rows}
    with open(out / 'results.md', 'w') as file:
        print('| method |', ' | '.join(kinds), '|', file=file)
        print('|---|' + '---|' * len(kinds), file=file)
        for method in dict.fromkeys(r[1] for r in rows):
            print(f'| {method} |', ' | '.join(f'{table[method, k]:.2f}' for k in kinds), '|', file=file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('models', nargs='*')
    parser.add_argument('--kinds', nargs='+', choices=KINDS, required=True, metavar='KIND', help=', '.join(KINDS))
    parser.add_argument('--photos', required=True, metavar='FOLDER')
    parser.add_argument('--every', type=int, default=1, help='take every so many-th photograph')
    parser.add_argument('--crop', type=int, default=0, help='top left square of this size; 0: everything')
    parser.add_argument('--passes', type=int, default=4)
    parser.add_argument('--other', nargs='*', default=[], metavar='MODEL', help='models of others to compare with')
    parser.add_argument('--colours', nargs='+', choices=COLOURS, default=['rgb'], metavar='COLOURS', help=', '.join(COLOURS))
    parser.add_argument('--competitors', action='store_true')
    parser.add_argument('--joint-filter', default='joint-filter', metavar='PROGRAM')
    parser.add_argument('--size', type=int, default=0, help='of the parts shown in sheets; 0: no sheets')
    parser.add_argument('--out', default='results')
    arguments = parser.parse_args()
    arguments.files = [path for path, _ in photos.find(arguments.photos)][::arguments.every]
    core, out = evaluate.Core(arguments.joint_filter, None), pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for kind in arguments.kinds:
        rows += measured(kind, core, arguments, out)
    write(rows, out)


if __name__ == '__main__':
    sys.exit(main())
