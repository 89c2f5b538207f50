"""Draw `docs/report.png`, the first screen of a run's report, for the README.

Call: `python docs/picture.py runs/quickstart`, once that run has its `report.html`.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parent / "report.png"
SCREEN = (1280, 860)
COLOURS = 256
"""Enough for text and lines, at a third of the bytes."""
MAX_BYTES = 150_000


def draw(run_dir: Path) -> Path:
    """The picture of `run_dir/report.html`, which must be there."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": SCREEN[0], "height": SCREEN[1]}, color_scheme="light")
        page.goto((run_dir / "report.html").resolve().as_uri())
        drawn = page.screenshot()
        browser.close()
    Image.open(io.BytesIO(drawn)).convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)
    if PICTURE.stat().st_size > MAX_BYTES:
        sys.exit(f"{PICTURE} has {PICTURE.stat().st_size} bytes, more than {MAX_BYTES}")
    return PICTURE


if __name__ == "__main__":
    print(draw(Path(sys.argv[1])))
