"""The report in a real browser: it fits, it is quiet, it asks the network for nothing, and its tools work."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from rlvr.audit.labels import label_row
from rlvr.audit.report.page import write_report
from tests.audit.sample_runs import write_run
from tests.audit.test_report import hostile_run
from verifiers.bench.cases import read_cases

CHROMIUM = shutil.which("chromium")
DESKTOP, PHONE = (1280, 900), (390, 844)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    write_run(folder / "plain", steps=30, groups=8, size=4)
    return {"plain": write_report(folder / "plain"), "hostile": hostile_run(folder / "hostile")}


SCREENS = [
    pytest.param(size, scheme, id=f"{name}-{scheme}")
    for name, size in (("desktop", DESKTOP), ("phone", PHONE))
    for scheme in ("light", "dark")
]
SHOWN = "article[data-row]:not([hidden])"


@contextmanager
def quiet_page(
    browser: Browser, path: Path, size: tuple[int, int], scheme: str = "light", *, scripts: bool = True
) -> Iterator[Page]:
    """The page, opened; nothing but itself may be asked for, and nothing may be said, by the end."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=scripts,
    )
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(path.as_uri())
    try:
        yield page
        assert [url for url in asked if not url.startswith("blob:null/")] == [path.as_uri()]
        assert said == []
    finally:
        page.close()


def open_all(page: Page) -> None:
    closed = page.locator("details:not([open]) > summary")
    while closed.count():
        closed.first.click(timeout=5_000)


@pytest.mark.parametrize(("size", "scheme"), SCREENS)
@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_the_page_fits_is_styled_and_asks_for_nothing(
    browser: Browser, reports: dict[str, Path], kind: str, scheme: str, size: tuple[int, int]
) -> None:
    with quiet_page(browser, reports[kind], size, scheme) as page:
        open_all(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert page.evaluate("getComputedStyle(document.body).maxWidth") == "1140px"
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
        assert dark == (scheme == "dark")


@pytest.mark.parametrize(("size", "scheme"), SCREENS)
def test_rollouts_are_found_by_text_domain_and_outcome(
    browser: Browser, reports: dict[str, Path], scheme: str, size: tuple[int, int]
) -> None:
    with quiet_page(browser, reports["plain"], size, scheme) as page:
        every = page.locator(SHOWN).count()
        page.locator("#find-domain").select_option("math")
        page.locator("#find-outcome").select_option("wrong")
        found = page.locator(SHOWN)
        assert 0 < found.count() < every
        kinds = {(one.get_attribute("data-domain"), one.get_attribute("data-outcome")) for one in found.all()}
        assert kinds == {("math", "wrong")}
        assert page.locator("#found").inner_text() == f"{found.count()} of {every} rollouts"
        row = found.last.get_attribute("data-row")
        page.locator("#find-words").fill(str(row))
        assert {one.get_attribute("data-row") for one in page.locator(SHOWN).all()} == {row}
        assert page.locator(SHOWN).first.is_visible()
        page.locator("#find-words").fill("nothing says this")
        assert page.locator(SHOWN).count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_a_permalink_shows_its_rollout_whatever_is_closed_or_filtered(
    browser: Browser, reports: dict[str, Path]
) -> None:
    with quiet_page(browser, reports["plain"], DESKTOP) as page:
        address = page.locator("#samples details:not([open]) article").last.get_attribute("id")
        page.evaluate("address => location.hash = address", address)
        page.locator(f"#{address}").wait_for(state="visible", timeout=5_000)
        page.evaluate("location.hash = 'gates'")
        page.locator("#find-words").fill("nothing says this")
        page.evaluate("address => location.hash = address", address)
        page.locator(f"#{address}").wait_for(state="visible", timeout=5_000)
        assert page.locator("#find-words").input_value() == ""


@pytest.mark.parametrize("size", [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone")])
@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_labels_are_downloaded_as_the_cases_that_the_command_line_writes(
    browser: Browser, reports: dict[str, Path], kind: str, size: tuple[int, int], tmp_path: Path
) -> None:
    with quiet_page(browser, reports[kind], size) as page:
        rollouts = page.locator("#samples details[open] article:has(button)")
        wanted = {}
        for index, expected in enumerate(("right", "wrong", "right")):
            rollouts.nth(index).locator(f"button[value={expected}]").click()
            wanted[str(rollouts.nth(index).get_attribute("data-row"))] = expected
        rollouts.nth(2).locator("button[value=right]").click()  # a second time takes it back
        wanted.popitem()
        assert page.locator("#labelled").inner_text() == "Download 2 labels"
        with page.expect_download() as download:
            page.locator("#labelled").click()
        download.value.save_as(tmp_path / "labels.jsonl")
    for row, expected in wanted.items():
        label_row(reports[kind].parent, row, expected, tmp_path / "expected.jsonl")  # type: ignore[arg-type]
    assert read_cases(tmp_path / "labels.jsonl") == read_cases(tmp_path / "expected.jsonl")


@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_without_scripts_everything_can_be_read(
    browser: Browser, reports: dict[str, Path], kind: str
) -> None:
    with quiet_page(browser, reports[kind], DESKTOP, scripts=False) as page:
        assert not page.locator("#finder").is_visible()
        open_all(page)
        articles = page.locator("article[data-row]")
        assert all(article.is_visible() for article in articles.all())


def test_hostile_text_does_nothing_when_it_is_searched_for(
    browser: Browser, reports: dict[str, Path]
) -> None:
    with quiet_page(browser, reports["hostile"], PHONE) as page:
        title, every = page.title(), page.locator(SHOWN).count()
        for text in ("<script>alert(1)</script>", "onerror=alert(1)", r"\x1b[31m", r"\u202eright-to-left"):
            page.locator("#find-words").fill(text)
            assert page.locator(SHOWN).count() == every
        assert page.title() == title
        assert page.locator("script").count() == 1
        assert page.locator("img, iframe, object, embed, link, form").count() == 0


def test_only_the_charts_that_fit_the_screen_are_shown(browser: Browser, reports: dict[str, Path]) -> None:
    for size, shown, other in ((DESKTOP, ".wide", ".narrow"), (PHONE, ".narrow", ".wide")):
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.goto(reports["plain"].as_uri())
        assert page.locator(f"{shown} svg").first.is_visible()
        assert not page.locator(f"{other} svg").first.is_visible()
        page.close()
