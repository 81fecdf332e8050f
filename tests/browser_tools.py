"""Open pages in headless Chromium, and hear of what goes wrong in them."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement

#: Programs of Debian's packages chromium and chromium-driver.
PROGRAMS = ("chromium", "chromedriver")


class Page:
    """One page in a browser."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, path: Path, width: int = 1280, height: int = 900) -> None:
        """Open a file in a window of a size."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get(path.resolve().as_uri())

    def run(self, script: str, *arguments: object) -> object:
        """Run JavaScript, and return its value."""
        return self.driver.execute_script(script, *arguments)

    def all(self, selector: str) -> list[WebElement]:
        """Return the elements that a CSS selector finds."""
        return self.driver.find_elements("css selector", selector)

    def one(self, selector: str) -> WebElement:
        """Return the first element that a CSS selector finds."""
        return self.driver.find_element("css selector", selector)

    def complaints(self) -> list[str]:
        """Return what the console was told since the last call, but for mere remarks."""
        entries = self.driver.get_log("browser")
        return [entry["message"] for entry in entries if entry["level"] != "INFO"]

    def requests(self) -> set[str]:
        """Return the schemes and hosts that were asked for since the last call."""
        found = set()
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.add(message["params"]["request"]["url"])
        return {url for url in found if not url.startswith(("file:", "data:", "blob:"))}


@contextmanager
def browser() -> Iterator[Page]:
    """Start Chromium without a window; end it afterwards."""
    options = Options()
    options.binary_location = shutil.which(PROGRAMS[0]) or ""
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--no-first-run", "--disable-extensions",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which(PROGRAMS[1])))
    try:
        yield Page(driver)
    finally:
        driver.quit()
