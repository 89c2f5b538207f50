"""`report.html`: a run on one page that needs no network, and no script to be read.

    run directory --gather--> RunFacts --render--> HTML --write_report--> report.html, .json and .md

The page's content security policy allows its own style sheet and its own script (`report.js`: finds, links to
and labels rollouts), both by hash, and nothing else. Every text
that goes into it is made inert on the way, whoever wrote it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from rlvr.audit.asking.query import OUTCOMES
from rlvr.audit.books.storage import write_whole
from rlvr.audit.inert import inert, visible
from rlvr.audit.labels import unlabelled_case
from rlvr.audit.opinions.rates import METHOD
from rlvr.audit.report.charts import share_bar
from rlvr.audit.report.facts import RunFacts, as_json, gather
from rlvr.audit.report.headline import evaluation_movements
from rlvr.audit.report.markdown import as_markdown
from rlvr.audit.report.measures import measure, number
from rlvr.audit.report.pictures import draw
from rlvr.audit.report.spans import marked

REPORT_FILE = Path("report.html")
JSON_FILE, MARKDOWN_FILE = Path("report.json"), Path("report.md")

TEMPLATES = Path(__file__).parent / "templates"

CASES_CHARS = 1_500_000
"""Of all the cases that the page carries; rollouts beyond are labelled with `rlvr audit label`."""

LABEL_CHARS = 300
"""Names, reasons and answers are shown up to here; samples set their own limits in the template."""


def write_report(run_dir: Path, facts: RunFacts | None = None) -> Path:
    """Write `report.html`, and the same as JSON and Markdown, into the run's directory.

    Returns the path of the page.

    `facts` are those of `gather(run_dir)`, where the caller has them already.

    Raises:
        LedgerError: the books cannot be read, or the page cannot be written.
    """
    facts = facts or gather(run_dir)
    path = run_dir / REPORT_FILE
    write_whole(path, render(facts).encode())
    write_whole(run_dir / JSON_FILE, json.dumps(as_json(facts), indent=2).encode())
    write_whole(run_dir / MARKDOWN_FILE, as_markdown(facts).encode())
    return path


def render(facts: RunFacts) -> str:
    """The page as HTML."""
    style, script = ((TEMPLATES / name).read_text() for name in ("report.css", "report.js"))
    return _environment().get_template("report.html.j2").render(
        facts=facts,
        summary=facts.summary,
        check=facts.check,
        pictures=draw(facts.summary),
        method=METHOD,
        outcomes=[outcome for outcome in OUTCOMES if facts.summary.totals[outcome]],
        style=Markup(style),
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
        cases=_cases(facts),
    )  # fmt: skip


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _cases(facts: RunFacts) -> dict[str, Markup]:
    """By row hash, what a label needs to become a case; of the first rollouts that there is room for."""
    gated = [one for group in facts.siblings.values() for one in group]
    sampled = [one for part in facts.samples.values() for some in part.values() for one in some]
    cases: dict[str, Markup] = {}
    room = CASES_CHARS
    for exhibit in gated + sampled:
        case = escape(unlabelled_case(facts.manifest.run_id, exhibit) or "")
        if case and exhibit.row_hash not in cases and len(case) <= room:
            cases[exhibit.row_hash] = case
            room -= len(case)
    return cases


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"inert": inert, "visible": visible, "share_bar": share_bar, "words": _words}
    environment.filters |= {"signed": _signed, "number": _number, "movements": evaluation_movements}
    environment.filters |= {"measure": measure, "bare": number, "marked": marked}
    return environment


def _finalize(value: object) -> object:
    """What happens to each value the template prints: text becomes inert, markup stays."""
    return inert(value, LABEL_CHARS) if type(value) is str else value


SPOKEN = {"heldout": "held-out"}


def _words(name: str) -> str:
    return SPOKEN.get(name, name.replace("_", " "))


def _signed(value: float) -> str:
    """With a true minus sign, which is as wide as the plus."""
    return f"{value:+.2f}".replace("-", "−")


def _number(value: float) -> str:
    """Whole from ten on, else two digits that count."""
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"
