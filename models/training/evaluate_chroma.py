#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# evaluate_chroma: model files on chroma that was solved or scaled down, and competitors
"""Example:
  evaluate_chroma.py ../chroma-upsampling-x4.safetensors --scribbles flower=grey.png,marked.png --photos ~/Pictures --factor 4 \\
    --joint-filter ../../build/core/joint-filter --out results

Scribbled pictures are solved at full size (the truth), and at 1/factor of it by the paper's protocol ("solved"); the truth is also
scaled down ("scaled"), as is the chroma of photographs ("photo"). All are enlarged by bicubic interpolation and improved with the luma as guide.
RMSE over Cb and Cr, 0..255, mean over pictures; competitors at the setting that is best on the set. Writes results.md, results.csv and a
contact sheet per picture."""

import argparse
import pathlib
import sys

import numpy as np
from PIL import Image

import colourise
import competitors
import evaluate
import evaluate_maps as maps
import photos

DIFFERENT = 20 / 255         # between the grey picture and the marked one where there is a stroke, above what JPEG does


def examples_of(name, luma, chroma, small):
    """Cb and Cr of one picture."""
    photo = np.repeat(luma[..., None], 3, 2).astype(np.float32)
    result = []
    for i in range(2):
        truth, reduced = (x[..., i].astype(np.float32) + np.float32(.5) for x in (chroma, small))
        result.append(maps.Example(name, truth, photo, maps.resized(reduced, *truth.shape, 'cubic'), reduced, 255))
    return result


def whole(picture, factor):
    """Whole blocks only."""
    height, width = (n // factor * factor for n in picture.shape[:2])
    return picture[:height, :width]


def scaled(chroma, factor):
    return np.stack([maps.resized(chroma[..., i].astype(np.float32), chroma.shape[0] // factor, chroma.shape[1] // factor, 'box')
                     for i in range(2)], 2)


def scribbled(name, grey, marked, factor):
    """(solved, scaled) examples of one scribbled picture."""
    grey, marked = (whole(evaluate.read(p, 0), factor) for p in (grey, marked))
    luma, strokes = colourise.luma_of(grey), np.abs(marked - grey).max(2) > DIFFERENT
    chroma = colourise.chroma_of(marked)
    full = colourise.solve(luma, chroma, strokes)
    small = colourise.solve(*colourise.reduced(luma, chroma, strokes, factor))
    return examples_of(name, luma, full, small), examples_of(name, luma, full, scaled(full, factor))


def photographed(path, crop, factor):
    picture = whole(evaluate.read(path, crop), factor)
    chroma = colourise.chroma_of(picture)
    return examples_of(path.stem, colourise.luma_of(picture), chroma, scaled(chroma, factor))


def rmse(results, pair):
    return float(np.sqrt(np.mean([maps.rmse(r, x) ** 2 for r, x in zip(results, pair)])))


def measured(name, pictures, table, arguments, out):
    """Rows (set, method, setting, RMSE); pictures: pairs of examples."""
    rows, best = [], {}
    for method, variants in table.items():
        results = {s: [[function(x) for x in pair] for pair in pictures] for s, function in variants.items()}
        errors = {s: np.mean([rmse(r, pair) for r, pair in zip(rs, pictures)]) for s, rs in results.items()}
        setting = min(errors, key=errors.get)
        best[method] = results[setting]
        rows.append((name, method, setting, round(float(errors[setting]), 3)))
        print(*rows[-1], sep='\t', flush=True)
    for k, pair in enumerate(pictures[:arguments.sheets]):
        colours = [[x.target for x in pair]] + [best[m][k] for m in list(best)[1:]] + [[x.truth for x in pair]]
        row = [colourise.rgb_of(pair[0].photo[..., 0], np.stack(c, 2) - .5) for c in colours]
        Image.fromarray((np.concatenate(row, 1).clip(0, 1) * 255).round().astype(np.uint8)).save(out / f'{name}-{pair[0].name}.png')
    return rows


def methods(arguments, core):
    table = {'bicubic': {'': lambda x: x.target}}
    if arguments.competitors:
        f = arguments.factor
        table['guided filter'] = competitors.settings(maps.guided_filter, radius=[f // 2, f], epsilon=[1e-4, 1e-3])
        table['joint bilateral'] = competitors.settings(lambda x, **s: maps.joint_bilateral(x, 'box', **s),
                                                        spread=[.5, 1], tolerance=[.03, .06, .12])
    for model in arguments.other + arguments.models:
        def run(x, model=model):
            return core.apply(model, x.target[..., None], x.photo)[..., 0]
        table[pathlib.Path(model).stem] = {'': run}
    return table


def write(rows, out):
    names, table = list(dict.fromkeys(r[0] for r in rows)), {(r[1], r[0]): r[3] for r in rows}
    with open(out / 'results.csv', 'w') as file:
        print('set,method,setting,rmse', file=file)
        for name, method, setting, error in rows:
            print(f'{name},{method},"{setting}",{error}', file=file)
    with open(out / 'results.md', 'w') as file:
        print('| method |', ' | '.join(f'{name} | of bicubic' for name in names), '|', file=file)
        print('|---|' + '---|---|' * len(names), file=file)
        for method in dict.fromkeys(r[1] for r in rows):
            print(f'| {method} |', ' | '.join(f'{table[method, n]:.2f} | {table[method, n] / table["bicubic", n]:.2f}' for n in names),
                  '|', file=file)


def named(text):
    name, _, paths = text.partition('=')
    return name, *paths.split(',')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('models', nargs='*')
    parser.add_argument('--scribbles', nargs='*', type=named, default=[], metavar='NAME=GREY,MARKED')
    parser.add_argument('--photos', metavar='FOLDER')
    parser.add_argument('--crop', type=int, default=0, help='of photographs: top left square of this size; 0: everything')
    parser.add_argument('--factor', type=int, default=4)
    parser.add_argument('--competitors', action='store_true')
    parser.add_argument('--other', nargs='*', default=[], metavar='MODEL', help='models of others to compare with')
    parser.add_argument('--joint-filter', default='joint-filter', metavar='PROGRAM')
    parser.add_argument('--sheets', type=int, default=0, help='for how many pictures of each set')
    parser.add_argument('--out', default='results')
    arguments = parser.parse_args()
    core, out = evaluate.Core(arguments.joint_filter, None), pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    sets, table, rows = {}, methods(arguments, core), []
    if arguments.scribbles:
        sets['solved'], sets['scaled'] = zip(*(scribbled(*s, arguments.factor) for s in arguments.scribbles))
    if arguments.photos:
        sets['photo'] = [photographed(path, arguments.crop, arguments.factor) for path, _ in photos.find(arguments.photos)]
    for name, pictures in sets.items():
        rows += measured(name, pictures, table, arguments, out)
    write(rows, out)


if __name__ == '__main__':
    sys.exit(main())
