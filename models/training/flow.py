#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# flow: optical flow beside its frames -> pairs of a photo and a map, as depth maps are
"""Example: flow.py ~/flow ~/flow-pairs, then train.py … --photos ~/flow-pairs. NAME.npz holds one array [h,w,2], the flow of
the frame NAME.* beside it; each component becomes NAME-x_rgb.png and NAME-x_depth.png, stretched to bytes."""

import argparse
import pathlib

import numpy as np
from PIL import Image

import photos


def planes(path):
    (name,) = np.load(path).files
    flow = np.load(path)[name].astype(np.float32)
    low, high = flow.min((0, 1)), flow.max((0, 1))
    return np.moveaxis((flow - low) / np.maximum(high - low, 1e-6), 2, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('flow', type=pathlib.Path)
    parser.add_argument('pairs', type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.pairs.mkdir(parents=True, exist_ok=True)
    for path in sorted(arguments.flow.glob('*.npz')):
        frame = next(p for p in path.parent.glob(path.stem + '.*') if p.suffix in photos.SUFFIXES)
        for name, plane in zip('xy', planes(path)):
            stem = arguments.pairs / f'{path.stem}-{name}'
            Image.open(frame).convert('RGB').save(f'{stem}_rgb.png')
            Image.fromarray((plane * 255).round().astype(np.uint8)).save(f'{stem}_depth.png')


if __name__ == '__main__':
    main()
