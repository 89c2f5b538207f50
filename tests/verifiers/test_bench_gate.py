"""The gate: no rate of any verifier may get worse than in the committed datasheet.

After a change that makes them better, or with more cases, write the datasheet anew and commit it:

    python -m verifiers bench --json verifiers/bench/datasheet.json
"""

from contextlib import closing

import pytest

from verifiers.bench.cases import packaged_cases
from verifiers.bench.datasheet import Datasheet, committed_datasheet, rates_of, worse_than
from verifiers.bench.judging import judge
from verifiers.grading import Grader
from verifiers.registry import VERIFIERS


@pytest.fixture(scope="module")
def committed() -> Datasheet:
    return committed_datasheet()


@pytest.mark.parametrize("name", VERIFIERS)
def test_no_rate_is_worse_than_in_the_datasheet(committed: Datasheet, name: str) -> None:
    before = next(row for row in committed.rows if row.name == name)
    cases = packaged_cases([name])
    assert before.cases == len(cases), "cases were added or taken away: write the datasheet anew"
    with closing(Grader({name: VERIFIERS[name]})) as grader:
        now = rates_of(name, judge(grader, cases))
    assert worse_than(before, now) == []


def test_the_datasheet_meets_the_bars(committed: Datasheet) -> None:
    math = next(row for row in committed.rows if row.name == "math")
    assert math.accuracy.rate >= 0.965
    assert math.false_positive.rate <= 0.003
    assert math.undecided.rate <= 0.01
    for row in committed.rows:
        assert row.determinism.repeats == row.determinism.threads == row.determinism.processes == []
        assert sum(check.held for check in row.metamorphic) >= 0.99 * sum(
            check.of for check in row.metamorphic
        )
