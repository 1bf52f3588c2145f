#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# train: a config and folders of photographs -> a model file
"""Example: train.py configs/flash-denoise.toml --photos ~/Pictures --seconds 900 --out flash-denoise.safetensors

The model file is written anew at every report, so that a run may be stopped at any time. --seconds makes the run end
on time on any machine; --iterations makes it repeatable."""

import argparse
import copy
import importlib
import json
import math
import os
import random
import sys
import time

import torch

import config as configs
import grow
import muon
import network as networks
from batch import Batch

# The loss is scaled to keep float16 gradients above that format's smallest number and below its largest: by half as soon as
# one gradient overflows, up again by and by (2 times in 700 steps). A step with an overflow is left out as a whole: without
# its largest elements a gradient points elsewhere, which closes units for good and lets a loss run away.
LOSS_SCALE, SMALLEST_SCALE, LARGEST_SCALE = 512, 1, 65536
SCALE_DOWN, SCALE_UP = 0.5, 1.001
LARGEST_NORM = 1.0           # of a step's gradient, for all weights together
TYPES = {'fp16': torch.float16, 'bf16': torch.bfloat16}


def loss_of(kind, output, truth, expected):
    error = (output - truth).square().mean((1, 2, 3))
    if kind == 'log':                                    # mean PSNR
        return torch.log(error + 1e-6).mean()
    if kind == 'rms':                                    # between mean PSNR and mean square error
        return (torch.sqrt(error + 1e-7) / expected).mean()
    if kind == 'square':
        return (error / expected.square()).mean()
    raise ValueError(f'unknown loss {kind}')


def outputs_of(net, target, guide, told, passes):
    """What every pass gives: a single one without its margin; several whole, each improving what the last one gave. A picture
    that guides itself does so as each pass leaves it."""
    if passes == 1:
        return [net(target, guide, told)]
    outputs, own = [], (guide == target).flatten(1).all(1)[:, None, None, None]
    for _ in range(passes):
        target = net.apply_to(target, guide, told)
        guide = torch.where(own, target, guide)
        outputs.append(target)
    return outputs


class Step:
    """One optimiser step over fixed buffers; on a GPU recorded once and replayed, because the networks are so
    small that starting their kernels one by one would take longer than running them."""

    def __init__(self, net, optimizer, kind, batch, precision, passes):
        self.net, self.optimizer, self.kind, self.precision, self.passes = net, optimizer, kind, precision, passes
        self.batch = Batch(*(x.clone() for x in batch))
        self.loss, self.scale = (torch.zeros((), device=batch.target.device) for _ in range(2))
        self.scale.fill_(LOSS_SCALE if precision == 'fp16' else 1)
        self.graph, self.count = None, 0

    def record(self):
        for _ in range(3):
            self.run()
        self.loss.zero_()
        self.graph = torch.cuda.CUDAGraph()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(self.graph, stream=torch.cuda.current_stream()):
            self.run()

    def run(self):
        target, guide, truth, told, expected = self.batch
        kind = TYPES.get(self.precision)
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(target.device.type, dtype=kind, enabled=kind is not None, cache_enabled=False):
            outputs = outputs_of(self.net, target, guide, told, self.passes)
        loss = sum(loss_of(self.kind, output.float(), networks.centre(truth, *output.shape[2:]), expected)
                   for output in outputs) / len(outputs)
        (loss * self.scale).backward()
        self.unscale()
        self.optimizer.step()
        self.loss.add_(loss.detach())

    def unscale(self):
        """Gradients of the loss itself, clipped; all zero where one of them has overflowed."""
        gradients = [p.grad for p in self.net.parameters()]
        norm = torch.stack(torch._foreach_norm(gradients)).norm() / self.scale
        finite = torch.isfinite(norm)
        factor = torch.where(finite, (LARGEST_NORM / norm).clamp(max=1) / self.scale, 0)
        for gradient in gradients:
            gradient.nan_to_num_(0, 0, 0)
        torch._foreach_mul_(gradients, factor)
        if self.precision == 'fp16':
            self.scale.mul_(torch.where(finite, SCALE_UP, SCALE_DOWN)).clamp_(SMALLEST_SCALE, LARGEST_SCALE)

    def __call__(self, batch):
        for buffer, value in zip(self.batch, batch):
            buffer.copy_(value)
        if self.batch.target.is_cuda and self.graph is None:
            self.record()
        if self.graph is not None:
            self.graph.replay()
        else:
            self.run()
        self.count += 1

    def mean_loss(self):
        """Since the last call."""
        mean, self.count = self.loss.item() / max(self.count, 1), 0
        self.loss.zero_()
        return mean


class Progress:
    """How far a run is, 0..1, by time or by iterations."""

    def __init__(self, seconds, iterations):
        self.seconds, self.iterations, self.start, self.done = seconds, iterations, time.time(), 0

    def __call__(self):
        if self.iterations:
            return self.done / self.iterations
        return (time.time() - self.start) / self.seconds


@torch.no_grad()
def report(net, recipe, held_out, settings, count, size, passes):
    """The recipe's figure for each of its trials, with the guide and with a blank one, and the number of live units in
    the last trial."""
    state, figures, device = torch.random.get_rng_state(), {}, net.filter[0].weight.device
    cuda_state, python_state = torch.cuda.get_rng_state() if device.type == 'cuda' else None, random.getstate()
    torch.backends.cudnn.allow_tf32 = False
    for trial in recipe.TRIALS:
        torch.manual_seed(7)
        random.seed(7)
        batch = recipe.trials(held_out, count, size, settings, trial)
        for name, guide in (('', batch.guide), (' blank', torch.full_like(batch.guide, .5))):
            parts = batch._replace(guide=guide).split(16)
            output = torch.cat([outputs_of(net, part.target, part.guide, part.told, passes)[-1] for part in parts])
            figures[f'{trial}{name}'] = round(recipe.figure(output, networks.centre(batch.truth, *output.shape[2:])), 3)
    masks = grow.alive(net, batch.target[:32], batch.guide[:32], batch.told[:32])
    figures['alive'] = [int(mask.sum()) for name in networks.STACKS for mask in masks[name]]
    torch.random.set_rng_state(state)
    random.setstate(python_state)
    if cuda_state is not None:
        torch.cuda.set_rng_state(cuda_state)
    torch.backends.cudnn.allow_tf32 = True
    return figures


def export(path, net, config):
    metadata = {'scale': '1', **config['model'], 'license': 'GPL-3.0-or-later'}
    networks.save(path + '.part', net, metadata)
    os.replace(path + '.part', path)


def prepare(config, start, recipe, data, device):
    """A network ready to train: fresh, or grown from the model file start."""
    net = networks.Network(config['network'])
    networks.initialise(net)
    net = net.to(device)
    if start:
        old = networks.load(start)[0].to(device)
        batch = recipe.examples(data, 64, config['training']['patch'], config['data'])
        grow.grow(old, net, grow.alive(old, batch.target, batch.guide, batch.told))
    return net.to(memory_format=torch.channels_last)


def train(config, folders, out, seconds, iterations, reports, device, start=None, log=print):
    training, settings = config['training'], config['data']
    random.seed(training['seed'])
    torch.manual_seed(training['seed'])
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = True
    cuda = torch.device(device).type == 'cuda'
    if cuda:                                             # recording is not possible on the default stream
        torch.cuda.set_stream(torch.cuda.Stream())
    recipe = importlib.import_module(settings['recipe'])
    data, held_out = recipe.load(folders, settings, device)
    net = prepare(config, start, recipe, data, device)
    average = copy.deepcopy(net).requires_grad_(False)
    if cuda:                                             # many short kernels become few
        net.compile()
    optimizer = muon.Muon(net.parameters(), torch.tensor(0.0, device=device))
    log(f'{len(data)} + {len(held_out)} pictures, {net.multiplications:.0f} multiplications per pixel, margin {net.margin}')
    trial_count, passes = training.get('trials', 128), training.get('passes', 1)
    step, done, pools, next_report, loss = None, 0, 0, 0.0, None
    progress = Progress(seconds, iterations)
    while (share := progress()) < 1:
        if share >= next_report:
            figures = report(average, recipe, held_out, settings, trial_count, training['patch'], passes)
            export(out, average, config)
            log(json.dumps({'share': round(share, 3), 'seconds': round(time.time() - progress.start),
                            'iterations': done, 'loss': loss, **figures}))
            next_report += 1 / reports
        precision = training['precision'][share >= 1 - training['last_precision']]
        pool = recipe.examples(data, training['pool'], training['patch'], settings)
        for examples in pool.rounds(training.get('rounds', 1), training['batch']):
            if step is None or step.precision != precision:
                step = Step(net, optimizer, training['loss'], examples, precision, passes)
            optimizer.rate.fill_(training['rate'] * min(1, done / training['warm_up'], .5 + .5 * math.cos(math.pi * min(1, share))))
            step(examples)
            done += 1
            progress.done = done
            share = progress()
        pools += 1
        loss = step.mean_loss()
        weight = max(1 - training['average'], 1 / (pools + 1))
        torch._foreach_lerp_(list(average.parameters()), list(net.parameters()), weight)
    figures = report(average, recipe, held_out, settings, trial_count, training['patch'], passes)
    export(out, average, config)
    log(json.dumps({'share': 1, 'seconds': round(time.time() - progress.start), 'iterations': done, **figures}))
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument('--photos', nargs='+', required=True, metavar='FOLDER')
    parser.add_argument('--out', required=True, metavar='FILE')
    parser.add_argument('--start', metavar='FILE', help='a model file to grow from')
    parser.add_argument('--seconds', type=float, default=900)
    parser.add_argument('--iterations', type=int, help='instead of --seconds')
    parser.add_argument('--reports', type=int, default=8)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--set', nargs='*', default=[], metavar='TABLE.KEY=VALUE')
    arguments = parser.parse_args()
    train(configs.load(arguments.config, arguments.set), arguments.photos, arguments.out, arguments.seconds,
          arguments.iterations, arguments.reports, arguments.device, arguments.start,
          lambda text: print(text, flush=True))


if __name__ == '__main__':
    sys.exit(main())
