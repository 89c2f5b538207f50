"""The learner: takes a batch, improves the policy, hands out new weights.

    Batch --update--> metrics        publish --> WeightsRef        save / restore a checkpoint

One process, one device. Knows nothing of Ray, rewards or verifiers.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from transformers import AutoTokenizer

from rlvr.batch import Batch, MiniBatch
from rlvr.config import GRPOConfig, LearnerConfig
from rlvr.errors import InfrastructureError
from rlvr.learner.agreement import Agreement
from rlvr.learner.checkpoint import load_run, load_state, save_model, save_state
from rlvr.learner.losses import clipped_policy_loss
from rlvr.learner.optimizer import Optimizer, adamw, constant_after_warmup
from rlvr.learner.policy import Policy, load_model, matmul_dtype, recompute_activations
from rlvr.packing import pack
from rlvr.weights.proof import mean_difference
from rlvr.weights.publish import write_weights
from rlvr.weights.ref import WeightsProbe, WeightsRef

if TYPE_CHECKING:
    from rlvr.weights.gpu_transfer import WeightsSender

PROBE_SEQUENCES = 8
"""Sequences whose log-probabilities prove a publish."""


class Learner:
    """A policy under training.

    Args:
        model: local path or Hugging Face id of the weights to start from.
        weights_directory: where `publish` puts each version.
        probe: token sequences that prove the first publish; later ones are proved by rollouts.

    Raises:
        ConfigError: the model cannot be loaded, or not be trained with gradient checkpointing.
    """

    def __init__(
        self,
        config: LearnerConfig,
        algorithm: GRPOConfig,
        model: str,
        weights_directory: Path,
        probe: tuple[tuple[int, ...], ...],
        seed: int,
    ) -> None:
        if config.device == "cpu":
            torch.set_num_threads(config.threads)
        torch.manual_seed(seed)
        self._config = config
        self._algorithm = algorithm
        self._weights_directory = weights_directory
        self._probe = probe
        self._model = load_model(model, config.device)
        self._tokenizer = AutoTokenizer.from_pretrained(model)
        if config.gradient_checkpointing:
            recompute_activations(self._model)
        dtype = matmul_dtype(config.matmul_dtype, config.device)
        self._policy = Policy(self._model, dtype, config.logits_chunk_tokens)
        self._optimizer = Optimizer(
            adamw(
                self._model,
                learning_rate=config.learning_rate,
                betas=(config.beta1, config.beta2),
                weight_decay=config.weight_decay,
            ),
            max_grad_norm=config.max_grad_norm,
            schedule=constant_after_warmup(config.warmup_steps),
        )
        self._sender: WeightsSender | None = None
        self._proof: WeightsProbe | None = None
        self.version = 0
        self._torn = ""
        """Why the weights are no version's; empty where they are `version`'s."""

    def connect(self, transfer: Literal["nccl", "ipc"], generators: list[Any], workers_each: int) -> None:
        """From now on push weights into these generators' GPUs instead of writing them to a file.

        Args:
            generators: their actor handles.
            workers_each: workers of one generator, its tensor-parallel size.
        """
        from rlvr.weights.gpu_transfer import WeightsSender

        self._sender = WeightsSender(transfer, self._model, generators, workers_each)

    def update(self, batch: Batch) -> dict[str, float]:
        """Take the batch's optimizer steps; the version goes up by one, even if there was none to take.

        Returns:
            Metrics by name. `policy/*` compares the learner with the engines on the first
            mini-batch, before anything was updated; `weights/moved` is what the update changed, as mean
            |log-probability difference| over the probe, nats per token.

        Raises:
            TrainingStoppedError: a gradient was not finite; the weights are as before that optimizer step.
                After an earlier one of the same batch they are no version's, and `save` refuses them.
        """
        steps_before = self._optimizer.step_count
        try:
            metrics = self._take_steps(batch) if batch.minibatches else {}
        except BaseException as error:
            self._optimizer.clear_gradients()
            if self._optimizer.step_count > steps_before:
                self._torn = f"{type(error).__name__}: {error}"
            raise
        self.version += 1
        return metrics

    def _take_steps(self, batch: Batch) -> dict[str, float]:
        """One optimizer step per mini-batch, and the proof of what they did."""
        self._probe = _sequences(batch.minibatches[0], PROBE_SEQUENCES)
        before = self._probe_logprobs()
        metrics: dict[str, float] = {}
        for minibatch in batch.minibatches:
            agreement = self._accumulate(minibatch, batch.temperature)
            norm, rate = self._optimizer.step()
            # Later mini-batches compare with weights that have already moved.
            metrics = metrics or agreement.metrics(self._algorithm, self.version)
            metrics |= {"policy/grad_norm": norm, "learner/learning_rate": rate}
        self._proof = WeightsProbe(self._probe, self._probe_logprobs(), before)
        return metrics | {"weights/moved": mean_difference(self._proof.logprobs, before)}

    def publish(self) -> WeightsRef:
        """Put the current weights where generators get them, with the proof of what they are."""
        proof = self._proof or WeightsProbe(self._probe, self._probe_logprobs())
        if self._sender is not None:
            self._sender.send()
            return WeightsRef(self.version, None, proof)
        # A tied head is listed once, as the embedding.
        parameters = self._model.named_parameters()
        path = write_weights(parameters, self._weights_directory, self.version, self._policy.dtype)
        return WeightsRef(self.version, str(path), proof)

    def save(self, checkpoints: Path, state: dict[str, Any], keep: int) -> Path:
        """Write a checkpoint of this version, with the caller's state beside the optimizer's.

        Args:
            state: its `done` is the number of steps that the caller believes made these weights.

        Raises:
            InfrastructureError: another number did, or an update broke off half-way, or the disk is full;
                nothing is written.
        """
        self._refuse_label(state["done"])
        own = {"optimizer": self._optimizer.state(), "version": self.version}
        return save_state(checkpoints, self.version, self._model, own, keep=keep, run=state)

    def restore(self, checkpoint: Path) -> dict[str, Any]:
        """Go on from a checkpoint; returns what the caller stored in it."""
        state = load_state(checkpoint, self._model)
        self._optimizer.load_state(state["optimizer"])
        self.version = state["version"]
        self._proof, self._torn = None, ""
        return load_run(checkpoint)

    def export(self, directory: Path) -> None:
        """Write the model and its tokenizer in Hugging Face layout, as `save_model` does."""
        save_model(self._model, self._tokenizer, directory)

    def _refuse_label(self, done: int) -> None:
        if self._torn:
            raise InfrastructureError(
                f"step {self.version} broke off after weights had changed ({self._torn}); these are of no "
                "version and not saved: go on from the newest checkpoint with --resume"
            )
        if self.version != done:
            raise InfrastructureError(
                f"the learner's weights are of {self.version} steps and not of {done}, as the run counts; "
                "they are not saved under a wrong number: go on from the newest checkpoint with --resume"
            )

    def _accumulate(self, minibatch: MiniBatch, temperature: float) -> Agreement:
        """Add the gradient of the mean loss over the mini-batch's scored tokens."""
        tokens = int(minibatch.scored_RL.sum())
        agreement = Agreement()
        for start in range(0, len(minibatch.token_ids_RL), self._config.micro_batch_rows):
            part = slice(start, start + self._config.micro_batch_rows)
            scored_RL = minibatch.scored_RL[part]
            old_N = minibatch.logprobs_RL[part][scored_RL]
            advantages_N = minibatch.advantages_RL[part][scored_RL]
            logprobs_N = self._policy.logprobs(
                self._tensor(minibatch.token_ids_RL[part]).long(),
                self._tensor(minibatch.position_ids_RL[part]).long(),
                self._tensor(scored_RL),
                temperature,
            )
            loss = clipped_policy_loss(
                logprobs_N,
                self._tensor(old_N),
                self._tensor(advantages_N),
                clip_low=self._algorithm.clip_low,
                clip_high=self._algorithm.clip_high,
            )
            (loss / tokens).backward()
            agreement.add(logprobs_N.detach().cpu().numpy(), old_N, minibatch.versions_RL[part][scored_RL])
        return agreement

    @torch.no_grad()
    def _probe_logprobs(self) -> tuple[np.ndarray, ...]:
        sequences = [np.array(tokens, np.int32) for tokens in self._probe]
        rows = pack(sequences, max(len(sequence) for sequence in sequences))
        scored_RL = rows.lay([np.arange(len(sequence)) > 0 for sequence in sequences], np.bool_)
        logprobs_N = self._policy.logprobs(
            self._tensor(rows.token_ids_RL).long(),
            self._tensor(rows.position_ids_RL).long(),
            self._tensor(scored_RL),
        )
        laid_RL = np.zeros(scored_RL.shape, np.float32)
        laid_RL[scored_RL] = logprobs_N.cpu().numpy()
        places = zip(rows.places, sequences, strict=True)
        return tuple(laid_RL[row, start + 1 : start + len(tokens)] for (row, start), tokens in places)

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._model.device)


def _sequences(minibatch: MiniBatch, count: int) -> tuple[tuple[int, ...], ...]:
    """The first `count` packed sequences of a mini-batch, prompts and completions together."""
    found: list[tuple[int, ...]] = []
    for tokens_L, positions_L, scored_L in zip(
        minibatch.token_ids_RL, minibatch.position_ids_RL, minibatch.scored_RL, strict=True
    ):
        starts = [*np.flatnonzero(positions_L == 0).tolist(), len(tokens_L)]
        for start, end in pairwise(starts):
            if scored_L[start:end].any():  # else it is padding
                found.append(tuple(tokens_L[start:end].tolist()))
            if len(found) == count:
                return tuple(found)
    return tuple(found)
