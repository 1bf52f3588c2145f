# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# photos: folders of pictures -> tiles in memory
"""All the tiles live on the training device as bytes: a few hundred photographs are some hundred megabytes."""

import concurrent.futures
import pathlib

import numpy as np
import torch
from PIL import Image

SUFFIXES = {'.jpg', '.jpeg', '.png', '.webp', '.tif', '.tiff'}


class Tiles:
    """photos [n,3,s,s] bytes, and partners of the same shape: the registered second picture of a pair, or the photo
    itself where it has none; paired [n] says which."""

    def __init__(self, photos, partners, paired):
        self.photos, self.partners, self.paired = photos, partners, paired

    def __len__(self):
        return len(self.photos)

    def to(self, device):
        return Tiles(self.photos.to(device), self.partners.to(device), self.paired.to(device))

    def take(self, chosen):
        return Tiles(self.photos[chosen], self.partners[chosen], self.paired[chosen])


def read(path):
    return np.asarray(Image.open(path).convert('RGB'))


def find(folder):
    """Photographs of a folder, in order, each with its partner or None: NAME_rgb.* goes with NAME_nir.*"""
    paths = sorted(p for p in pathlib.Path(folder).iterdir() if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise FileNotFoundError(f'{folder}: no photographs ({", ".join(sorted(SUFFIXES))})')
    partners = {p.name: p for p in paths}
    pairs = [(p, partners.get(p.name.replace('_rgb', '_nir')) if '_rgb.' in p.name else None) for p in paths]
    return [(p, q) for p, q in pairs if '_nir.' not in p.name]


def cut(photo, partner, size):
    """Tiles of one picture side by side, the last ones moved in so that they fit; none if it is too small."""
    height, width = photo.shape[:2]
    if height < size or width < size:
        return []
    tops, lefts = ([round(i * (n - size) / max(1, -(-n // size) - 1)) for i in range(-(-n // size))] for n in (height, width))
    return [[x[t:t + size, l:l + size] for x in (photo, partner)] for t in tops for l in lefts]


def load(folders, size, held_out_every):
    """Read folders of photographs and return (training, held-out) Tiles of size x size pixels. Every
    held_out_every-th photograph is held out whole."""
    jobs = [job for folder in folders for job in find(folder)]

    def tiles_of(job):
        photo = read(job[0])
        partner = read(job[1]) if job[1] else photo
        return cut(photo, partner[:photo.shape[0], :photo.shape[1]], size)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        cuts = list(pool.map(tiles_of, jobs))
    entries = [(tile, job[1] is not None, i % held_out_every == 0)
               for i, (job, tiles) in enumerate(zip(jobs, cuts)) for tile in tiles]
    if not entries:
        raise ValueError(f'no photograph in {", ".join(map(str, folders))} is {size} pixels or more on both sides')
    photos, partners = (torch.from_numpy(np.stack([e[0][k] for e in entries])).permute(0, 3, 1, 2).contiguous() for k in (0, 1))
    tiles = Tiles(photos, partners, torch.tensor([e[1] for e in entries]))
    held_out = torch.tensor([e[2] for e in entries])
    return tiles.take(~held_out), tiles.take(held_out)
