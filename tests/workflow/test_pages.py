"""Pages in a real browser: nothing is fetched, nothing fails, and what moves can be moved."""

import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from browser_tools import Page
from chrompute.igv_script import igv_script
from helpers import ROOT
from simulation_tools import RESULTS

REPORT = "reports/sim_A.html"
QUESTIONS = ["data", "chromatin", "prediction", "used", "wrong", "run"]
#: A report, the largest page, is to be sent by mail and opened on a phone.
LARGEST = 8_000_000


@pytest.fixture
def results(simulated: Path) -> Path:
    return simulated / RESULTS


def pages(results: Path) -> list[Path]:
    return sorted([*results.glob("reports/*.html"), *results.glob("interpretation/*/*/quiz.html")])


def test_no_page_asks_the_network_or_complains(results: Path, page: Page) -> None:
    found = pages(results)
    assert {"index.html", "windows.html", "sim_A.html", "quiz.html"} <= {p.name for p in found}
    for path in found:
        page.open(path)
        for link in page.all("nav a[href^='#']"):
            link.click()
        assert page.complaints() == [], path.name
        assert page.requests() == set(), path.name
        assert path.stat().st_size < LARGEST, path.name


def test_pages_lie_anywhere(results: Path, page: Page, tmp_path: Path) -> None:
    """On a stick, without the results beside them."""
    for path in pages(results):
        page.open(Path(shutil.copy(path, tmp_path)))
        broken = page.run("return [...document.images].filter((i) => !i.naturalWidth).length")
        assert broken == 0, path.name
        assert page.complaints() == [], path.name


def test_links_lead_to_files(results: Path, page: Page) -> None:
    for path in pages(results):
        page.open(path)
        links = page.run("return [...document.links].map((a) => a.getAttribute('href'))")
        assert isinstance(links, list)
        for link in links:
            place, _, anchor = link.partition("#")
            assert not place or (path.parent / unquote(place)).exists(), (path.name, link)
            assert place or not anchor or page.all(f"[id='{anchor}']"), (path.name, link)


def test_each_question_has_a_section_that_says_something(results: Path, page: Page) -> None:
    page.open(results / REPORT)
    assert [e.get_attribute("id") for e in page.all("section h2")] == QUESTIONS
    for name in QUESTIONS:
        page.one(f"nav a[href='#{name}']").click()
        heading = page.one(f"#{name}")
        top = page.run("return arguments[0].getBoundingClientRect().top", heading)
        assert isinstance(top, (int, float))
        assert 0 <= top < 900
        section = heading.find_element(By.XPATH, "..")
        assert len(section.text) > 200, name


def test_figures_have_a_size_an_alternative_a_caption_and_their_numbers(
    results: Path, page: Page
) -> None:
    number = {}
    for path in pages(results):
        page.open(path)
        for answer in page.all("summary"):  # of the quiz
            answer.click()
        figures = page.all("figure")
        number[path.name] = len(figures)
        for figure in figures:
            image = figure.find_element("css selector", "img")
            alt, where = image.get_attribute("alt"), path.name
            assert alt, where
            assert image.size["width"] > 100, (where, alt)
            assert image.size["height"] > 60, (where, alt)
            caption = figure.find_element("css selector", "figcaption").text
            assert len(caption) > 30, (where, alt)
            assert caption.endswith("numbers"), (where, alt)
            assert figure.find_elements("css selector", "a[href]"), (where, alt)
    assert number["sim_A.html"] > 20
    assert number["windows.html"] > 1


def test_tables_sort_both_ways(results: Path, page: Page) -> None:
    page.open(results / REPORT)
    table = page.one("#prediction ~ .scroll table.sortable")
    heading = table.find_elements("css selector", "th")[2]

    def column() -> list[float]:
        rows = table.find_elements("css selector", "tbody tr:not(.fixed) td:nth-child(3)")
        return [float(row.text.split()[0]) for row in rows]

    given = column()
    assert len(given) > 3
    button = heading.find_element("css selector", "button")
    button.click()
    assert column() == sorted(given, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"
    button.click()
    assert column() == sorted(given)
    last = table.find_elements("css selector", "tbody tr")[-1]
    assert "fixed" in (last.get_attribute("class") or "")


#: Clicks a heading and reads its column: [direction, [[number or null, text] of each row]].
SORTED_COLUMN = """
  const [table, place] = arguments, heading = table.tHead.rows[0].cells[place];
  heading.querySelector("button").click();
  const rows = [...table.tBodies[0].rows].filter((row) => !row.classList.contains("fixed"));
  return [heading.getAttribute("aria-sort"), rows.map((row) => row.cells[place].innerText)];
"""


def in_order(cells: list[str], down: bool) -> bool:
    """Tell whether numbers are sorted and stand before what is no number."""
    found = [re.match(r"[-+]?\d[\d,]*\.?\d*(e-?\d+)?", text.strip()) for text in cells]
    numbers = [float(own[0].replace(",", "")) for own in found if own]
    first = [own is not None for own in found]
    return first == sorted(first, reverse=True) and numbers == sorted(numbers, reverse=down)


def test_every_table_sorts_by_every_column(results: Path, page: Page) -> None:
    sorted_tables = 0
    for path in pages(results):
        page.open(path)
        for table in page.all("table.sortable"):
            sorted_tables += 1
            width = page.run("return arguments[0].tHead.rows[0].cells.length", table)
            assert isinstance(width, int)
            for place in range(width):
                for direction in ("descending", "ascending"):
                    told: Any = page.run(SORTED_COLUMN, table, place)
                    assert told[0] == direction
                    assert in_order(told[1], direction == "descending"), (path.name, told)
    assert sorted_tables > 10


def canvas_colours(page: Page) -> int:
    """Count the colours of the viewer's canvas."""
    script = """
      const c = document.querySelector("#vplot-viewer canvas");
      const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
      const seen = new Set();
      for (let i = 0; i < d.length; i += 4) seen.add((d[i] << 16) | (d[i + 1] << 8) | d[i + 2]);
      return seen.size;
    """
    number = page.run(script)
    assert isinstance(number, int)
    return number


def test_vplots_can_be_looked_into(results: Path, page: Page) -> None:
    page.open(results / REPORT)
    viewer, canvas = page.one("#vplot-viewer"), page.one("#vplot-viewer canvas")
    readout = viewer.find_element("css selector", ".readout")
    WebDriverWait(page.driver, 10).until(lambda _: "Drag" in readout.text)
    assert canvas_colours(page) > 20
    page.run("arguments[0].scrollIntoView({block: 'center'})", canvas)
    actions = ActionChains(page.driver)
    actions.move_to_element_with_offset(canvas, 40, 20).perform()
    before = re.findall(r"-?\d+", readout.text)
    assert "bp, length" in readout.text
    # A part in the middle is dragged over; the same place on the screen is then another pixel.
    actions.move_to_element_with_offset(canvas, -60, -60).click_and_hold()
    actions.move_by_offset(120, 110).release().perform()
    actions.move_to_element_with_offset(canvas, 40, 20).perform()
    zoomed = re.findall(r"-?\d+", readout.text)
    assert zoomed[:2] != before[:2]
    page.one("#vplot-viewer [data-do=whole]").click()
    actions.move_to_element_with_offset(canvas, 40, 20).perform()
    assert re.findall(r"-?\d+", readout.text) == before
    choice = Select(viewer.find_element("css selector", "select"))
    assert len(choice.options) > 3
    for option in reversed(choice.options):  # the first is chosen already
        choice.select_by_visible_text(option.text)
        WebDriverWait(page.driver, 10).until(lambda _, t=option.text: readout.text.startswith(t))
    assert page.complaints() == []


def test_the_viewer_counts_what_the_arrays_hold(results: Path, page: Page) -> None:
    page.open(results / REPORT)
    size, total, largest = page.driver.execute_async_script("""
      const done = arguments[arguments.length - 1];
      const plots = JSON.parse(document.getElementById("vplot-data").textContent);
      const bytes = Uint8Array.from(atob(plots.tss.data), (letter) => letter.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
      new Response(stream).arrayBuffer().then((buffer) => {
        const counts = new Uint32Array(buffer);
        done([counts.length, counts.reduce((a, b) => a + b, 0), Math.max(...counts)]);
      });
    """)
    with np.load(results / "vplots/sim_A/tss.npz") as stored:
        counts = stored["counts"]
    rows, columns = -(-counts.shape[0] // 2), -(-counts.shape[1] // 4)
    assert size == rows * columns
    assert total == counts.sum()
    padded = np.zeros((2 * rows, 4 * columns), dtype=int)
    padded[: counts.shape[0], : counts.shape[1]] = counts
    assert largest == padded.reshape(rows, 2, columns, 4).sum(axis=(1, 3)).max()


def test_loci_can_be_browsed(results: Path, page: Page) -> None:
    page.open(results / REPORT)
    block = page.one("#browser")
    WebDriverWait(page.driver, 20).until(lambda _: block.get_attribute("data-ready") == "yes")
    facts = json.loads((results / "reports/data/sim_A.loci.json").read_text())
    shown = page.run("""
      const root = [...document.querySelectorAll("#browser *")].find((e) => e.shadowRoot);
      return root.shadowRoot.textContent;
    """)
    for track in facts["tracks"]:
        assert track["title"] in str(shown)
    choice = Select(block.find_element("css selector", "select"))
    assert [option.text for option in choice.options] == [each["title"] for each in facts["loci"]]
    choice.select_by_index(len(choice.options) - 1)
    place = facts["loci"][-1]
    wanted = f"{place['chrom']}:{place['start'] + 1:,}"

    def there(_: object) -> bool:
        return (
            str(
                page.run("""
          const root = [...document.querySelectorAll("#browser *")].find((e) => e.shadowRoot);
          return [...root.shadowRoot.querySelectorAll("input")].map((i) => i.value).join(" ");
        """)
            ).find(wanted)
            >= 0
        )

    WebDriverWait(page.driver, 10).until(there)
    assert page.complaints() == []
    assert page.requests() == set()


def test_names_of_tracks_are_text(page: Page, tmp_path: Path) -> None:
    """igv.js takes names for HTML; titles of tasks and names in BED files come from anywhere."""
    evil = "<img src=x onerror=\"document.title='ran'\">"
    place = {"chrom": "chr1", "start": 0, "end": 1000, "from": 400, "to": 600}
    feature = {"chrom": "chr1", "start": 100, "end": 900, "name": evil, "colour": "#000000"}
    tracks = [
        {"title": evil, "features": [feature]},
        {"title": evil, "colour": "#000000", "values": [[1, 2, 3, 4]]},
    ]
    data = {"loci": [place], "chromosomes": {"chr1": 1000}, "tracks": tracks}
    (tmp_path / "p.html").write_text(
        "<!doctype html><title>still</title><div id=browser><select></select>"
        "<div class=frame></div></div><script type='application/json' id=browser-data>"
        f"{json.dumps(data)}</script>"
        f"<script>{igv_script()}</script><script>"
        f"{(ROOT / 'report/page/browser.js').read_text()}</script>"
    )
    page.open(tmp_path / "p.html")
    block = page.one("#browser")
    WebDriverWait(page.driver, 20).until(lambda _: block.get_attribute("data-ready") == "yes")
    shown = page.run("""
      const root = [...document.querySelectorAll("#browser *")].find((e) => e.shadowRoot);
      const found = root.shadowRoot.querySelectorAll("img[src=x]").length;
      return [root.shadowRoot.textContent.includes("onerror"), found];
    """)
    assert shown == [True, 0]
    assert page.driver.title == "still"


def test_confusion_matrices_speak(results: Path, page: Page) -> None:
    page.open(results / REPORT)
    block = page.one(".matrices")
    choice = Select(block.find_element("css selector", "select"))
    tables = block.find_elements("css selector", "table")
    assert len(tables) == len(choice.options) > 2
    for option in choice.options:
        choice.select_by_value(option.get_attribute("value") or "")
        shown = [t.get_attribute("data-model") for t in tables if t.is_displayed()]
        assert shown == [option.get_attribute("value")]
    cell = next(t for t in tables if t.is_displayed()).find_element("css selector", "td.cell")
    page.run("arguments[0].scrollIntoView({block: 'center'})", cell)
    ActionChains(page.driver).move_to_element(cell).perform()
    readout = block.find_element("css selector", ".readout").text
    assert re.match(r"Of [\d,.]+ windows labelled .+, [\d,.]+ .*are predicted to be", readout)


def test_light_and_dark(results: Path, page: Page) -> None:
    page.open(results / REPORT)
    paper = "return getComputedStyle(document.body).backgroundColor"
    first = page.run(paper)
    page.one("#theme").click()
    assert page.run(paper) != first
    page.one("#theme").click()
    assert page.run(paper) == first


def test_a_phone_shows_the_page_without_scrolling_sideways(results: Path, page: Page) -> None:
    for path in pages(results):
        page.open(path, width=390, height=800)
        wide = page.run("return document.documentElement.scrollWidth")
        assert isinstance(wide, int)
        assert wide <= 390, path.name


def test_a_page_prints(results: Path, page: Page) -> None:
    page.open(results / REPORT)
    printed = page.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert len(printed["data"]) > 100_000
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not page.one("nav").is_displayed()
    assert not page.one("#vplot-viewer").is_displayed()
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
