"""Training by several processes of one thread each on a CPU, or by one process on a GPU with others that draw for it.

The processes of a team meet once a step, not at every operation as the threads of one process do, so a core that is busy
with other work for a moment delays them little. The weights and everyone's gradients lie in shared memory; each process
updates its share of the weights.
"""

import argparse
import os
from collections.abc import Callable, Iterator

import torch
import torch.multiprocessing as processes


class Team:
    def __init__(self, size: int, weights: int, device: str = "cpu") -> None:
        self.size = size
        self.barrier = processes.get_context("spawn").Barrier(size)
        self.weights = torch.zeros(weights, device=device)
        self.gradients = torch.zeros(size, weights, dtype=torch.bfloat16, device=device)
        self.board = torch.zeros(size + 1, dtype=torch.float64).share_memory_()  # the run's progress, then everyone's squared norm
        if device == "cpu":
            self.weights.share_memory_()
            self.gradients.share_memory_()

    def meet(self) -> None:
        if self.size > 1:
            self.barrier.wait()


def run(work: Callable, team: Team, *arguments) -> None:
    """work(rank, team, *arguments) in every process."""
    os.environ["OMP_NUM_THREADS"] = "1"
    if team.size == 1:
        work(0, team, *arguments)
    else:
        processes.spawn(work, (team, *arguments), nprocs=team.size)


def stream_options(a: argparse.ArgumentParser) -> None:
    a.add_argument("--processes", type=int, default=2, help="on a CPU; a GPU is used by one")
    a.add_argument("--device", default="cpu", help="cpu, or cuda: bfloat16 on either")
    a.add_argument("--workers", type=int, default=0, help="processes that draw pictures; 0 draws between the steps")


class Stream:
    """The batches of make(seed) on the device, drawn by `workers` processes of other seeds, or, with none, when asked for."""

    def __init__(self, rank: int, a: argparse.Namespace, make: Callable[[int], Iterator]) -> None:
        seed = a.seed * 1000 + rank * 100
        if a.workers:
            context = processes.get_context("fork")  # they never touch the GPU
            self.queue = context.Queue(4)
            for worker in range(a.workers):
                context.Process(target=self.fill, args=(make, seed + worker), daemon=True).start()
        else:
            self.batches = make(seed)
        self.workers, self.device = a.workers, a.device

    def fill(self, make: Callable[[int], Iterator], seed: int) -> None:
        torch.set_num_threads(1)
        for batch in make(seed):
            self.queue.put(batch)

    def __next__(self):
        return move(self.queue.get() if self.workers else next(self.batches), self.device)


def move(batch, device: str):
    """Tensors, and those inside tuples and dicts, to the device."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, tuple):
        return tuple(move(b, device) for b in batch)
    if isinstance(batch, dict):
        return {name: move(b, device) for name, b in batch.items()}
    return batch
