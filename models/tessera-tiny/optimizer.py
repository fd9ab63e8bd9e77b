"""Muon for the matrices inside the layers and the projector, AdamW for the rest, on float32 master copies of bfloat16 weights,
with warm-up and a cosine rate. Every process of a team updates its share of the weights.

The features' covariance is very uneven (a few directions carry most of it); Muon's orthogonal updates reach the
faint ones, such as position, in far fewer steps than AdamW.
"""

import math

import torch

from team import Team

WARM, FLOOR = 0.03, 0.05  # shares of the run and of the rate
LONGEST_GRADIENT = 1.0


class Optimizer:
    def __init__(
        self, model: torch.nn.Module, rate: float, team: Team, rank: int, slow: dict[str, float] | None = None, decay: float = 0.05
    ) -> None:
        """`slow`: name prefix to a factor on the rate; 0 leaves those weights as they are. The team's weights become the model's."""
        self.rate, self.team, self.rank = rate, team, rank
        slow = slow or {}
        self.names = [name for name, _ in model.named_parameters()]
        self.parameters = [p for _, p in model.named_parameters()]
        self.masters, self.places, at = [], [], 0
        groups: dict[tuple[str, float], list[torch.Tensor]] = {}
        self.mine = []
        work = [0] * team.size
        for name, p in model.named_parameters():
            master = team.weights[at : at + p.numel()].view(p.shape)
            place = slice(at, at + p.numel())
            at += p.numel()
            self.masters.append(master)
            self.places.append(place)
            factor = next((f for prefix, f in slow.items() if name.startswith(prefix)), 1.0)
            p.data = master.to(torch.bfloat16)
            p.requires_grad_(factor > 0)
            if factor == 0:
                continue
            kind = "vector" if p.dim() < 2 else "inner" if "layers." in name or name.startswith("projector") else "matrix"
            owner = work.index(min(work))
            work[owner] += p.numel() * (10 if kind == "inner" else 1)
            if owner == rank:
                self.mine.append((master, place))
                groups.setdefault((kind, factor), []).append(master)
        for _, b in model.named_buffers():
            b.data = b.data.to(torch.bfloat16)
        inner = [dict(params=ms, factor=f) for (kind, f), ms in groups.items() if kind == "inner"]
        outer = [dict(params=ms, factor=f, weight_decay=decay if kind == "matrix" else 0.0) for (kind, f), ms in groups.items() if kind != "inner"]
        self.optimizers: list[torch.optim.Optimizer] = []
        if outer:
            self.optimizers.append(torch.optim.AdamW(outer, lr=rate, betas=(0.9, 0.98), fused=True))
        if inner:
            self.optimizers.append(torch.optim.Muon(inner, lr=rate, weight_decay=decay, momentum=0.95, adjust_lr_fn="match_rms_adamw"))

    def step(self, done: float) -> float:
        """One step of the whole team at the share `done` of the run, as its first process tells it; returns that share."""
        team, rank = self.team, self.rank
        for p, place in zip(self.parameters, self.places):
            if p.requires_grad and p.grad is not None:
                team.gradients[rank, place] = p.grad.flatten()
            elif p.requires_grad:
                team.gradients[rank, place] = 0
            p.grad = None
        if rank == 0:
            team.board[0] = done
        team.meet()
        done = float(team.board[0])
        square = 0.0
        for master, place in self.mine:
            master.grad = team.gradients[:, place].float().mean(0).view(master.shape)
            square += float(master.grad.square().sum())
        team.board[1 + rank] = square
        team.meet()
        norm = float(team.board[1:].sum()) ** 0.5
        shrink = min(1.0, LONGEST_GRADIENT / (norm + 1e-6))
        fall = 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, (done - WARM) / (1 - WARM)))))
        rate = self.rate * (done / WARM if done < WARM else FLOOR + (1 - FLOOR) * fall)
        for master, _ in self.mine:
            master.grad.mul_(shrink)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate * group["factor"]
            optimizer.step()
        team.meet()
        for p, master in zip(self.parameters, self.masters):
            if p.requires_grad:
                p.data.copy_(master)
        return done

    def state(self) -> dict[str, torch.Tensor]:
        """The float32 weights."""
        return {name: master.cpu().clone() for name, master in zip(self.names, self.masters)}


def share_weights(model: torch.nn.Module, processes: int, device: str) -> Team:
    """A team that starts from the model's weights: of so many processes, or of one on a GPU."""
    values = torch.cat([p.detach().float().flatten() for p in model.parameters()])
    team = Team(processes if device == "cpu" else 1, len(values), device)
    team.weights.copy_(values)
    return team
