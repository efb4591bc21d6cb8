"""People at their screens: one-click sign-in, pages, screenshots; what a browser complains about is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from tests.browser.running import RunningPortal

HEIGHT = {1366: 768, 1024: 768, 390: 844}
PATIENCE_MS = 60_000
FAILED = pytest.StashKey[bool]()
STOPPED = "net::ERR_ABORTED"  # a poll under way when the page is left, or a download: no failure


class Visitors:
    """`sit_down(username)` gives a page signed in as that person. `complaints` grows while pages are used."""

    def __init__(self, portal: RunningPortal, chromium: Any, pictures: Path, sign_ins: dict[str, Any]) -> None:
        self.portal, self.chromium, self.pictures, self.sign_ins = portal, chromium, pictures, sign_ins
        self.complaints: list[str] = []
        self.expected: set[int] = set()
        self._contexts: list[Any] = []
        self._seats: dict[str, Any] = {}

    def sit_down(
        self, username: str = "", *, width: int = 1366, script: bool = True, at_home: bool = True, **more: Any
    ) -> Any:
        """A page of this width; signed in when `username` is given; then at home, or else with nothing open."""
        context = self.chromium.new_context(
            viewport={"width": width, "height": HEIGHT[width]},
            base_url=self.portal.url, java_script_enabled=script, locale="zh-CN", timezone_id="Asia/Shanghai",
            reduced_motion="reduce", storage_state=self.sign_ins.get(username), **more,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        page = context.new_page()
        self._listen(page)
        if username and username not in self.sign_ins:
            self.sign_in(page, username)
            self.sign_ins[username] = context.storage_state()
        if username:
            page.goto("/" if at_home else "about:blank")
        return page

    def seat(self, username: str) -> Any:
        """The page at which that person sits already, or a new one. Every file is fetched anew, as on a first visit.

        Opening and closing a window cost more processor time than showing a page in it.
        """
        if username not in self._seats:
            page = self._seats[username] = self.sit_down(username, at_home=False)
            line = page.context.new_cdp_session(page)
            line.send("Network.enable")
            line.send("Network.setCacheDisabled", {"cacheDisabled": True})
        self._seats[username].set_viewport_size({"width": 1366, "height": HEIGHT[1366]})
        return self._seats[username]

    def stand_up(self) -> None:
        """Nobody's page goes on: no streams, no notes of the page in the browser's store.

        The portal's own smallest answer, not "about:blank": from there every page would begin with a new process, since
        the portal's pages share theirs with nobody (Cross-Origin-Opener-Policy). A quarter of the processor time.
        """
        waiting = self.portal.url + reverse("health-alive")
        for page in self._seats.values():
            if page.url not in ("about:blank", waiting):
                page.evaluate("localStorage.clear(), sessionStorage.clear()")
                page.goto(waiting)

    def sign_in(self, page: Any, username: str) -> None:
        """One click on the login page of the demonstration."""
        page.goto("/account/login/")
        page.click(f'form[action$="/demo/{username}/"] button')
        page.wait_for_url(lambda address: "/login/" not in address)

    def keep(self, page: Any, name: str, *, full: bool = False) -> None:
        """On a crowded machine Chromium now and then has no picture to give; the next moment it has."""
        path = self.pictures / f"{name}.png"
        try:
            page.screenshot(path=path, full_page=full)
        except Exception as error:
            if "Unable to capture screenshot" not in str(error):
                raise
            page.screenshot(path=path, full_page=full)

    def keep_all(self, name: str) -> None:
        for number, context in enumerate(self._contexts):
            for page in context.pages:
                self.keep(page, f"{name}-{number}", full=True)

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _listen(self, page: Any) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _heard(self, message: Any) -> None:
        # What the network says is judged by the answers themselves, where it is known which ones a test wants.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(f"{message.page.url if message.page else ''}: {message.text}")

    def _failed(self, request: Any) -> None:
        if request.failure != STOPPED:
            self.complaints.append(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{response.request.method} {response.url}: {response.status}")
