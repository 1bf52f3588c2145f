#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# evaluate: model files against noise of known levels, and against competitors
"""Example:
  evaluate.py ../flash-denoise.safetensors --pair toys=toys_noflash.png,toys_flash.png --crop 720 --competitors \\
    --joint-filter ../../build/core/joint-filter --noise-level ../../build/tests/models/noise-level --out results

Adds Gaussian noise (seeded, not clipped unless --clip) to the clean first picture of every pair, filters it by the
second through the `joint-filter` command, and writes results.md, results.csv and contact sheets. Pairs named
with --real have no truth: their noise is their own, its level is estimated, and they get a sheet only. Photos named with
--photo get a flash photo imitated as in the training (needs PyTorch)."""

import argparse
import csv
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

import modelfile

SEED = 0


class Core:
    """The command that ships, and the estimator of the core."""

    def __init__(self, command, estimator):
        self.command, self.estimator = command, estimator

    def apply(self, model, target, guidance, level=None):
        """Pictures [h,w,3]; level for models that are told it."""
        tensors = {'target': target.transpose(2, 0, 1), 'guidance': guidance.transpose(2, 0, 1)}
        if modelfile.load(model)[1].get('noise_level') == 'true':
            tensors['noise_level'] = np.array([level])
        with tempfile.TemporaryDirectory() as folder:
            source, result = (str(pathlib.Path(folder, name)) for name in ('in', 'out'))
            modelfile.save(source, tensors)
            subprocess.run([self.command, 'apply', model, source, result], check=True)
            return modelfile.load(result)[0]['output'].transpose(1, 2, 0)

    def estimate(self, target):
        with tempfile.NamedTemporaryFile() as file:
            modelfile.save(file.name, {'target': target.transpose(2, 0, 1)})
            run = subprocess.run([self.estimator, file.name], check=True, capture_output=True, text=True)
        return float(run.stdout)


def read(path, crop):
    picture = Image.open(path).convert('RGB')
    picture = picture.crop((0, 0, min(crop, picture.width), min(crop, picture.height))) if crop else picture
    return np.asarray(picture, np.float32) / 255


def psnr(picture, truth):
    return -10 * np.log10(max(float(((picture - truth) ** 2).mean()), 1e-12))


def ours(core, models, noisy, guidance, level):
    """Rows (method, picture) of every model: level given, guide blank, level estimated."""
    for model in models:
        name = pathlib.Path(model).stem
        yield f'{name}, level given', core.apply(model, noisy, guidance, level)
        yield f'{name}, blank guide', core.apply(model, noisy, np.full_like(guidance, .5), level)
        if core.estimator:
            yield f'{name}, level estimated', core.apply(model, noisy, guidance, core.estimate(noisy))


def methods(core, arguments, noisy, guidance, truth, level):
    """Rows (method, setting, picture) of everybody, each at its best setting."""
    if arguments.competitors:
        import competitors
        for name, variants in competitors.all_of().items():
            results = [(psnr(result, truth), setting, result) for setting, result in
                       ((setting, function(noisy, guidance, sigma=max(level, 1e-3))) for setting, function in variants.items())]
            yield name, *max(results, key=lambda r: r[0])[1:]
    for model in arguments.other:
        yield pathlib.Path(model).stem, '', core.apply(model, noisy, guidance, level)
    for name, result in ours(core, arguments.models, noisy, guidance, level):
        yield name, '', result


def sheet(path, pictures, size, zoom):
    """The middle of every picture side by side, enlarged without smoothing, in the order given."""
    height, width = pictures[0].shape[:2]
    size = min(size, height, width)
    top, left = (height - size) // 2, (width - size) // 2
    row = np.concatenate([p[top:top + size, left:left + size] for p in pictures], 1)
    image = Image.fromarray((row.clip(0, 1) * 255).round().astype(np.uint8))
    image.resize((image.width * zoom, image.height * zoom), Image.Resampling.NEAREST).save(path)


def imitated(truth, seed):
    """Its flash photo: one of a batch, of which shares get shadows, highlights and so on."""
    import random
    import torch
    import flash
    random.seed(seed)
    torch.manual_seed(seed)
    photos = torch.from_numpy(truth).permute(2, 0, 1).expand(8, -1, -1, -1).clone()
    return flash.relit(photos, grey=0)[0].permute(1, 2, 0).numpy()


def pairs_of(arguments):
    for name, truth, guidance in arguments.pair:
        yield name, read(truth, arguments.crop), read(guidance, arguments.crop)
    for seed, path in enumerate(arguments.photo):
        truth = read(path, arguments.crop)
        yield pathlib.Path(path).stem, truth, imitated(truth, seed)


def with_truth(core, arguments, out):
    rows = []
    for name, truth, guidance in pairs_of(arguments):
        for level in arguments.levels:
            noise = np.random.default_rng(SEED).standard_normal(truth.shape).astype(np.float32)
            noisy = truth + np.float32(level) * noise
            noisy = noisy.clip(0, 1) if arguments.clip else noisy
            pictures = [noisy, guidance]
            for method, setting, result in methods(core, arguments, noisy, guidance, truth, level):
                rows.append((name, level, method, setting, round(psnr(result, truth), 2)))
                print(*rows[-1], sep='\t', flush=True)
                pictures.append(result)
            sheet(out / f'{name}-{level}.png', pictures + [truth], arguments.size, arguments.zoom)
    return rows


def without_truth(core, arguments, out):
    for name, target, guidance in arguments.real:
        target, guidance = read(target, 0), read(guidance, 0)
        level = core.estimate(target)
        print(name, f'estimated level {level:.4f}', sep='\t', flush=True)
        results = [core.apply(model, target, guidance, level) for model in arguments.other + arguments.models]
        sheet(out / f'{name}.png', [target, guidance] + results, arguments.size, arguments.zoom)


def write(rows, out):
    with open(out / 'results.csv', 'w', newline='') as file:
        csv.writer(file).writerows([('pair', 'sigma', 'method', 'setting', 'psnr')] + rows)
    columns = list(dict.fromkeys((r[0], r[1]) for r in rows))
    levels = list(dict.fromkeys(level for _, level in columns))
    table = {(r[2], (r[0], r[1])): r[4] for r in rows}
    with open(out / 'results.md', 'w') as file:
        print('| method |', ' | '.join([f'{name} {level}' for name, level in columns] + [f'mean {level}' for level in levels]),
              '|', file=file)
        print('|---|' + '---|' * (len(columns) + len(levels)), file=file)
        for method in dict.fromkeys(r[2] for r in rows):
            figures = [table[method, c] for c in columns]
            means = [np.mean([table[method, c] for c in columns if c[1] == level]) for level in levels]
            print(f'| {method} |', ' | '.join(f'{figure:.2f}' for figure in figures + means), '|', file=file)


def pair(text):
    name, _, paths = text.partition('=')
    return name, *paths.split(',')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('models', nargs='+')
    parser.add_argument('--pair', nargs='*', type=pair, default=[], metavar='NAME=TRUTH,GUIDANCE')
    parser.add_argument('--photo', nargs='*', default=[], metavar='TRUTH')
    parser.add_argument('--real', nargs='*', type=pair, default=[], metavar='NAME=TARGET,GUIDANCE')
    parser.add_argument('--levels', nargs='+', type=float, default=[.0316, .1])
    parser.add_argument('--crop', type=int, default=0, help='top left square of this size; 0: everything')
    parser.add_argument('--clip', action='store_true', help='noisy pictures clipped to 0..1')
    parser.add_argument('--competitors', action='store_true', help='needs SciPy and scikit-image')
    parser.add_argument('--other', nargs='*', default=[], metavar='MODEL', help='models of others to compare with')
    parser.add_argument('--joint-filter', default='joint-filter', metavar='PROGRAM')
    parser.add_argument('--noise-level', metavar='PROGRAM', help='the estimator, built with the tests')
    parser.add_argument('--size', type=int, default=240, help='of the parts shown in sheets')
    parser.add_argument('--zoom', type=int, default=2)
    parser.add_argument('--out', default='results')
    arguments = parser.parse_args()
    if arguments.real and not arguments.noise_level:
        parser.error('--real needs --noise-level: nobody else knows how noisy these pictures are')
    core, out = Core(arguments.joint_filter, arguments.noise_level), pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    rows = with_truth(core, arguments, out)
    if rows:
        write(rows, out)
    without_truth(core, arguments, out)


if __name__ == '__main__':
    sys.exit(main())
