"""Ordering, graph, zebra and arc: what a fair reader accepts, and nothing more."""

import pytest

from tests.verifiers.grading_tools import grade
from verifiers.errors import GroundTruthError
from verifiers.types import VerdictStatus

BIRDS = ["owl", "blue jay", "wren-tit"]
HOUSE = {"header": ["Position", "Pet", "Drink"], "rows": [["1", "cat", "tea"], ["2", "dog", "milk"]]}
GRID = [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        pytest.param("['owl', 'blue jay', 'wren-tit']", 1.0, id="as-asked"),
        pytest.param('\n["Owl", "Blue  Jay", "wren-tit"]\n', 1.0, id="case-spacing-newlines"),
        pytest.param("```\n['owl', 'blue jay', 'wren-tit']\n```", 1.0, id="fence"),
        pytest.param("1. owl\n2. blue jay\n3. wren-tit", 1.0, id="numbered-lines"),
        pytest.param("owl, blue jay, wren-tit", 1.0, id="no-brackets"),
        pytest.param("(owl, blue jay, wren-tit)", 1.0, id="round-brackets"),
        pytest.param(r"\text{owl}, \text{blue jay}, \text{wren-tit}", 1.0, id="latex"),
        pytest.param("owl then blue jay then wren-tit", 1.0, id="then"),
        pytest.param("owl, blue jay, then wren-tit", 1.0, id="commas-and-then"),
        pytest.param("['blue jay', 'owl', 'wren-tit']", 0.0, id="other-order"),
        pytest.param("['owl', 'blue jay']", 0.0, id="one-missing"),
        pytest.param("['owl', 'blue jay', 'wren-tit', 'owl']", 0.0, id="one-too-many"),
    ],
)
def test_ordering(answer: str, score: float) -> None:
    assert grade("ordering", f"<think>['x']</think><answer>{answer}</answer>", BIRDS).score == score


@pytest.mark.parametrize(
    ("answer", "score"),
    [("fdebme", 1.0), ("\n FDEBME.\n", 1.0), ("`fdebme`", 1.0), ("fdebme zorpik", 0.0), ("zorpik", 0.0)],
)
def test_graph(answer: str, score: float) -> None:
    assert grade("graph", f"<answer>{answer}</answer>", "fdebme").score == score


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        pytest.param(
            '{"header": ["Position", "Pet", "Drink"], "rows": [["1","cat","tea"],["2","dog","milk"]]}',
            1.0,
            id="same",
        ),
        pytest.param(
            "{'header': ['Position', 'Pet', 'Drink'], 'rows': [[1,'Cat','tea'],[2,'dog','milk',]]}",
            1.0,
            id="python",
        ),
        pytest.param(
            '{"header": ["Position","Drink","Pet"], "rows": [["1","tea","cat"],["2","milk","dog"]]}',
            1.0,
            id="columns",
        ),
        pytest.param(
            '{"header": ["Position","Pet","Drink"], "rows": [["1","cat","milk"],["2","dog","tea"]]}',
            4 / 6,
            id="partly",
        ),
        pytest.param(
            '{"header": ["Position","Pet","Drink"], "rows": [["1","cat","tea"]]}', 0.5, id="row-missing"
        ),
        pytest.param(
            '{"header": ["Position","Pet","Drink"], "rows": [["2","dog","milk"],["1","cat","tea"]]}',
            1.0,
            id="rows-in-another-order",
        ),
        pytest.param(
            '{"header": ["Position","Pet","Drink"], "rows": [["2","cat","tea"],["1","dog","milk"]]}',
            2 / 6,
            id="positions-swapped",
        ),
        pytest.param(
            'Here {x}: {"header": ["Position","Pet","Drink"], "rows": [[1,"cat","tea"],[2,"dog","milk"]]}',
            1.0,
            id="another-brace-first",
        ),
        pytest.param(
            '[{"Position": 1, "Pet": "cat", "Drink": "tea"}, {"Drink": "milk", "Position": 2, "Pet": "dog"}]',
            1.0,
            id="an-object-per-row",
        ),
        pytest.param('[{"Position": 1, "Pet": "cat"}]', 2 / 6, id="an-object-lacks-a-column"),
        pytest.param("{" * 40_000, 0.0, id="braces"),
        pytest.param("[[1]]", 0.0, id="no-table"),
    ],
)
def test_zebra_scores_the_share_of_right_cells(answer: str, score: float) -> None:
    verdict = grade("zebra", f"<answer>{answer}</answer>", HOUSE)  # type: ignore[arg-type]
    assert verdict.score == pytest.approx(score)


def test_zebra_can_be_all_or_nothing() -> None:
    answer = '<answer>{"header": ["Position","Pet","Drink"], "rows": [["1","cat","tea"]]}</answer>'
    assert grade("zebra", answer, HOUSE, exact=True).score == 0.0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        pytest.param("[[0, 1], [2, 3]]", 1.0, id="as-asked"),
        pytest.param("the grid is [ [0,1],\n [2,3] ] as shown", 1.0, id="spacing-and-words"),
        pytest.param("0 1\n2 3", 1.0, id="bare-rows"),
        pytest.param("[[9, 9]] no: [[0, 1], [2, 3]]", 1.0, id="last-grid"),
        pytest.param("[[0, 1], [2, 4]]", 0.0, id="one-cell-off"),
        pytest.param("[[0, 1], [2]]", 0.0, id="ragged"),
        pytest.param("[[0, 1, 0], [2, 3, 0]]", 0.0, id="wider"),
        pytest.param("1" * 5000, 0.0, id="a-cell-that-python-refuses-to-read"),
        pytest.param("[[0, true], [2, 3]]", 0.0, id="truth-values-are-no-colours"),
    ],
)
def test_arc(answer: str, score: float) -> None:
    assert grade("arc", f"<answer>{answer}</answer>", GRID).score == score  # type: ignore[arg-type]


def test_no_grid_is_no_answer_even_where_the_target_is_zero() -> None:
    assert grade("arc", "I cannot see it", [[0]]).status is VerdictStatus.NO_ANSWER


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("ordering", "owl"),
        ("graph", ["a"]),
        ("zebra", {"header": ["a"], "rows": [["1", "2"]]}),
        ("arc", [[1], [1, 2]]),
    ],
)
def test_a_malformed_reference_is_an_error(name: str, reference: object) -> None:
    with pytest.raises(GroundTruthError):
        grade(name, "<answer>x</answer>", reference)  # type: ignore[arg-type]
