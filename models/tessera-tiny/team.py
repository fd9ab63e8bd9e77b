"""Training by several processes of one thread each, on one machine.

They meet once a step, not at every operation as the threads of one process do, so a core that is busy with other
work for a moment delays them little. The weights and everyone's gradients lie in shared memory; each process updates
its share of the weights.
"""

import os
from collections.abc import Callable

import torch
import torch.multiprocessing as processes


class Team:
    def __init__(self, size: int, weights: int) -> None:
        self.size = size
        self.barrier = processes.get_context("spawn").Barrier(size)
        self.weights = torch.zeros(weights).share_memory_()
        self.gradients = torch.zeros(size, weights, dtype=torch.bfloat16).share_memory_()
        self.board = torch.zeros(size + 1, dtype=torch.float64).share_memory_()  # the run's progress, then everyone's squared norm

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
