#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# evaluate_maps: model files on maps made small and enlarged again, and competitors
"""Example:
  evaluate_maps.py ../depth-upsampling-x8.safetensors --set middlebury='sets/*_depth.png,sets/*_color.png' --factor 8 \\
    --degrade odd --joint-filter ../../build/core/joint-filter --out results

A set is two patterns of files: maps and their photos, in the same order. Maps of bytes are filtered as 0..1; maps
of more bits each by its own range. RMSE is in the file's own numbers times --unit, the mean of the set's pictures.
Competitors take the setting that is best on the set. Writes results.md, results.csv and a contact sheet per map."""

import argparse
import csv
import functools
import glob
import itertools
import pathlib
import sys
from typing import NamedTuple

import numpy as np
from PIL import Image

import evaluate
import resample

NOISE = np.float32(1e-3 ** .5)       # the paper's
BETA2 = .3                           # F-measure: precision before recall, as everybody who measures saliency


class Example(NamedTuple):
    name: str
    truth: np.ndarray                # [h,w], 0..1
    photo: np.ndarray                # [h,w,3]
    target: np.ndarray               # [h,w], what everybody improves
    small: np.ndarray                # the same before it was enlarged, None after noise
    span: float                      # RMSE's unit


def read(map_path, photo_path, unit):
    plane = np.asarray(Image.open(map_path))
    if plane.dtype == np.uint8:
        plane, low, high = (plane if plane.ndim == 2 else plane[..., 0]), 0, 255
    else:
        low, high = int(plane.min()), int(plane.max())
    truth = (plane.astype(np.float32) - low) / (high - low)
    return truth, evaluate.read(photo_path, 0), (high - low) * unit


def resized(x, height, width, kernel):
    return resample.weights(height, x.shape[0], kernel) @ x @ resample.weights(width, x.shape[1], kernel).T


def made_small(truth, factor, degrade):
    if degrade == 'odd':
        return resample.decimated(truth, factor)
    return resized(truth, round(truth.shape[0] / factor), round(truth.shape[1] / factor), degrade)


def example(map_path, photo_path, arguments):
    truth, photo, span = read(map_path, photo_path, arguments.unit)
    if arguments.degrade == 'noise':
        draw = np.random.default_rng(evaluate.SEED).standard_normal(truth.shape).astype(np.float32)
        return Example(pathlib.Path(map_path).stem, truth, photo, truth + NOISE * draw, None, span)
    if arguments.degrade == 'odd':                       # whole blocks only
        height, width = (n // arguments.factor * arguments.factor for n in truth.shape)
        truth, photo = truth[:height, :width], photo[:height, :width]
    small = made_small(truth, arguments.factor, arguments.degrade)
    return Example(pathlib.Path(map_path).stem, truth, photo, resized(small, *truth.shape, 'cubic'), small, span)


def guided_filter(x, radius, epsilon):
    import competitors
    target = np.repeat(x.target[..., None], 3, 2)
    return competitors.guided_filter(target, x.photo, 0, radius, epsilon, 'guidance')[..., 0]


def joint_bilateral(x, degrade, spread, tolerance):
    """Kopf et al., Joint Bilateral Upsampling (SIGGRAPH 2007), knowing where the small map's pixels were; spread in
    its pixels. After noise: the plain joint bilateral filter."""
    if x.small is None:
        import competitors
        target = np.repeat(x.target[..., None], 3, 2)
        return competitors.joint_bilateral(target, x.photo, 0, spread, tolerance)[..., 0]
    (height, width), (rows, columns) = x.truth.shape, x.small.shape
    if degrade == 'odd':
        guide = resample.decimated(x.photo.transpose(2, 0, 1), height // rows).transpose(1, 2, 0)
        shift = .5 - .5 * rows / height                  # the last pixel of a block, not its middle
    else:
        guide, shift = np.stack([resized(x.photo[..., c], rows, columns, 'box') for c in range(3)], 2), 0
    ys = ((np.arange(height, dtype=np.float32) + .5) * rows / height - .5 - shift)[:, None]
    xs = ((np.arange(width, dtype=np.float32) + .5) * columns / width - .5 - shift)[None]
    total, weights, reach = 0, 1e-12, int(np.ceil(2 * spread))
    for dy, dx in itertools.product(range(-reach, reach + 1), repeat=2):
        j, i = np.rint(ys).astype(int) + dy, np.rint(xs).astype(int) + dx
        near = ((j - ys) ** 2 + (i - xs) ** 2) / (2 * spread ** 2)
        j, i = j.clip(0, rows - 1), i.clip(0, columns - 1)
        alike = ((guide[j, i] - x.photo) ** 2).sum(2) / (2 * tolerance ** 2)
        weight = np.exp(-near - alike)
        total, weights = total + weight * x.small[j, i], weights + weight
    return total / weights


def methods(arguments, core):
    """Name -> {setting: function of an example}."""
    table = {'noisy' if arguments.degrade == 'noise' else 'bicubic': {'': lambda x: x.target}}
    f = arguments.factor
    radii = [1, 2, 4] if arguments.degrade == 'noise' else [f // 4, f // 2, f, 2 * f]
    if arguments.competitors:
        import competitors
        table['guided filter'] = competitors.settings(guided_filter, radius=radii, epsilon=[1e-5, 1e-4, 1e-3])
        bilateral = functools.partial(joint_bilateral, degrade=arguments.degrade)
        table['joint bilateral'] = competitors.settings(bilateral, spread=[.35, .5, .75], tolerance=[.06, .12, .25])
    for model in arguments.models:
        def run(x, model=model):
            return core.apply(model, x.target[..., None], x.photo)[..., 0]
        table[pathlib.Path(model).stem] = {'': run}
    return table


def rmse(result, x):
    return float(np.sqrt(((result - x.truth) ** 2).mean()) * x.span)


def f_measure(result, x):
    """At twice the mean, as Achanta et al. (CVPR 2009) have it, but never above the middle."""
    found, truth = result >= min(2 * result.mean(), .5), x.truth > .5
    right = (found & truth).sum()
    precision, recall = right / max(found.sum(), 1), right / max(truth.sum(), 1)
    return float((1 + BETA2) * precision * recall / max(BETA2 * precision + recall, 1e-9))


def middle(picture, size):
    top, left = ((n - min(n, size)) // 2 for n in picture.shape[:2])
    return picture[top:top + size, left:left + size]


def sheet(path, pictures, size):
    colour = [p if p.ndim == 3 else np.repeat(p[..., None], 3, 2) for p in pictures]
    row = np.concatenate([middle(p, size) for p in colour], 1)
    Image.fromarray((row.clip(0, 1) * 255).round().astype(np.uint8)).save(path)


def measured(name, examples, table, arguments, out):
    rows, best = [], {}
    searched = examples[::arguments.search_every]
    for method, variants in table.items():
        setting = min(variants, key=lambda s: np.mean([rmse(variants[s](x), x) for x in searched]) if len(variants) > 1 else 0)
        best[method] = [variants[setting](x) for x in examples]
        error, f = (np.mean([measure(r, x) for r, x in zip(best[method], examples)]) for measure in (rmse, f_measure))
        rows.append((name, arguments.factor, arguments.degrade, method, setting, round(float(error), 4), round(float(f), 4)))
        print(*rows[-1], sep='\t', flush=True)
    if arguments.size:
        for k, x in enumerate(examples):
            sheet(out / f'{name}-{x.name}.png', [x.photo] + [r[k] for r in best.values()] + [x.truth], arguments.size)
    return rows


def write(rows, out):
    with open(out / 'results.csv', 'w', newline='') as file:
        csv.writer(file).writerows([('set', 'factor', 'degrade', 'method', 'setting', 'rmse', 'f')] + rows)
    names, table = list(dict.fromkeys(r[0] for r in rows)), {(r[3], r[0]): r for r in rows}
    with open(out / 'results.md', 'w') as file:
        print('| method |', ' | '.join(f'{name} RMSE | F' for name in names), '|', file=file)
        print('|---|' + '---|---|' * len(names), file=file)
        for method in dict.fromkeys(r[3] for r in rows):
            print(f'| {method} |', ' | '.join(f'{table[method, n][5]:.3f} | {table[method, n][6]:.3f}' for n in names), '|', file=file)


def pattern_pair(text):
    name, _, patterns = text.partition('=')
    maps, photos = (sorted(glob.glob(p)) for p in patterns.split(','))
    if len(maps) != len(photos) or not maps:
        raise argparse.ArgumentTypeError(f'{text}: {len(maps)} maps, {len(photos)} photos')
    return name, list(zip(maps, photos))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('models', nargs='*')
    parser.add_argument('--set', nargs='+', type=pattern_pair, required=True, metavar='NAME=MAPS,PHOTOS')
    parser.add_argument('--degrade', choices=['odd', 'noise', *resample.KERNELS], required=True)
    parser.add_argument('--factor', type=int, default=1)
    parser.add_argument('--unit', type=float, default=1)
    parser.add_argument('--every', type=int, default=1, help='take every so many-th picture')
    parser.add_argument('--competitors', action='store_true')
    parser.add_argument('--search-every', type=int, default=1, help='their settings are chosen by every so many-th picture')
    parser.add_argument('--joint-filter', default='joint-filter', metavar='PROGRAM')
    parser.add_argument('--size', type=int, default=0, help='of the parts shown in sheets; 0: no sheets')
    parser.add_argument('--out', default='results')
    arguments = parser.parse_args()
    core, out = evaluate.Core(arguments.joint_filter, None), pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, files in arguments.set:
        examples = [example(*paths, arguments) for paths in files[::arguments.every]]
        rows += measured(name, examples, methods(arguments, core), arguments, out)
    write(rows, out)


if __name__ == '__main__':
    sys.exit(main())
