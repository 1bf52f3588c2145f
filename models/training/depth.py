# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# depth: photographs with depth maps -> memory
"""NAME_rgb.* beside NAME_depth.*: one plane of bytes, larger where farther (or nearer). Bytes are steps, and a network
trained on steps learns to make them: they are smoothed away within what a byte leaves open."""

import concurrent.futures
import pathlib

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

import photos

ROUNDS = 150                 # a step's smoothing reaches about the root of this many pixels to either side
CHUNK = 50                   # pictures smoothed at a time


def find(folder):
    return sorted(p for p in pathlib.Path(folder).iterdir() if '_depth.' in p.name and p.suffix.lower() in photos.SUFFIXES)


def load(paths, device):
    """(photographs [n,3,h,w] bytes, depth [n,1,h,w] floats, each map's range 0..1), cut to the smallest picture."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        maps = list(pool.map(lambda p: np.asarray(Image.open(p).convert('L')), paths))
        colours = list(pool.map(lambda p: photos.read(next(p.parent.glob(p.name.replace('_depth.', '_rgb.')[:-len(p.suffix)] + '.*'))), paths))
    height, width = (min(m.shape[axis] for m in maps) for axis in (0, 1))
    colours, maps = (torch.from_numpy(np.stack([x[:height, :width] for x in xs])) for xs in (colours, maps))
    depth = torch.cat([unstepped(part.to(device)[:, None].float()) for part in maps.split(CHUNK)])
    low, high = depth.amin((2, 3), keepdim=True), depth.amax((2, 3), keepdim=True)
    return colours.permute(0, 3, 1, 2).contiguous().to(device), (depth - low) / (high - low).clamp_min(1)


@torch.no_grad()
def unstepped(levels):
    """[n,1,h,w] whole numbers -> numbers at most half above or below, smooth where neighbours are at most one apart;
    greater jumps stay as they are."""
    near = []
    for shift in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        moved = neighbour(levels, shift)
        near.append(((moved - levels).abs() <= 1).float())
    total = sum(near) + 1
    x = levels
    for _ in range(ROUNDS):
        mean = x.clone()
        for shift, close in zip(((0, 1), (0, -1), (1, 0), (-1, 0)), near):
            mean += close * neighbour(x, shift)
        x = (mean / total).clamp(levels - .5, levels + .5)
    return x


def neighbour(x, shift):
    dy, dx = shift
    padded = F.pad(x, (1, 1, 1, 1), mode='replicate')
    return padded[..., 1 + dy:1 + dy + x.shape[2], 1 + dx:1 + dx + x.shape[3]]
