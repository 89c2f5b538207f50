"""The report tells what the ledger holds, and nothing a model wrote acts in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from rlvr.audit import Audit, step_metrics
from rlvr.audit.cli import app
from rlvr.audit.inert import inert, visible
from rlvr.audit.report.facts import as_json, gather
from rlvr.audit.report.page import write_report
from rlvr.errors import LedgerError
from rlvr.rollouts import Sample
from tests.audit.sample_runs import RunMaker, origin, problem, rollout, scored_group, verdict, write_run

HOSTILE = (
    "<script>alert(1)</script></pre><img src=x onerror=alert(1)>\"'><svg onload=alert(1)>"
    "</style><style>*{display:none}</style><a href=javascript:alert(1)>x</a>{{ 7 * 7 }}{% raw %}"
    "\x1b[31mred\x1b]0;title\x07 \u202eright-to-left\u2066 zero\u200bwidth \ufeff \x00 \U000e0041 \u2028 \r"
)
MAX_BYTES = 5 * 2**20


class Page(HTMLParser):
    """Collects a page's tags, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.starts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.starts.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def hidden(text: str) -> set[str]:
    kinds = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
    return {c for c in text if unicodedata.category(c) in kinds} - {"\n", "\t"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = tmp_path_factory.mktemp("runs") / "sample"
    write_run(run_dir, steps=12, groups=8, size=4)
    return run_dir


def hostile_run(run_dir: Path, text: str = HOSTILE, *, domains: int = 1) -> Path:
    """A run in which every text that a model, a problem or a verifier can choose is `text`."""
    audit = Audit(run_dir, text, origin())
    scored = []
    for d in range(domains):
        asked = problem(d, text=text, domain=f"{d}{text[:200]}").model_copy(update={"ground_truth": text})
        for fate in (verdict, lambda **f: verdict("undecided", None, **f)):
            graded = fate(answer=text[:2000], reason=text[:100], verifier=text[:100])
            samples = [Sample(f"{d}/{graded.status}/{i}{text[:50]}", rollout(text), graded) for i in range(4)]
            scored += [
                scored_group(0, f"{d}{graded.status}{i}", [one], asked) for i, one in enumerate(samples)
            ]  # type: ignore[arg-type]
    audit.record(0, scored)
    audit.log(0, step_metrics(scored, 0) | {f"eval/pass@1/{text.replace('/', '')}": 0.5})
    return audit.finish()


def test_the_report_tells_the_ledgers_numbers(run: Path) -> None:
    facts = gather(run)
    page = Page(write_report(run).read_text())
    text = " ".join(" ".join(page.text).split())
    assert facts.reward is not None
    assert f"Mean reward rose from {facts.reward.before:.2f} in the first 5 steps" in text
    [moved] = facts.held_out
    told = f"rose from {moved.before:.2f} before training to {moved.after:.2f} after it."
    assert f"Pass@1 on held-out problems {told}" in text
    assert "384 requested" in text
    assert f"{facts.summary.balance.used:,} used" in text
    assert facts.check.head in text
    assert {"svg", "table", "article"} <= page.tags
    for source in ("expression", "ordering", "addition", "lookup"):
        assert f"synthetic__{source}" in text


def test_the_facts_balance_and_agree_with_the_check(run: Path) -> None:
    facts = as_json(gather(run))
    balance = facts["balance"]
    assert isinstance(balance, dict)
    assert balance["requested"] == balance["used"] + sum(balance["dropped"].values()) == 384  # type: ignore[union-attr]
    assert sum(facts["outcomes"].values()) == 384  # type: ignore[union-attr]
    assert facts["ledger"]["ok"]  # type: ignore[index, call-overload]
    assert facts["reward"]["verdict"] == "rose"  # type: ignore[index, call-overload]


def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else(run: Path) -> None:
    html = write_report(run).read_text()
    allowed = []
    for tag in ("style", "script"):
        [text] = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        allowed.append(f"{tag}-src 'sha256-{digest}'")
    policy = f"default-src 'none'; {'; '.join(allowed)}; base-uri 'none'; form-action 'none'"
    assert f'content="{policy}"' in html


@pytest.mark.parametrize("hidden", ["\ufe0f", "\U000e0101", "\u034f", "\u3164", "\u2800", "\u17b4", "\u200b"])
def test_a_character_that_leaves_no_mark_is_written_out(hidden: str) -> None:
    assert visible(f"a{hidden}b") == f"a{hidden.encode('unicode_escape').decode()}b"
    assert hidden not in inert(f"a{hidden}b", 100)


def test_hostile_text_is_inert_wherever_it_comes_from(tmp_path: Path) -> None:
    html = hostile_run(tmp_path).read_text()
    page = Page(html)
    assert not page.tags & {"img", "iframe", "object", "embed", "link", "form", "base", "use"}
    assert html.count("<style>") == html.count("<script") == 1
    assert page.starts.count("script") == 1
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("style", "src")]
    assert all((value or "").startswith("#") for name, value in page.attributes if name == "href")
    assert hidden(html) == set()
    shown = "".join(page.text)
    assert "<script>alert(1)</script>" in shown
    assert r"\x1b[31mred" in shown
    assert r"\u202eright-to-left" in shown
    assert "{{ 7 * 7 }}" in shown


@given(text=st.text(), limit=st.integers(1, 50))
def test_any_text_shows_whole_or_is_cut_and_counted(text: str, limit: int) -> None:
    page = Page(str(inert(text, limit)))
    shown = "".join(page.text)
    assert page.tags <= {"i", "b"}
    assert hidden(shown) == set()
    whole = visible(text)
    if len(whole) <= limit:
        assert shown == whole
    else:
        kept, _, rest = shown.rpartition("…")
        assert whole.startswith(kept) or not rest
        assert len(kept) < limit + len(r"\U000e0041")


def test_the_page_stays_small_whatever_is_in_the_ledger(tmp_path: Path) -> None:
    path = hostile_run(tmp_path, '"\u202e<&' * 5_000, domains=30)
    assert path.stat().st_size < MAX_BYTES
    assert "18 smaller domains" in path.read_text()


def test_an_empty_run_and_a_run_of_losses_have_a_report(tmp_path: Path) -> None:
    empty = Audit(tmp_path / "empty", "empty", origin()).finish().read_text()
    assert "Too few steps" in empty
    losing = Audit(tmp_path / "lost", "lost", origin())
    lost = [Sample(name, None, None, lost="generator_lost") for name in "ab"]
    losing.record(0, [scored_group(0, 0, lost)])
    page = losing.finish().read_text()
    assert "No rollout has a reward." in page
    assert "generator lost" in page


def test_steps_that_a_resume_repeated_are_left_out_of_the_curves(tmp_path: Path) -> None:
    maker = RunMaker(1, groups=4, size=4)
    first = Audit(tmp_path, "run", origin())
    maker.train(first, range(8), total=20)
    first.close()
    second = Audit(tmp_path, "run", origin(), resume=True)
    maker.train(second, range(5, 10), total=20)
    second.finish()
    facts = gather(tmp_path)
    assert facts.summary.steps == tuple(range(10))
    assert facts.summary.balance.requested == 10 * 16
    assert facts.summary.superseded == 3 * 16
    assert {a: b.requested for a, b in facts.check.balances.items()} == {1: 8 * 16, 2: 5 * 16}


def test_a_tampered_run_says_so_first(tmp_path: Path) -> None:
    write_run(tmp_path, steps=4, groups=2, size=2)
    (tmp_path / "ledger/step=000002/attempt=1.parquet").unlink()
    text = " ".join(write_report(tmp_path).read_text().split())
    assert "The books do not hold: ledger/step=000002/attempt=1.parquet is missing." in text


def test_check_prints_the_balance_and_exits_with_3_at_a_fault(tmp_path: Path) -> None:
    head = write_run(tmp_path, steps=3, groups=2, size=2)
    good = CliRunner().invoke(app, ["check", str(tmp_path), "--head", head])
    assert good.exit_code == 0
    assert "attempt 1: 12 requested = " in good.output
    assert head in good.output
    bad = CliRunner().invoke(app, ["check", str(tmp_path), "--head", "0" * 64])
    assert bad.exit_code == 3
    assert "FAIL: the head 000" in bad.output


def test_report_prints_its_path_or_the_facts(tmp_path: Path) -> None:
    write_run(tmp_path, steps=3, groups=2, size=2)
    plain = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert plain.output.strip() == str(tmp_path / "report.html")
    data = json.loads(CliRunner().invoke(app, ["report", str(tmp_path), "--json"]).output)
    assert data["balance"]["requested"] == 12
    assert data["report"] == str(tmp_path / "report.html")


def test_a_directory_without_a_run_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"manifest.json is missing: is .* the directory of a run"):
        write_report(tmp_path)
