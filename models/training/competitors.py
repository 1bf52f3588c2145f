# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# competitors: what else photographers can use
"""Each competitor is {setting: function (noisy, guidance, sigma) -> clean}, pictures [h,w,3] in 0..1; the evaluation
takes the setting that is best on the very set, which flatters all of them."""

import functools
import itertools

import cv2
import numpy as np
from skimage import restoration

import bm3d
from bm3d import OPPONENT

PAIRS = np.triu_indices(3)                       # of channels: the upper half of a symmetric matrix
ROWS = ([0, 1, 2], [1, 3, 4], [2, 4, 5])         # where the rows of one are


def box(x, radius):
    """Means of every plane of [h,w,c]."""
    return cv2.boxFilter(x, -1, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REPLICATE).reshape(x.shape)


def guided_filter(noisy, guidance, sigma, radius, epsilon, guide):
    """He, Sun, Tang, Guided Image Filtering (TPAMI 2013): guided by itself, or by all three guidance channels."""
    if guide == 'itself':
        mean = box(noisy, radius)
        variance = box(noisy * noisy, radius) - mean * mean
        a = variance / (variance + epsilon)
        return box(a, radius) * noisy + box(mean * (1 - a), radius)
    mean_i, mean_p = box(guidance, radius), box(noisy, radius)
    second = box(guidance[..., PAIRS[0]] * guidance[..., PAIRS[1]], radius) - mean_i[..., PAIRS[0]] * mean_i[..., PAIRS[1]]
    inverse = inverted(second + np.float32(epsilon) * (PAIRS[0] == PAIRS[1]))
    result = np.empty_like(noisy)
    for c in range(noisy.shape[2]):
        cross = box(guidance * noisy[..., c:c + 1], radius) - mean_i * mean_p[..., c:c + 1]
        a = np.stack([(inverse[..., row] * cross).sum(2) for row in ROWS], 2)
        b = mean_p[..., c] - (a * mean_i).sum(2)
        result[..., c] = (box(a, radius) * guidance).sum(2) + box(b[..., None], radius)[..., 0]
    return result


def inverted(m):
    """Symmetric 3x3 matrices [h,w,6] as PAIRS has them."""
    xx, xy, xz, yy, yz, zz = np.moveaxis(m.astype(np.float64), 2, 0)
    minors = [yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy, xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy]
    determinant = xx * minors[0] + xy * minors[1] + xz * minors[2]
    return np.stack([n / determinant for n in minors], 2).astype(np.float32)


def joint_bilateral(noisy, guidance, sigma, spread, tolerance):
    """Petschnigg et al., Digital Photography with Flash and No-Flash Image Pairs (SIGGRAPH 2004), eq. 4."""
    radius = round(2 * spread)
    height, width = noisy.shape[:2]
    pad = ((radius, radius), (radius, radius), (0, 0))
    p, i = np.pad(noisy, pad, mode='edge'), np.pad(guidance, pad, mode='edge')
    total, weights = np.zeros_like(noisy), np.zeros((height, width, 1), noisy.dtype)
    for dy, dx in itertools.product(range(2 * radius + 1), repeat=2):
        window = slice(dy, dy + height), slice(dx, dx + width)
        near = ((dy - radius) ** 2 + (dx - radius) ** 2) / (2 * spread ** 2)
        alike = ((i[window] - guidance) ** 2).sum(2, keepdims=True) / (2 * tolerance ** 2)
        weight = np.exp(-near - alike)
        total += weight * p[window]
        weights += weight
    return total / weights


def wavelets(noisy, guidance, sigma, method):
    """Shrinkage in opponent colours, averaged over shifts (cycle spinning), the noise level known."""
    planes = noisy @ OPPONENT.T
    shrink = functools.partial(restoration.denoise_wavelet, sigma=sigma, method=method, mode='soft', wavelet='db2',
                               rescale_sigma=False)
    clean = [restoration.cycle_spin(planes[..., c], shrink, max_shifts=3, num_workers=1) for c in range(3)]
    return np.stack(clean, 2) @ OPPONENT


def non_local_means(noisy, guidance, sigma, strength):
    return restoration.denoise_nl_means(noisy, patch_size=5, patch_distance=7, h=strength * sigma, sigma=sigma,
                                        fast_mode=True, channel_axis=2)


def settings(function, **choices):
    return {', '.join(f'{k} {v}' for k, v in zip(choices, values)):
            functools.partial(function, **dict(zip(choices, values))) for values in itertools.product(*choices.values())}


def all_of():
    return {
        'guided filter': {**settings(guided_filter, guide=['itself'], radius=[1, 2, 3, 5], epsilon=[.0003, .001, .003, .01]),
                          **settings(guided_filter, guide=['guidance'], radius=[1, 2, 4, 8], epsilon=[.0001, .0003, .001, .003, .01])},
        'joint bilateral': settings(joint_bilateral, spread=[1, 1.5, 2.5], tolerance=[.03, .05, .1, .2]),
        'non-local means': settings(non_local_means, strength=[.5, .6, .8]),
        'colour BM3D': {'': lambda noisy, guidance, sigma: bm3d.denoise(noisy, sigma)},
        'wavelet shrinkage': settings(wavelets, method=['BayesShrink', 'VisuShrink']),
    }
