# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# grow: a trained network inside a fresh one, with no unit dead
"""A ReLU unit whose output is zero for every picture learns no more. Growing copies a trained network's live units into
a freshly initialised network of the same or a greater size, which computes the same function to begin with: fresh units
read everything but are read, with weights of zero, by fresh units only. It revives a network (same size) or
makes a big one start where a small one ended (further layers start as the identity)."""

import torch
from torch.nn import functional as F

import network as networks

LIVELY = 0.001               # share of pixels where a unit must be above zero to count as alive


@torch.no_grad()
def alive(net, noisy, guide, told, share=LIVELY):
    """Masks of live units, above zero in more than this share of the pixels: {'guidance': [mask per layer],
    'target': […], 'filter': […]}, the output layer left out. The last layers of guidance and target count as live where
    a ReLU follows the merge and they pass it."""
    def walk(layers, x, last):
        masks = []
        for i, layer in enumerate(layers):
            x = layer(x)
            if i < len(layers) - 1 or last:
                x = x.relu()
                masks.append((x > 0).float().mean((0, 2, 3)) > share)
            elif layers is not net.filter:
                masks.append(torch.ones(x.shape[1], dtype=torch.bool, device=x.device))
        return x, masks

    t, g = (F.pixel_unshuffle(x, net.r) for x in (noisy, guide))
    t, target = walk(net.target, net.with_noise(t, told), net.merge_relu)
    g, guidance = walk(net.guidance, g, net.merge_relu)
    size = min(t.shape[2], g.shape[2]), min(t.shape[3], g.shape[3])
    _, filters = walk(net.filter, torch.cat([networks.centre(x, *size) for x in (g, t)], 1), False)
    return {'guidance': guidance, 'target': target, 'filter': filters}


@torch.no_grad()
def grow(small, big, masks):
    """Write small's live units into big, which networks.initialise () has prepared."""
    device = small.filter[0].weight.device
    plans = {}
    for name in ('guidance', 'target'):
        inputs = torch.arange(getattr(small, name)[0].in_channels, device=device)
        plans[name] = inputs, inputs
        for old, new, mask in zip(getattr(small, name), getattr(big, name), masks[name]):
            plans[name] = transplant(old, new, plans[name], mask.nonzero()[:, 0])
    shift_old, shift_new = small.guidance[-1].out_channels, big.guidance[-1].out_channels
    plan = (torch.cat([plans['guidance'][0], plans['target'][0] + shift_old]),
            torch.cat([plans['guidance'][1], plans['target'][1] + shift_new]))
    for old, new, mask in zip(small.filter, list(big.filter)[:len(small.filter) - 1], masks['filter']):
        plan = transplant(old, new, plan, mask.nonzero()[:, 0])
    for new in list(big.filter)[len(small.filter) - 1:-1]:
        plan = pass_through(new, plan)
    outputs = torch.arange(small.filter[-1].out_channels, device=device)
    transplant(small.filter[-1], big.filter[-1], plan, outputs)


def transplant(old, new, plan, kept):
    """Rows of new 0..n become the kept rows of old; plan = (columns of old, columns of new). Returns the next plan."""
    rows = torch.arange(len(kept), device=kept.device)
    new.weight[rows] = 0
    new.weight[rows[:, None], plan[1][None]] = old.weight[kept[:, None], plan[0][None]]
    new.bias[rows] = old.bias[kept]
    return kept, rows


def pass_through(new, plan):
    rows, c = plan[1], new.kernel_size[0] // 2
    new.weight[rows] = 0
    new.weight[rows, rows, c, c] = 1
    new.bias[rows] = 0
    return plan
