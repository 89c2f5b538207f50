from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from guru_data import SyntheticConfig, demonstrations
from rlvr.config import SFTConfig
from rlvr.errors import ConfigError
from rlvr.learner.checkpoint import STATE, latest_checkpoint
from rlvr.learner.conversations import encode, read_examples
from rlvr.learner.sft import step_batches, train_sft
from tests.learner.layers import layer_forwards


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    lines = (
        json.dumps({"messages": [*d.chat(), {"role": "assistant", "content": d.response}]})
        for d in demonstrations(SyntheticConfig(), seed=0, count=200, worked_share=1.0)
    )
    path.write_text("".join(line + "\n" for line in lines))
    return path


def config(model: Path, data: Path, out: Path, **changes: object) -> SFTConfig:
    values = {"model": str(model), "data": str(data), "out": str(out), "steps": 6, "row_tokens": 128}
    values |= {"rows_per_step": 4, "micro_batch_rows": 3, "learning_rate": 3e-3, "threads": 1}
    return SFTConfig.model_validate(values | changes)


def conversation(turns: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in turns]


def test_only_assistant_turns_are_learned_up_to_their_end(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    turns = [("user", "1+1=?"), ("assistant", "2"), ("user", "again"), ("assistant", "two")]
    (example,) = encode(tokenizer, conversation(turns))
    assert tokenizer.decode(example.token_ids[example.learned]) == "2<|im_end|>two<|im_end|>"
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "1+1=?"}], tokenize=False, add_generation_prompt=True
    )
    assert tokenizer.decode(example.token_ids).startswith(prompt + "2<|im_end|>")


TURN = "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
FORGETFUL_TURN = TURN.replace(
    "m.content", "m.content if loop.last or m.role == 'user' else m.content.split('</think>')[-1]"
)
PROMPT = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"


def template(turn: str, prompt: str = PROMPT) -> str:
    return f"{{% for m in messages %}}{turn}{{% endfor %}}{prompt}"


def test_a_template_that_forgets_earlier_thoughts_has_each_turn_learned_after_its_own_prompt(
    tiny_model: Path,
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model, chat_template=template(FORGETFUL_TURN))
    turns = [("user", "1+1=?"), ("assistant", "<think>add</think>2"), ("user", "again"), ("assistant", "two")]
    first, second = encode(tokenizer, conversation(turns))
    assert tokenizer.decode(first.token_ids) == (
        "<|im_start|>user\n1+1=?<|im_end|>\n<|im_start|>assistant\n<think>add</think>2<|im_end|>"
    )
    assert tokenizer.decode(second.token_ids) == (
        "<|im_start|>user\n1+1=?<|im_end|>\n<|im_start|>assistant\n2<|im_end|>\n"
        "<|im_start|>user\nagain<|im_end|>\n<|im_start|>assistant\ntwo<|im_end|>"
    )
    learned = [tokenizer.decode(example.token_ids[example.learned]) for example in (first, second)]
    assert learned == ["<think>add</think>2<|im_end|>", "two<|im_end|>"]


@pytest.mark.parametrize(
    ("chat_template", "eos", "message"),
    [
        pytest.param(
            template(TURN, PROMPT.replace("\n", "\n<think>")),
            "<|im_end|>",
            "does not begin with its prompt .*mend the template",
            id="prompt-that-no-reply-continues",
        ),
        pytest.param(
            template(TURN),
            "<|endoftext|>",
            "without the tokenizer's eos_token .*: set eos_token",
            id="other-eos",
        ),
    ],
)
def test_a_template_under_which_nothing_right_can_be_learned_is_refused(
    tiny_model: Path, data: Path, chat_template: str, eos: str, message: str
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model, chat_template=chat_template, eos_token=eos)
    with pytest.raises(ConfigError, match=rf"data.jsonl:1: the chat template .*{message}"):
        read_examples(data, tokenizer, 128)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_the_loss_falls_and_the_model_is_written_for_others(
    tiny_model: Path, data: Path, tmp_path: Path, optimizer: str
) -> None:
    losses: list[float] = []
    out = train_sft(
        config(tiny_model, data, tmp_path / "out", optimizer=optimizer),
        lambda _, loss, __: losses.append(loss),
    )
    assert len(losses) == 6
    assert losses[-1] < losses[0] - 0.5
    assert AutoModelForCausalLM.from_pretrained(out).config.hidden_size == 256
    assert AutoTokenizer.from_pretrained(out).chat_template


def test_a_resumed_training_ends_with_the_weights_of_an_uninterrupted_one(
    tiny_model: Path, data: Path, tmp_path: Path
) -> None:
    class Interrupted(Exception):
        pass

    def stop_after_four(step: int, loss: float, share: float) -> None:
        if step == 5:
            raise Interrupted

    whole = train_sft(config(tiny_model, data, tmp_path / "whole"), lambda *_: None)
    parts = config(tiny_model, data, tmp_path / "parts", checkpoint_every=2)
    with pytest.raises(Interrupted):
        train_sft(parts, stop_after_four)
    resumed = train_sft(parts, lambda *_: None, resume=True)
    ours, theirs = (AutoModelForCausalLM.from_pretrained(path).state_dict() for path in (whole, resumed))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_the_time_before_a_resume_counts(tiny_model: Path, data: Path, tmp_path: Path) -> None:
    first = config(tiny_model, data, tmp_path / "out", steps=2, checkpoint_every=2)
    train_sft(first, lambda *_: None)
    checkpoint = latest_checkpoint(tmp_path / "out" / "checkpoints")
    assert checkpoint is not None
    spent = torch.load(checkpoint / STATE, weights_only=True)["seconds"]
    assert spent > 0.0

    steps: list[int] = []
    longer = first.model_copy(update={"steps": 100, "max_seconds": spent})
    train_sft(longer, lambda step, *_: steps.append(step), resume=True)
    assert steps == []


def test_checkpoints_of_an_earlier_training_are_not_mixed_with_those_of_a_new_one(
    tiny_model: Path, data: Path, tmp_path: Path
) -> None:
    settings = config(tiny_model, data, tmp_path / "out", steps=1, checkpoint_every=1)
    train_sft(settings, lambda *_: None)
    with pytest.raises(ConfigError, match=r"step_000001 is of an earlier training: .*--resume"):
        train_sft(settings, lambda *_: None)


def test_gradient_checkpointing_computes_each_layer_twice(
    tiny_model: Path, data: Path, tmp_path: Path
) -> None:
    counts = {}
    for on in (False, True):
        settings = config(tiny_model, data, tmp_path / str(on), steps=1, gradient_checkpointing=on)
        with layer_forwards() as seen:
            train_sft(settings, lambda *_: None)
        counts[on] = len(seen)
    assert counts[True] == 2 * counts[False] > 0


def test_an_epoch_shows_every_example_once(tiny_model: Path, data: Path) -> None:
    examples = read_examples(data, AutoTokenizer.from_pretrained(tiny_model), 128)
    steps = step_batches(examples, rows_per_step=4, row_tokens=128, seed=0)
    seen: list[int] = []
    while len(seen) < len(examples):
        seen += [id(example) for example in next(steps)]
    assert sorted(seen) == sorted(id(example) for example in examples)
    assert all(np.any(example.learned) for example in examples)


NO_REPLY = [{"role": "user", "content": "x"}]
ENDLESS = [*NO_REPLY, {"role": "assistant", "content": "word " * 500}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("", "holds no conversation", id="empty"),
        pytest.param('{"message": []}', ":1: not a conversation", id="wrong-key"),
        pytest.param(json.dumps({"messages": NO_REPLY}), "needs an assistant turn", id="no-reply"),
        pytest.param(json.dumps({"messages": ENDLESS}), "at most row_tokens=128", id="longer-than-a-row"),
    ],
)
def test_bad_data_is_an_error_that_names_the_line(
    tiny_model: Path, tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    with pytest.raises(ConfigError, match=message):
        read_examples(path, AutoTokenizer.from_pretrained(tiny_model), 128)


def test_a_line_separator_inside_a_reply_is_no_end_of_line(tiny_model: Path, tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4\u2028done"}]
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps({"messages": turns}, ensure_ascii=False) + "\n")
    assert len(read_examples(data, AutoTokenizer.from_pretrained(tiny_model), 64)) == 1
