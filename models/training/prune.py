#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# prune: a model file without the units that no picture brings above zero
"""Example: prune.py configs/flash-denoise.toml flash-denoise.safetensors --photos ~/Pictures

Training leaves units whose output is zero whatever the picture. Nothing reads anything from them, so the model without
them computes the same, in less time. A unit is kept if a single pixel of all the examples brings it above zero."""

import argparse
import copy
import importlib
import random

import torch

import config as configs
import grow
import network as networks
from train import export


def kept_units(net, data, recipe, settings, patch, examples, batch=32):
    """Masks as of grow.alive (), over many examples."""
    kept = None
    for _ in range(0, examples, batch):
        x = recipe.examples(data, batch, patch, settings)
        masks = grow.alive(net, x.target, x.guide, x.told, share=0)
        kept = masks if kept is None else {name: [a | b for a, b in zip(kept[name], masks[name])] for name in masks}
    return kept


def prune(net, config, kept):
    spec = copy.deepcopy(config['network'])
    for name, masks in kept.items():
        spec[name]['widths'] = [int(mask.sum()) for mask in masks]
    pruned = networks.Network(spec)
    with torch.no_grad():
        for parameter in pruned.parameters():
            parameter.zero_()
    grow.grow(net, pruned, kept)
    return pruned.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument('model', help='is overwritten')
    parser.add_argument('--photos', nargs='+', required=True, metavar='FOLDER')
    parser.add_argument('--examples', type=int, default=1024)
    parser.add_argument('--set', nargs='*', default=[], metavar='TABLE.KEY=VALUE')
    arguments = parser.parse_args()
    config = configs.load(arguments.config, arguments.set)
    random.seed(config['training']['seed'])
    torch.manual_seed(config['training']['seed'])
    recipe = importlib.import_module(config['data']['recipe'])
    data, _ = recipe.load(arguments.photos, config['data'], 'cpu')
    net, _ = networks.load(arguments.model)
    kept = kept_units(net, data, recipe, config['data'], config['training']['patch'], arguments.examples)
    pruned = prune(net, config, kept)
    export(arguments.model, pruned, config)
    print(f'{net.multiplications:.0f} multiplications per pixel before, {pruned.multiplications:.0f} now')


if __name__ == '__main__':
    main()
