"""A headless Chromium for tests: the system's, or Playwright's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def executable(own: str) -> str | None:
    """The browser's path: of the system, else `own`, Playwright's, if that is installed."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or (own if os.path.exists(own) else None)


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        path = executable(driver.chromium.executable_path)
        if path is None:
            pytest.skip("needs a Chromium (apt install chromium, or playwright install chromium)")
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, path: Path, *, width: int = 1200, scheme: str = "light", touch: bool = False) -> Iterator[Any]:
    """A page in a window of its own; whatever it complains of or tries to load is an error."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, has_touch=touch)
    context.set_default_timeout(5000)
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url) if request.url != path.as_uri() else None)
    page.goto(path.as_uri())
    yield page
    context.close()
    assert not wrong
