from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from rlvr.batch import Batch, Batching, MiniBatch, build_batch
from rlvr.config import GRPOConfig, LearnerConfig
from rlvr.errors import ConfigError, InfrastructureError, TrainingStoppedError
from rlvr.learner.learner import Learner
from rlvr.learner.losses import clipped_policy_loss
from rlvr.learner.policy import Policy, load_model, recompute_activations
from rlvr.packing import pack
from rlvr.rollouts import Rollout, ScoredGroup
from tests.learner.layers import layer_forwards
from tests.loop.groups import scored_group

CONFIG = LearnerConfig(
    learning_rate=1e-3, row_tokens=64, micro_batch_rows=3, matmul_dtype="float32", threads=1
)


@pytest.fixture
def learner(tiny_model: Path, tmp_path: Path) -> Learner:
    return Learner(CONFIG, GRPOConfig(), str(tiny_model), tmp_path / "weights", ((5, 6, 7),), seed=0)


@pytest.fixture
def scored() -> list[ScoredGroup]:
    rng = np.random.default_rng(0)
    return [scored_group(rng, rewards=(1.0, 0.0, 1.0, 0.0), vocabulary=300) for _ in range(3)]


def reference_logprobs(model: torch.nn.Module, rollout: Rollout) -> torch.Tensor:
    """One sequence, unpacked, all its logits at once."""
    tokens = torch.from_numpy(np.concatenate([rollout.prompt_ids, rollout.completion_ids])).long()
    logits = model(tokens[None]).logits[0, :-1]
    chosen = logits.log_softmax(-1).gather(-1, tokens[1:, None]).squeeze(-1)
    return chosen[len(rollout.prompt_ids) - 1 :]


def used(scored: list[ScoredGroup]) -> list[tuple[Rollout, float]]:
    return [
        (sample.rollout, float(advantage))
        for group in scored
        for sample, advantage in zip(group.group.samples, group.advantages_G, strict=True)
        if sample.rollout is not None
    ]


@pytest.mark.parametrize("chunk_tokens", [1, 7, 1000])
def test_packed_chunked_logprobs_are_those_of_each_sequence_alone(
    tiny_model: Path, scored: list[ScoredGroup], chunk_tokens: int
) -> None:
    model = load_model(str(tiny_model), "cpu").double()
    rollouts = [rollout for rollout, _ in used(scored)]
    rows = pack([np.concatenate([r.prompt_ids, r.completion_ids]) for r in rollouts], 64)
    completions = [np.r_[np.zeros(len(r.prompt_ids)), np.ones(len(r.completion_ids))] for r in rollouts]
    scored_RL = rows.lay(completions, np.bool_)
    policy = Policy(model, torch.float32, chunk_tokens)
    found = np.zeros(scored_RL.shape)
    found[scored_RL] = (
        policy.logprobs(
            torch.from_numpy(rows.token_ids_RL).long(),
            torch.from_numpy(rows.position_ids_RL).long(),
            torch.from_numpy(scored_RL),
        )
        .detach()
        .numpy()
    )
    for (row, column), rollout in zip(rows.places, rollouts, strict=True):
        start = column + len(rollout.prompt_ids)
        expected = reference_logprobs(model, rollout).detach().numpy()
        # The log-softmax itself is taken in float32.
        np.testing.assert_allclose(found[row, start : start + len(expected)], expected, atol=2e-5)


def test_the_gradient_is_that_of_a_float64_reference(
    learner: Learner, tiny_model: Path, scored: list[ScoredGroup]
) -> None:
    batch = build_batch(0, scored, Batching(1.0, CONFIG.row_tokens, 1), np.random.default_rng(0))
    learner._accumulate(batch.minibatches[0], temperature=1.0)

    reference = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float64)
    loss, tokens = torch.zeros((), dtype=torch.float64), 0
    for rollout, advantage in used(scored):
        new = reference_logprobs(reference, rollout)
        old = torch.from_numpy(rollout.logprobs_T).double()
        loss = loss + clipped_policy_loss(
            new, old, torch.full_like(new, advantage), clip_low=0.2, clip_high=0.2
        )
        tokens += len(new)
    (loss / tokens).backward()

    for (name, ours), theirs in zip(learner._model.named_parameters(), reference.parameters(), strict=True):
        assert ours.grad is not None
        assert theirs.grad is not None
        error = (ours.grad.double() - theirs.grad).norm() / theirs.grad.norm()
        assert error < 1e-4, f"{name}: relative error {error:.2e}"


def test_an_update_makes_rewarded_completions_likelier(learner: Learner, scored: list[ScoredGroup]) -> None:
    def gap() -> float:
        logprobs = [float(reference_logprobs(learner._model, r).mean().detach()) for r, _ in used(scored)]
        signs = [np.sign(advantage) for _, advantage in used(scored)]
        return float(np.dot(logprobs, signs))

    before = gap()
    learner.update(build_batch(0, scored, Batching(1.0, CONFIG.row_tokens, 1), np.random.default_rng(0)))
    assert gap() > before


def test_a_step_without_anything_to_learn_still_moves_the_version_on(learner: Learner) -> None:
    batch = build_batch(0, [], Batching(1.0, CONFIG.row_tokens, 1), np.random.default_rng(0))
    assert learner.update(batch) == {}
    assert learner.version == 1


def test_a_restored_learner_goes_on_exactly_where_it_was(
    learner: Learner, tiny_model: Path, tmp_path: Path, scored: list[ScoredGroup]
) -> None:
    def step(who: Learner, number: int) -> None:
        who.update(build_batch(number, scored, Batching(1.0, 64, 2), np.random.default_rng(number)))

    step(learner, 0)
    checkpoint = learner.save(tmp_path / "checkpoints", {"done": 1}, keep=1)
    step(learner, 1)

    other = Learner(CONFIG, GRPOConfig(), str(tiny_model), tmp_path / "weights", ((5, 6),), seed=9)
    assert other.restore(checkpoint) == {"done": 1}
    step(other, 1)
    for ours, theirs in zip(learner._model.parameters(), other._model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_gradient_checkpointing_computes_each_layer_twice_and_changes_no_weight(
    learner: Learner, tiny_model: Path, tmp_path: Path, scored: list[ScoredGroup]
) -> None:
    frugal_config = CONFIG.model_copy(update={"gradient_checkpointing": True})
    frugal = Learner(frugal_config, GRPOConfig(), str(tiny_model), tmp_path / "other", ((5, 6, 7),), seed=0)
    batch = build_batch(0, scored, Batching(1.0, CONFIG.row_tokens, 1), np.random.default_rng(0))
    with layer_forwards() as kept:
        learner.update(batch)
    with layer_forwards() as computed_again:
        frugal.update(batch)
    assert len(computed_again) == 2 * len(kept) > 0
    for ours, theirs in zip(learner._model.parameters(), frugal._model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    np.testing.assert_array_equal(learner.publish().probe.logprobs[0], frugal.publish().probe.logprobs[0])


def test_gradient_checkpointing_is_refused_where_it_would_turn_dropout_on(tiny_model: Path) -> None:
    model = load_model(str(tiny_model), "cpu")
    model.config.attention_dropout = 0.1
    with pytest.raises(ConfigError, match=r"attention_dropout': 0\.1"):
        recompute_activations(model)


def hopeless(minibatch: MiniBatch) -> MiniBatch:
    """The same, but no gradient of it is finite."""
    return replace(minibatch, advantages_RL=np.full_like(minibatch.advantages_RL, np.nan))


def two_minibatches(scored: list[ScoredGroup]) -> tuple[MiniBatch, MiniBatch]:
    first, second = build_batch(0, scored, Batching(1.0, 64, 2), np.random.default_rng(0)).minibatches
    return first, second


def test_an_update_broken_off_half_way_is_not_saved_until_the_learner_is_restored(
    learner: Learner, tmp_path: Path, scored: list[ScoredGroup]
) -> None:
    checkpoint = learner.save(tmp_path / "checkpoints", {"done": 0}, keep=1)
    first, second = two_minibatches(scored)
    with pytest.raises(TrainingStoppedError):
        learner.update(Batch(0, 1.0, (first, hopeless(second))))
    with pytest.raises(InfrastructureError, match=r"step 0 broke off .* norm nan.*--resume"):
        learner.save(tmp_path / "torn", {"done": 0}, keep=1)
    assert not (tmp_path / "torn").exists()

    learner.restore(checkpoint)
    assert learner.save(tmp_path / "whole", {"done": 0}, keep=1).exists()


def test_an_update_that_changed_nothing_leaves_weights_that_are_saved_and_no_gradient(
    learner: Learner, tmp_path: Path, scored: list[ScoredGroup]
) -> None:
    before = [parameter.detach().clone() for parameter in learner._model.parameters()]
    first, second = two_minibatches(scored)
    with pytest.raises(TrainingStoppedError):
        learner.update(Batch(0, 1.0, (hopeless(first), second)))
    for parameter, old in zip(learner._model.parameters(), before, strict=True):
        assert torch.equal(parameter, old)
        assert parameter.grad is None
    assert learner.save(tmp_path / "checkpoints", {"done": 0}, keep=1).name == "step_000000"


@pytest.mark.parametrize("done", [0, 2], ids=["behind", "ahead"])
def test_weights_are_not_saved_under_another_number_of_steps(
    learner: Learner, tmp_path: Path, done: int
) -> None:
    learner.update(Batch(0, 1.0, ()))
    with pytest.raises(InfrastructureError, match=f"weights are of 1 steps and not of {done}"):
        learner.save(tmp_path / "checkpoints", {"done": done}, keep=1)
    assert not (tmp_path / "checkpoints").exists()


def test_the_probe_holds_the_learners_own_logprobs(learner: Learner) -> None:
    ref = learner.publish()
    tokens = torch.tensor(ref.probe.tokens[0])
    expected = learner._model(tokens[None]).logits[0, :-1].log_softmax(-1)
    expected = expected.gather(-1, tokens[1:, None]).squeeze(-1).detach().numpy()
    np.testing.assert_allclose(ref.probe.logprobs[0], expected, atol=1e-5)
    assert Path(ref.path).exists()
