from __future__ import annotations

import pytest
import torch

from rlvr.learner.optimizer import OPTIMIZERS, Optimizer, constant_after_warmup


def build(
    kind: str, learning_rate: float, betas: tuple[float, float], weight_decay: float
) -> tuple[Optimizer, torch.nn.Module]:
    model = torch.nn.Sequential(torch.nn.Linear(4, 4))
    torch.nn.init.ones_(model[0].weight)
    torch.nn.init.zeros_(model[0].bias)
    made = OPTIMIZERS[kind](model, learning_rate=learning_rate, betas=betas, weight_decay=weight_decay)
    return Optimizer(made, max_grad_norm=1.0, schedule=constant_after_warmup(0)), model


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_a_resumed_optimizer_obeys_the_config_of_today(kind: str) -> None:
    """Without a gradient only the decay changes a weight, by the product of rate and decay."""
    before, model = build(kind, 0.1, (0.9, 0.95), 0.0)
    model[0].weight.grad = torch.zeros(4, 4)
    before.step()
    assert torch.equal(model[0].weight, torch.ones(4, 4))

    resumed, model = build(kind, 0.2, (0.5, 0.6), 0.1)
    resumed.load_state(before.state())
    model[0].weight.grad = torch.zeros(4, 4)
    _, rate = resumed.step()
    assert (resumed.step_count, rate) == (2, 0.2)
    torch.testing.assert_close(model[0].weight, torch.full((4, 4), 1 - 0.2 * 0.1))


def test_changed_betas_count_after_a_resume_and_the_moments_are_kept() -> None:
    before, model = build("adamw", 0.1, (0.9, 0.95), 0.0)
    model[0].weight.grad = torch.ones(4, 4)
    before.step()
    resumed, model = build("adamw", 0.1, (0.5, 0.95), 0.0)
    resumed.load_state(before.state())
    model[0].weight.grad = torch.zeros(4, 4)
    resumed.step()
    # The first moment was (1 - 0.9) times the gradient, clipped to norm 1: 0.25 each of 16. It halves now.
    (moments,) = resumed.state()["optimizers"]
    torch.testing.assert_close(moments["state"][0]["exp_avg"], torch.full((4, 4), 0.1 * 0.25 * 0.5))
