"""The report's page in a real browser. SAMPLE_REPORT names the program that makes it without a run
(tests/browser/sample_report.c)."""

import json
import os
import subprocess

import pytest

selenium = pytest.importorskip("selenium", reason="python3-selenium is not installed")
from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.options import Options  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"


def pytest_collection_modifyitems(items):
    missing = [path for path in (CHROMIUM, DRIVER) if not os.access(path, os.X_OK)]
    if missing:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"{' and '.join(missing)}: not installed"))


def sample(*options):
    done = subprocess.run([os.environ["SAMPLE_REPORT"], *options], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="session")
def browser():
    options = Options()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--disable-background-networking", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=Service(DRIVER), options=options)
    driver.set_page_load_timeout(60)
    yield driver
    driver.quit()


class Page:
    """A sample report opened in the browser, with what it did while it was."""

    def __init__(self, driver, folder, options, width=1200):
        self.driver = driver
        self.file = folder / f"report{'-'.join(options)}.html"
        self.file.write_bytes(sample(*options))
        self.report = json.loads(sample(*options, "--json"))
        driver.set_window_size(width, 900)
        driver.get_log("browser")
        driver.get_log("performance")
        driver.get(self.file.as_uri())
        self.console = [line for line in driver.get_log("browser") if "favicon" not in line["message"]]
        messages = [json.loads(line["message"])["message"] for line in driver.get_log("performance")]
        self.requested = [message["params"]["request"]["url"] for message in messages
                          if message["method"] == "Network.requestWillBeSent"]

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def count(self, selector):
        return len(self.all(selector))

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)


@pytest.fixture
def page(browser, tmp_path):
    return lambda *options, width=1200: Page(browser, tmp_path, options, width)


@pytest.fixture(scope="session")
def compared(browser, tmp_path_factory):
    """The report of a comparison, for tests that only look; each opens it as it is."""
    return Page(browser, tmp_path_factory.mktemp("page"), ())
