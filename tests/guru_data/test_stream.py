"""The stream: exact mixture, each problem once per epoch, resumable anywhere."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guru_data import CursorError, Message, Problem, ProblemStream, SourceConfigError


def problems(**sizes: int) -> list[Problem]:
    return [
        Problem(
            id=f"{domain}/{number}",
            prompt=(Message(role="user", content=f"{domain} {number}"),),
            domain=domain,
            data_source="made",
            verifier="math",
            ground_truth=str(number),
            source="made",
            licence="CC0-1.0",
            split="train",
        )
        for domain, size in sizes.items()
        for number in range(size)
    ]


def ids(batch: list[Problem]) -> list[str]:
    return [problem.id for problem in batch]


@given(
    sizes=st.dictionaries(st.sampled_from(["math", "code", "logic"]), st.integers(1, 7), min_size=1),
    before=st.integers(0, 40),
    after=st.integers(1, 40),
    seed=st.integers(0, 3),
)
def test_a_resumed_stream_goes_on_as_the_uninterrupted_one(
    sizes: dict[str, int], before: int, after: int, seed: int
) -> None:
    pool = problems(**sizes)
    stream = ProblemStream(pool, seed=seed)
    stream.next_batch(before)
    cursor = json.loads(json.dumps(stream.state()))
    resumed = ProblemStream.from_state(cursor, pool, seed=seed)
    assert ids(resumed.next_batch(after)) == ids(stream.next_batch(after))


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
def test_every_epoch_of_a_domain_shows_each_of_its_problems_once(math: int, code: int, epochs: int) -> None:
    stream = ProblemStream(problems(math=math, code=code), {"math": 1, "code": 1})
    served = [problem.id for problem in stream.next_batch(2 * math * epochs) if problem.domain == "math"]
    for epoch in range(len(served) // math):
        assert len(set(served[epoch * math : (epoch + 1) * math])) == math


def test_every_batch_holds_the_mixture() -> None:
    stream = ProblemStream(problems(math=50, code=10, logic=3), {"math": 2, "code": 1, "logic": 1})
    for _ in range(10):
        domains = Counter(problem.domain for problem in stream.next_batch(16))
        assert domains == {"math": 8, "code": 4, "logic": 4}


def test_without_weights_one_round_shows_each_problem_once() -> None:
    pool = problems(math=30, code=6, logic=3)
    assert sorted(ids(ProblemStream(pool).next_batch(39))) == sorted(ids(pool))


def test_epochs_are_shuffled_anew_and_seeds_differ() -> None:
    pool = problems(math=30)
    stream = ProblemStream(pool)
    first, second = ids(stream.next_batch(30)), ids(stream.next_batch(30))
    assert first != second
    assert first != ids(ProblemStream(pool, seed=1).next_batch(30))


@pytest.mark.parametrize(
    ("pool", "weights", "seed"),
    [
        pytest.param(problems(math=4, code=3), None, 0, id="other-problems"),
        pytest.param(problems(math=4, code=4), {"math": 2, "code": 1}, 0, id="other-weights"),
        pytest.param(problems(math=4, code=4), None, 1, id="other-seed"),
    ],
)
def test_a_cursor_of_another_stream_is_refused(
    pool: list[Problem], weights: dict[str, float] | None, seed: int
) -> None:
    cursor = ProblemStream(problems(math=4, code=4)).state()
    with pytest.raises(CursorError, match="other problems, weights or seed"):
        ProblemStream.from_state(cursor, pool, weights, seed=seed)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        pytest.param({"math": 1.0}, r"\['code', 'math'\]", id="domain-without-weight"),
        pytest.param({"math": 1, "code": 1, "logic": 1}, "logic", id="weight-without-problems"),
        pytest.param({"math": 1, "code": 0}, "positive", id="zero"),
        pytest.param({"math": 1, "code": float("nan")}, "positive", id="nan"),
    ],
)
def test_weights_that_do_not_fit_the_problems_are_refused(weights: dict[str, float], message: str) -> None:
    with pytest.raises(SourceConfigError, match=message):
        ProblemStream(problems(math=2, code=2), weights)


def test_a_stream_over_nothing_is_refused() -> None:
    with pytest.raises(SourceConfigError, match="at least one problem"):
        ProblemStream([])
