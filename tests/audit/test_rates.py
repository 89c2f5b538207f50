"""Error rates from second opinions: right on average whatever the strata's shares, and wide enough."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from rlvr.audit import Audit
from rlvr.audit.asking.query import open_ledger
from rlvr.audit.asking.sql import ask
from rlvr.audit.books.storage import parquet_bytes, write_whole
from rlvr.audit.detectors import DETECTORS
from rlvr.audit.gates.sampling import Cluster, share_of_class, weighted_share
from rlvr.audit.opinions.rates import METHOD, ErrorRates, error_rates, undecided_trend
from rlvr.audit.opinions.stored import OPINION_SCHEMA
from rlvr.audit.report.page import JSON_FILE, write_report
from rlvr.rollouts import Sample
from tests.audit.sample_runs import UNDECIDED, origin, problem, rollout, scored_group, verdict

Fate = tuple[float, float]
"""Score given, and score of the second opinion."""


def judged_run(run_dir: Path, fates: dict[str, list[list[Fate]]], drawn: dict[float, int]) -> Path:
    """A run of one step: by domain, groups of rollouts' fates; every n-th of a score has an opinion."""
    audit = Audit(run_dir, "judged", origin())
    groups, index, second = [], 0, {}
    for domain, asked in fates.items():
        for group in asked:
            samples = []
            for score, other in group:
                name = f"{index}/{len(samples)}"
                samples.append(Sample(name, rollout(), verdict(score=score, answer=name)))
                second[name] = other
            groups.append(scored_group(0, index, samples, problem(index, domain=domain)))
            index += 1
    audit.record(0, groups)
    audit.close()
    rows = ask(run_dir, "SELECT row_hash, rollout_id, score FROM held ORDER BY score, rollout_id").rows
    kept = [row for score in (0.0, 1.0) for row in [r for r in rows if r[2] == score][:: drawn[score]]]
    opinions = [
        dict.fromkeys(OPINION_SCHEMA.names)
        | {"opinion": "other", "row_hash": row[0], "status": "graded", "score": second[row[1]]}
        for row in kept
    ]
    write_whole(run_dir / "verdicts/other/part-000000.parquet", parquet_bytes(opinions, OPINION_SCHEMA))
    return run_dir


def rates_of(run_dir: Path) -> dict[str, ErrorRates]:
    with closing(open_ledger(run_dir, texts=False)) as ledger:
        return {found.domain: found for found in error_rates(ledger)}


def test_rates_are_shares_of_what_is_right_and_of_what_is_wrong(tmp_path: Path) -> None:
    group = [(1.0, 1.0)] * 6 + [(1.0, 0.0)] * 2 + [(0.0, 0.0)] * 6 + [(0.0, 1.0)] * 2
    [found] = rates_of(judged_run(tmp_path, {"math": [group] * 5}, {0.0: 1, 1.0: 1})).values()
    assert (found.domain, found.opinions, found.rollouts) == ("math", 80, 80)
    assert found.false_positives is not None
    assert found.false_negatives is not None
    assert found.false_positives.value == pytest.approx(2 / 8)
    assert found.false_negatives.value == pytest.approx(2 / 8)
    assert found.false_positives.low < 0.25 < found.false_positives.high


def test_a_stratum_that_was_drawn_less_counts_for_all_its_rollouts(tmp_path: Path) -> None:
    groups = [[(1.0, 1.0)] * 12 + [(1.0, 0.0)] * 4 + [(0.0, 0.0)] * 16 for _ in range(8)]
    whole = rates_of(judged_run(tmp_path / "whole", {"math": groups}, {0.0: 1, 1.0: 1}))["math"]
    part = rates_of(judged_run(tmp_path / "part", {"math": groups}, {0.0: 4, 1.0: 1}))["math"]
    assert whole.false_positives is not None
    assert part.false_positives is not None
    assert part.opinions < whole.opinions
    assert part.rollouts == whole.rollouts == 256
    assert part.false_positives.value == pytest.approx(whole.false_positives.value) == 0.2
    assert part.false_positives.high - part.false_positives.low > 0


def test_domains_stand_apart_and_together(tmp_path: Path) -> None:
    fates = {"math": [[(1.0, 1.0), (0.0, 0.0)]] * 4, "zero": [[(1.0, 0.0), (0.0, 0.0)]] * 4}
    found = rates_of(judged_run(tmp_path, fates, {0.0: 1, 1.0: 1}))
    assert list(found) == ["", "math", "zero"]
    assert found["zero"].false_negatives is None  # nothing in it was right
    shares = [one.false_positives.value for one in found.values() if one.false_positives]
    assert shares == pytest.approx([4 / 12, 0.0, 0.5])


def test_a_run_without_second_opinions_has_no_rates(tmp_path: Path) -> None:
    assert rates_of(judged_run(tmp_path, {"math": [[(1.0, 1.0), (0.0, 0.0)]]}, {0.0: 99, 1.0: 99})) != {}
    for part in (tmp_path / "verdicts").rglob("*.parquet"):
        part.unlink()
    assert rates_of(tmp_path) == {}


def test_rollouts_of_one_problem_that_err_together_widen_the_interval(tmp_path: Path) -> None:
    alone = [[(1.0, 0.0)] + [(0.0, 0.0)] * 7 for _ in range(16)]
    together = [[(1.0, 0.0)] * 8 if index < 2 else [(0.0, 0.0)] * 8 for index in range(16)]
    widths = []
    for name, groups in (("alone", alone), ("together", together)):
        found = rates_of(judged_run(tmp_path / name, {"math": groups}, {0.0: 1, 1.0: 1}))["math"]
        assert found.false_positives is not None
        assert found.false_positives.value == pytest.approx(1 / 8)
        widths.append(found.false_positives.high - found.false_positives.low)
    assert widths[1] > 2 * widths[0]


def clusters(hits: list[int], size: int, weight: float = 1.0) -> list[Cluster]:
    """Clusters of `size` draws that stand for `weight` each."""
    return [Cluster(size, weight * k, weight * (size - k), size * weight**2) for k in hits]


def test_where_no_error_was_seen_the_interval_is_as_wide_as_the_problems_are_few() -> None:
    few, many = (weighted_share(clusters([0] * n, 400 // n)) for n in (10, 100))
    assert few.low == many.low == 0.0
    assert few.high == pytest.approx(0.2775, abs=1e-3)  # Wilson's, of 0 in 10
    assert many.high < few.high


def test_many_draws_that_stand_for_little_do_not_narrow_the_interval() -> None:
    heavy, light = clusters([0] * 20, 1, 1_000.0), clusters([0] * 500, 1)
    assert weighted_share(heavy + light).high > 0.9 * weighted_share(heavy).high
    erring = clusters([1] * 5 + [0] * 495, 1)
    assert weighted_share(heavy + erring).high > 0.9 * weighted_share(heavy).high


def test_rollouts_of_a_single_problem_are_worth_one_draw() -> None:
    found = weighted_share(clusters([30], 60))
    assert (found.low, found.high) == pytest.approx((0.0546, 0.9454), abs=1e-3)  # Wilson's, of 1/2 in 1


def test_the_interval_holds_the_true_rate_about_as_often_as_it_says() -> None:
    rng, held = Random(3), 0
    for _ in range(300):
        wrong = [sum(rng.random() < 0.1 for _ in range(4)) for _ in range(40)]
        found = weighted_share(clusters(wrong, 4))
        held += found.low <= 0.1 <= found.high
    assert 0.91 <= held / 300 <= 0.99


@pytest.mark.parametrize(("accepted", "rejected"), [(9_000, 1_000), (1_000, 9_000)])
def test_the_interval_holds_where_a_stratum_stands_for_many_and_seldom_has_an_error(
    accepted: int, rejected: int
) -> None:
    """A hundred drawn of those scored right, of which one in a hundred is wrong, and of the others."""
    rng, held, errors = Random(4), 0, accepted // 100
    size = weighted_share([Cluster(1, 1, 0, 1)] * accepted + [Cluster(1, 0, 1, 1)] * rejected)
    others = weighted_share(clusters([1] * 100, 1, rejected / 100))
    for _ in range(300):
        drawn = [int(rank < errors) for rank in rng.sample(range(accepted), 100)]
        found = share_of_class(size, weighted_share(clusters(drawn, 1, accepted / 100)), others, 100)
        held += found.low <= errors / (errors + rejected) <= found.high
    assert 0.88 <= held / 300 <= 0.99


def test_a_sample_without_a_false_positive_does_not_rule_them_out(tmp_path: Path) -> None:
    groups = [[(1.0, 1.0)] * 30 + [(0.0, 0.0)] for _ in range(20)]
    found = rates_of(judged_run(tmp_path, {"math": groups}, {0.0: 1, 1.0: 30}))["math"].false_positives
    assert found is not None
    assert found.value == found.low == 0.0
    assert found.high > 0.8  # none in 20 of those scored right, which are 30 times as many as the wrong ones


def test_a_verdict_of_which_nothing_was_drawn_leaves_the_rates_open(tmp_path: Path) -> None:
    run_dir = judged_run(tmp_path, {"math": [[(1.0, 1.0)] * 3 + [(0.0, 0.0)] * 5] * 4}, {0.0: 1, 1.0: 99})
    [part] = (tmp_path / "verdicts").rglob("*.parquet")
    rows = ask(run_dir, "SELECT v.* FROM verdicts AS v JOIN held USING (row_hash) WHERE held.score = 0")
    kept = [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]
    write_whole(part, parquet_bytes(kept, OPINION_SCHEMA))
    assert rates_of(run_dir)["math"].false_positives is None


def test_a_verifier_that_accepted_nothing_may_still_accept_a_wrong_answer(tmp_path: Path) -> None:
    found = rates_of(judged_run(tmp_path, {"math": [[(0.0, 0.0)] * 2] * 10}, {0.0: 1, 1.0: 1}))["math"]
    assert found.false_positives is not None
    assert found.false_positives.value == 0.0
    assert 0.2 < found.false_positives.high < 0.4


def trend_run(run_dir: Path, undecided: list[int]) -> Path:
    """One step for each number: of eight rollouts so many undecided, and as many of the rest right."""
    audit = Audit(run_dir, "trend", origin())
    for step, count in enumerate(undecided):
        samples = [Sample(f"{step}/{i}", rollout(), UNDECIDED if i < count else verdict()) for i in range(7)]
        wrong = [Sample(f"{step}/w{i}", rollout(), verdict(score=0.0)) for i in range(1 + count)]
        audit.record(step, [scored_group(step, 0, samples + wrong)])
    audit.close()
    return run_dir


@pytest.mark.parametrize(("undecided", "sign"), [([0, 1, 2, 3, 4, 5], -1), ([2] * 6, 0), ([1, 2], 0)])
def test_undecided_verdicts_are_set_beside_the_policys_progress(
    undecided: list[int], sign: int, tmp_path: Path
) -> None:
    with closing(open_ledger(trend_run(tmp_path, undecided), texts=False)) as ledger:
        found = undecided_trend(ledger)
    assert (found is not None) is bool(sign)
    assert found is None or (found.value * sign > 0.9 and found.low * found.high > 0)


def test_a_suspected_reference_says_whether_a_second_opinion_agrees(tmp_path: Path) -> None:
    audit = Audit(tmp_path, "suspects", origin())
    for step, text in enumerate((" $7$", "7.", "7")):
        samples = [Sample(f"{step}/{i}", rollout(), verdict(score=0.0, answer=text)) for i in range(3)]
        audit.record(step, [scored_group(step, 0, [*samples, Sample(f"{step}/r", rollout(), verdict())])])
    audit.close()
    rows = ask(tmp_path, "SELECT row_hash FROM held WHERE step < 2 AND score = 0 ORDER BY row_hash").rows
    opinions = [
        dict.fromkeys(OPINION_SCHEMA.names)
        | {"opinion": "other", "row_hash": row_hash, "status": "graded", "score": float(index == 0)}
        for index, (row_hash,) in enumerate(rows)
    ]
    write_whole(tmp_path / "verdicts/other/part-000000.parquet", parquet_bytes(opinions, OPINION_SCHEMA))
    answer = ask(tmp_path, "@gold_suspects")
    [row] = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    assert (row["problem_id"], row["agree"], row["total"], row["steps"]) == ("math/0", 9, 12, 3)
    assert (row["opinions"], row["opinions_agree"]) == (6, 5)
    assert row["reference"] == '"4"'


def test_the_report_tells_detectors_and_error_rates(tmp_path: Path) -> None:
    group = [(1.0, 1.0)] * 6 + [(1.0, 0.0)] * 2 + [(0.0, 0.0)] * 8
    run_dir = judged_run(tmp_path, {"math": [group] * 5}, {0.0: 2, 1.0: 1})
    html = write_report(run_dir).read_text()
    data = json.loads((run_dir / JSON_FILE).read_text())
    [rates] = data["error_rates"]
    assert (rates["opinion"], rates["rollouts"], rates["false_negatives"]["value"]) == ("other", 80, 0.0)
    assert rates["false_positives"]["value"] == pytest.approx(0.2)
    assert "20.00%" in html
    assert METHOD in html
    assert {one["name"] for one in data["detectors"]} == {one.name for one in DETECTORS}
    assert all(f"<code>{one.name}</code>" in html for one in DETECTORS)
