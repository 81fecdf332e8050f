"""Photograph the pages of a run into docs/img: every section, light and dark, screen and phone.

    snakemake --cores 2
    python docs/make_screenshots.py results/demo     (make screenshots)

Needs Debian's packages chromium and chromium-driver. The page is docs/gallery.md.
"""

import io
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser_tools import Page, browser  # noqa: E402

PAGES = ROOT / "docs/img"
_QUESTIONS = ("data", "chromatin", "prediction", "used", "wrong", "run")
_REPORT, _QUIZ = "reports/{cell_type}.html", "interpretation/*/{cell_type}/quiz.html"


@dataclass(frozen=True)
class Shot:
    """A picture of a page: what is scrolled to its top, and the window."""

    page: str = _REPORT
    at: str = "h1"
    width: int = 1280
    height: int = 900
    dark: bool = False


SHOTS = {
    "index": Shot("reports/index.html", height=640),
    "data": Shot(at="#data"),
    "chromatin": Shot(at="#chromatin"),
    "tracks": Shot(at="#browser"),
    "prediction": Shot(at="#prediction"),
    "models": Shot(at="img[alt='Scores of all models']"),
    "used": Shot(at="#used"),
    "layers": Shot(at="img[alt^='One locus']", height=1000),
    "wrong": Shot(at="#wrong"),
    "confusion": Shot(at=".matrices", height=700),
    "run": Shot(at="#run"),
    "windows": Shot("reports/windows.html"),
    "quiz": Shot(_QUIZ),
    "dark": Shot(at="#prediction", dark=True),
    "phone": Shot(width=390, height=800),
}


def photograph(page: Page, shot: Shot, path: Path) -> bytes:
    """Open a page, scroll, wait for the genome browser, and return the PNG."""
    page.open(path, shot.width, shot.height)
    if shot.dark:
        page.one("#theme").click()
    for block in page.all("#browser"):
        # The genome browser comes last and moves what stands below it.
        WebDriverWait(page.driver, 30).until(
            lambda _, block=block: block.get_attribute("data-ready") == "yes"
        )
    if shot.at == "h1":
        return page.driver.get_screenshot_as_png()
    page.run("arguments[0].scrollIntoView({block: 'start'})", page.one(shot.at))
    for bar in page.all("nav"):  # the bar of questions covers what lies below it
        if shot.at not in {f"#{name}" for name in _QUESTIONS}:
            page.run("window.scrollBy(0, -arguments[0])", bar.size["height"] + 60)
    return page.driver.get_screenshot_as_png()


def main(results: Path, cell_type: str) -> None:
    """Take all pictures; say what there is none of."""
    PAGES.mkdir(parents=True, exist_ok=True)
    with browser() as page:
        for name, shot in SHOTS.items():
            found = sorted(results.glob(shot.page.format(cell_type=cell_type)))
            if not found:
                print(f"{name}: {results} has no {shot.page}; run snakemake", file=sys.stderr)
                continue
            with Image.open(io.BytesIO(photograph(page, shot, found[0]))) as image:
                small = image.convert("RGB").quantize(128)
            small.save(PAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "sim_A")
