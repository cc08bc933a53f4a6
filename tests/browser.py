"""A headless Chromium for tests that look at a page: skipped where there is none, a failure under CI=true.

A page that a test opened is `Seen`: what the console said, which addresses it asked for, how wide it is.
"""

import json
import os
import shutil
from typing import NamedTuple

import pytest

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE, DESK = 390, 1280  # CSS pixels


class Seen(NamedTuple):
    """What a page did when it was opened."""

    console: list[str]  # every line of the console
    requests: list[str]  # every address that was asked for, the page's own first; of data: the kind
    width: int  # CSS pixels of the document, which may be wider than the window
    window: int

    @property
    def foreign(self):
        """The requests but for the page itself and what it carries inside."""
        return [url for url in self.requests[1:] if not url.startswith("data:")]


class Browser:
    """One Chromium with a profile of its own."""

    def __init__(self, profile):
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)

    def see(self, path, width=DESK, *, dark=False, picture=None):
        """Open a file at a window of this width; `picture` names a PNG of the whole page."""
        self._emulate(width, 800, dark)
        for log in ("browser", "performance"):
            self.driver.get_log(log)  # what the page before left behind
        self.driver.get(path.resolve().as_uri())
        console = [line["message"] for line in self.driver.get_log("browser")]
        found = self.driver.execute_script(
            "const e = document.documentElement; return [e.scrollWidth, e.clientWidth, e.scrollHeight]"
        )
        if picture is not None:
            self._emulate(width, found[2], dark)
            self.driver.save_screenshot(str(picture))
        return Seen(console, self._requests(), *found[:2])

    def _requests(self):
        lines = [
            json.loads(line["message"])["message"] for line in self.driver.get_log("performance")
        ]
        sent = (line["params"] for line in lines if line["method"] == "Network.requestWillBeSent")
        return [params["request"]["url"].partition(";")[0] for params in sent]

    def _emulate(self, width, height, dark):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Return a Browser for the whole session."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        missing = "chromium and chromedriver are missing: apt-get install chromium chromium-driver"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    found = Browser(tmp_path_factory.mktemp("chromium"))
    yield found
    found.driver.quit()
