"""The report in a real browser: it fits, it is quiet, and it asks the network for nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from rlvr.audit.report import write_report
from tests.audit.sample_runs import write_run
from tests.audit.test_report import hostile_run

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


@pytest.mark.parametrize("size", [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone")])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_the_page_fits_is_styled_and_asks_for_nothing(
    browser: Browser, reports: dict[str, Path], kind: str, scheme: str, size: tuple[int, int]
) -> None:
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    address = reports[kind].as_uri()
    page.goto(address)
    closed = page.locator("details:not([open]) > summary")
    while closed.count():
        closed.first.click()

    assert asked == [address]
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate("getComputedStyle(document.body).maxWidth") == "1140px"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    page.close()


def test_only_the_charts_that_fit_the_screen_are_shown(browser: Browser, reports: dict[str, Path]) -> None:
    for size, shown, other in ((DESKTOP, ".wide", ".narrow"), (PHONE, ".narrow", ".wide")):
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.goto(reports["plain"].as_uri())
        assert page.locator(f"{shown} svg").first.is_visible()
        assert not page.locator(f"{other} svg").first.is_visible()
        page.close()
