# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# bm3d: collaborative filtering of colour pictures, for comparison
"""Dabov, Foi, Katkovnik, Egiazarian, Image denoising by sparse 3-D transform-domain collaborative filtering (TIP 2007), and
Color image denoising via sparse 3D collaborative filtering with grouping constraint in luminance-chrominance
space (ICIP 2007), with their parameters for moderate noise; the discrete cosine transform in both passes.
Blocks are matched in the luminance; groups are powers of two of blocks alike."""

import cv2
import numpy as np
from scipy import fft
from scipy.linalg import hadamard

OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [.5, -1, .5]], np.float32)
OPPONENT /= np.linalg.norm(OPPONENT, axis=1, keepdims=True)      # orthonormal: noise stays white
BLOCK, STEP, REACH = 8, 3, 19
MOST, UNLIKE = (16, 32), (2500 / 255 ** 2, 400 / 255 ** 2)       # blocks of a group, largest mean square difference
THRESHOLD = 2.7
WINDOW = np.outer(np.kaiser(BLOCK, 2), np.kaiser(BLOCK, 2)).astype(np.float32)
SLICE = 2048                                                     # groups at once


def starts(size):
    """Every STEP-th block, and the last one."""
    return np.unique(np.append(np.arange(0, size - BLOCK + 1, STEP), size - BLOCK))


def match(plane, most, unlike):
    """For every block of the grid: the places of the blocks most like it, nearest first, [n,most], and how many count."""
    height, width = plane.shape
    rows, columns = starts(height), starts(width)
    offsets = [(dy, dx) for dy in range(-REACH, REACH + 1) for dx in range(-REACH, REACH + 1)]
    padded = np.pad(plane, REACH, mode='reflect')
    best = np.full((len(rows), len(columns), most), np.inf, np.float32)
    place, worst, limit = np.zeros(best.shape, np.int32), np.zeros(best.shape[:2], int), best[..., 0].copy()
    own = rows[:, None] * width + columns
    grid = np.ix_(rows, columns)
    for dy, dx in offsets:
        moved = padded[REACH + dy:REACH + dy + height, REACH + dx:REACH + dx + width]
        distance = cv2.boxFilter((moved - plane) ** 2, -1, (BLOCK, BLOCK), anchor=(0, 0))[grid]
        inside = ((rows + dy >= 0) & (rows + dy <= height - BLOCK))[:, None] & ((columns + dx >= 0) & (columns + dx <= width - BLOCK))
        distance = np.where(inside, distance, np.inf)
        y, x = (distance < limit).nonzero()
        slot = worst[y, x]
        best[y, x, slot] = distance[y, x]
        place[y, x, slot] = own[y, x] + dy * width + dx
        worst[y, x] = best[y, x].argmax(1)
        limit[y, x] = best[y, x].max(1)
    order = best.argsort(2)
    best, place = np.take_along_axis(best, order, 2), np.take_along_axis(place, order, 2)
    count = np.maximum(1, (best <= unlike).sum(2))
    return place.reshape(-1, most), 2 ** np.floor(np.log2(count)).astype(int).ravel()


def blocks(planes):
    """[h,w,3] -> every block [(h-7)*w... places,3,8,8] as a view addressed by its first pixel."""
    height, width, _ = planes.shape
    padded = np.pad(planes, ((0, BLOCK), (0, BLOCK), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, (BLOCK, BLOCK), (0, 1))[:height, :width]


def spectrum(groups, size):
    haar = hadamard(size).astype(np.float32) / np.sqrt(np.float32(size))
    return np.einsum('ij,njcyx->nicyx', haar, fft.dctn(groups, axes=(-2, -1), norm='ortho'), optimize=True)


def back(groups, size):
    haar = hadamard(size).astype(np.float32) / np.sqrt(np.float32(size))
    return fft.idctn(np.einsum('ij,njcyx->nicyx', haar, groups, optimize=True), axes=(-2, -1), norm='ortho')


def collaborate(noisy, pilot, sigma, matches):
    """One pass over the groups: hard thresholds, or Wiener's where there is a pilot."""
    height, width, _ = noisy.shape
    place, counts = matches
    views = [blocks(x) for x in (noisy, pilot) if x is not None]
    total, weights = np.zeros((height * width, 3)), np.zeros((height * width, 3))
    inner = (np.arange(BLOCK)[:, None] * width + np.arange(BLOCK)).ravel()
    for size in np.unique(counts):
        for chosen in np.array_split((counts == size).nonzero()[0], -(-(counts == size).sum() // SLICE)):
            where = place[chosen, :size]
            spectra = [spectrum(v[where // width, where % width], size) for v in views]
            if pilot is None:
                gain = (np.abs(spectra[0]) > THRESHOLD * sigma).astype(np.float32)
                kept = gain.sum((1, 3, 4))
            else:
                gain = spectra[1] ** 2 / (spectra[1] ** 2 + sigma ** 2)
                kept = (gain ** 2).sum((1, 3, 4))
            weight = 1 / np.maximum(kept, 1)                                          # [n,3]
            result = back(spectra[0] * gain, size)
            to = (where[:, :, None] + inner).ravel()
            for c in range(3):
                share = np.broadcast_to(weight[:, None, c, None, None] * WINDOW, result[:, :, c].shape)
                total[:, c] += np.bincount(to, (share * result[:, :, c]).ravel(), height * width)
                weights[:, c] += np.bincount(to, share.ravel(), height * width)
    return (total / weights).reshape(height, width, 3).astype(np.float32)


def denoise(noisy, sigma):
    planes = (noisy @ OPPONENT.T).astype(np.float32)
    pilot = collaborate(planes, None, sigma, match(planes[..., 0] / np.sqrt(3), MOST[0], UNLIKE[0]))
    return collaborate(planes, pilot, sigma, match(pilot[..., 0] / np.sqrt(3), MOST[1], UNLIKE[1])) @ OPPONENT
