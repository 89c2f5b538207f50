"""The config of a training run: what `rlvr train` reads.

Each component receives its own section and never the whole. Defaults are those of a small
run on one host.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from guru_data import CurriculumConfig, Domain, MixtureConfig, SourceConfig
from rlvr.config.base import Config


class RolloutConfig(Config):
    problems_per_step: PositiveInt = 16
    """Problems whose groups make one step's batch."""
    group_size: Annotated[int, Field(ge=2)] = 8
    """Rollouts per problem; advantages are relative to their mean."""
    max_new_tokens: PositiveInt = 64
    """Longest completion in tokens; it is cut there."""
    temperature: PositiveFloat = 1.0
    """Logits are divided by it, in sampling and where the learner scores what was sampled."""
    ahead: NonNegativeInt = 0
    """Versions that generation may run ahead of the weights; 0 is on-policy."""
    retries: NonNegativeInt = 2
    """How often a group lost with its generator is generated anew before it is dropped."""
    timeout_s: PositiveFloat = 600.0
    """Longest wait for one group's rollouts."""


class EngineConfig(Config):
    kind: str = "vllm"
    """`vllm`, or a third party's import path `package.module:Class`."""
    replicas: PositiveInt = 1
    """Generator actors; each holds the whole model on its own devices."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where the generators run."""
    tensor_parallel: PositiveInt = 1
    """GPUs that share one generator's model; without effect on CPU."""
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    """`auto` is bfloat16 where the device multiplies it natively, else float32."""
    max_model_len: PositiveInt = 256
    """Longest prompt and completion together, in tokens."""
    max_num_seqs: PositiveInt = 256
    """Sequences that one generator decodes at once; others wait."""
    kv_cache_gib: PositiveFloat = 1.0
    """KV cache memory on CPU; on a GPU `gpu_memory_utilization` decides."""
    gpu_memory_utilization: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.85
    """Share of a GPU's memory for one generator's weights, activations and KV cache."""
    threads: PositiveInt = 2
    """OpenMP threads of one CPU engine."""
    transfer: Literal["auto", "shm", "nccl", "ipc"] = "auto"
    """How weights arrive: a file in shared memory on CPU; NCCL or CUDA IPC on GPUs."""
    probe_tolerance: PositiveFloat = 0.05
    """Largest mean |log-probability difference| in nats between engine and learner after a publish."""
    start_timeout_s: PositiveFloat = 600.0
    """Longest wait for a generator to start, and for every load of new weights into one."""


class VerifierConfig(Config):
    kind: Literal["actor", "serve", "url"] = "actor"
    """`actor`: uvicorn in a supervised Ray actor; `serve`: Ray Serve replicas; `url`: a running service."""
    url: str | None = None
    """Address of the running service; only for `url`."""
    port: NonNegativeInt = 0
    """Port to listen on at loopback; 0 picks a free one."""
    workers: PositiveInt = 2
    """Graders at work at once in one service (threads or sandboxes)."""
    max_replicas: PositiveInt = 4
    """Upper end of Ray Serve's autoscaling."""
    deadline_s: PositiveFloat = 60.0
    """Longest time from the first try of a group's verdicts to giving up on them."""
    plugins: dict[str, str] = Field(default_factory=dict)
    """Third-party verifiers: name -> `package.module:Class`."""


class RewardConfig(Config):
    no_answer: float = 0.0
    """Reward of a response without an answer in the asked form."""
    truncated: Literal["grade", "mask"] = "grade"
    """A completion cut at `max_new_tokens`: graded as it stands, or masked."""
    max_lost_share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5
    """The run stops when a larger share of a step's rollouts was lost or left undecided."""


class GRPOConfig(Config):
    kind: Literal["grpo"] = "grpo"
    """Advantages relative to the other rollouts of the same problem; there is no other kind yet."""
    clip_low: PositiveFloat = 0.2
    """The probability ratio is kept above `1 - clip_low`."""
    clip_high: PositiveFloat = 0.2
    """The probability ratio is kept below `1 + clip_high`."""
    normalize_std: bool = True
    """Divide advantages by the group's reward std. False leaves out that and no more: Dr. GRPO also divides
    the loss by a constant, where here it is the mean over the completion tokens of the used rollouts."""
    control: Literal["none", "permute"] = "none"
    """`permute` shuffles rewards across the step's rollouts: the control that must not learn."""


class LearnerConfig(Config):
    device: Literal["cpu", "cuda"] = "cpu"
    """Where the learner runs."""
    learning_rate: PositiveFloat = 1e-6
    """Of AdamW, once the warm-up is over; it stays there."""
    warmup_steps: NonNegativeInt = 0
    """Optimizer steps (`updates_per_step` to a step of the run) over which the learning rate rises."""
    weight_decay: NonNegativeFloat = 0.0
    """AdamW's, per optimizer step and times the learning rate; vectors (norms, biases) have none."""
    beta1: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.9
    """AdamW's decay, per optimizer step, of the running mean of gradients."""
    beta2: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.95
    """AdamW's decay, per optimizer step, of the running mean of squared gradients."""
    max_grad_norm: PositiveFloat = 1.0
    """A gradient whose L2 norm over all parameters is larger is scaled down to it."""
    updates_per_step: PositiveInt = 1
    """Optimizer steps taken on one step's batch, each on an equal share of its rollouts."""
    row_tokens: PositiveInt = 512
    """Length of a packed row; several sequences share one."""
    micro_batch_rows: PositiveInt = 8
    """Packed rows per forward and backward pass."""
    logits_chunk_tokens: PositiveInt = 2048
    """Tokens whose logits exist at once."""
    matmul_dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    """Matrix products; master weights are always float32."""
    gradient_checkpointing: bool = False
    """Keep each layer's input alone and compute the rest again: less memory, about a third more time."""
    threads: PositiveInt = 2
    """Intra-op threads on CPU."""


class EvalConfig(Config):
    every: NonNegativeInt = 0
    """Evaluate on the held-out split every so many steps, and at both ends; 0 is at both ends only."""
    problems: PositiveInt = 512
    """Most problems of one evaluation; all evaluations of a run take the same."""
    samples: PositiveInt = 1
    """Completions per problem."""
    temperature: PositiveFloat = 1.0
    """Logits are divided by it in sampling for evaluations."""


class AuditConfig(Config):
    shadow: str | None = None
    """A second verifier (`NAME`, `NAME@URL`, `NAME@option=value`) that grades some rollouts too; its verdicts
    are kept under `verdicts/` and never become rewards."""
    shadow_share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.05
    """Share of the rollouts that it grades."""


class CheckpointConfig(Config):
    every: NonNegativeInt = 0
    """Steps between checkpoints; 0 saves at the end only."""
    keep: PositiveInt = 2
    """Older ones are removed."""


class RunConfig(Config):
    """Everything a run needs."""

    name: str
    """The run's directory is `out_dir`/`name`."""
    model: str
    """Local path, or Hugging Face model id, of the model to train."""
    steps: PositiveInt
    """Steps of the whole run, those before a resume included."""
    data: SourceConfig
    """Where problems come from; `kind` says which source."""
    mixture: dict[Domain, PositiveFloat] = Field(default_factory=dict)
    """Share of each domain in a batch, unnormalised; left out, each has its share of the problems."""
    curriculum: CurriculumConfig = MixtureConfig()
    """`mixture`, `staged` or `difficulty`: which problems are learned from when."""
    out_dir: str = "runs"
    """Where runs have their directories."""
    seed: NonNegativeInt = 0
    """Of all that the run draws; sources that make their problems have a seed of their own."""
    ray_address: str = "local"
    """`local` starts a Ray of its own; `auto` joins the running one (as submitted jobs do)."""
    rollout: RolloutConfig = RolloutConfig()
    """How many completions are sampled, and how."""
    engine: EngineConfig = EngineConfig()
    """What generates completions, and on which devices."""
    verifier: VerifierConfig = VerifierConfig()
    """Who gives the verdicts."""
    reward: RewardConfig = RewardConfig()
    """What a verdict is worth."""
    algorithm: GRPOConfig = GRPOConfig()
    """How rewards become advantages, and how the loss is clipped."""
    learner: LearnerConfig = LearnerConfig()
    """How weights are updated."""
    eval: EvalConfig = EvalConfig()
    """How held-out problems are tried, and when."""
    checkpoint: CheckpointConfig = CheckpointConfig()
    """When the state to resume from is saved."""
    audit: AuditConfig = AuditConfig()
    """Second opinions during the run."""

    @model_validator(mode="after")
    def _parts_fit_together(self) -> RunConfig:
        if self.rollout.max_new_tokens >= self.engine.max_model_len:
            raise ValueError(
                f"rollout.max_new_tokens={self.rollout.max_new_tokens} leaves no room for a prompt in "
                f"engine.max_model_len={self.engine.max_model_len}"
            )
        if self.learner.row_tokens < self.engine.max_model_len:
            raise ValueError(
                f"learner.row_tokens={self.learner.row_tokens} is shorter than "
                f"engine.max_model_len={self.engine.max_model_len}: the longest rollout would not fit a row"
            )
        shares = self.engine.transfer == "ipc"
        if shares and (self.engine.device, self.learner.device) != ("cuda", "cuda"):
            raise ValueError('engine.transfer = "ipc" needs engine.device and learner.device to be "cuda"')
        if shares and self.engine.replicas * self.engine.tensor_parallel != 1:
            raise ValueError(
                'engine.transfer = "ipc" shares one GPU between the learner and one generator: '
                "engine.replicas and engine.tensor_parallel must be 1"
            )
        if (self.verifier.kind == "url") != (self.verifier.url is not None):
            raise ValueError("verifier.url goes with verifier.kind = 'url', and only with it")
        return self
