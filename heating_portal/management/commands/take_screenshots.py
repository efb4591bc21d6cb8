"""`take_screenshots`: pictures for the documents from a running demonstration, office screen and phone."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from PIL import Image

SIZES = {1366: 768, 390: 844}
MOST_BYTES = 200 * 1024
# Name of the picture: who looks, at which address ("a > b": open a, press the first link that matches b), how wide.
VIEWS: dict[str, tuple[str, str, int]] = {
    "overview": ("office_taishan", "/overview/", 1366),
    "overview-phone": ("leading_taishan", "/overview/", 390),
    "workbench": ("office_taishan", "/", 1366),
    "households": ("office_taishan", "/households/", 1366),
    "household": ("office_taishan", "/households/ > tbody a.id", 1366),
    "rosters": ("clerk_nancun", "/hh/rosters/", 1366),
    "tasks": ("office_chengqu", "/works/", 1366),
    "acceptance-phone": ("inspector_chengqu", "/works/visits/ > .tasks a", 390),
    "batch": ("office_taishan", "/pay/batches/ > tbody a.id", 1366),
    "trace": ("auditor_taishan", "/trace/ > .mil__col li a", 1366),
    "heaters": ("ops_chengqu", "/dev/", 1366),
    "heater": ("ops_chengqu", "/dev/ > tbody a.id", 1366),
}


class Command(BaseCommand):
    help = "Write docs/screenshots/*.png from a demonstration that runs at --url (needs Chromium)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the demonstration answers")
        parser.add_argument("--to", type=Path, default=settings.BASE_DIR / "docs" / "screenshots")
        parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
        parser.add_argument("--only", nargs="*", choices=sorted(VIEWS), help="these pictures only")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["chromium"]:
            raise CommandError("No Chromium was found. Install one, or name it with --chromium.")
        try:
            from playwright.sync_api import sync_playwright
        except ImportError as error:
            raise CommandError("Playwright is missing; it comes with ./portal test.") from error
        options["to"].mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options["chromium"], args=["--no-sandbox"])
            for name in options["only"] or VIEWS:
                path = options["to"] / f"{name}.png"
                picture(browser, options["url"], *VIEWS[name], path)
                self.stdout.write(f"{path}  {path.stat().st_size // 1024} KB")
            browser.close()
        heavy = [name for name in VIEWS if _size(options["to"] / f"{name}.png") > MOST_BYTES]
        if heavy:
            raise CommandError(f"Larger than {MOST_BYTES // 1024} KB: {', '.join(heavy)}")


def picture(browser: Any, url: str, username: str, way: str, width: int, path: Path) -> None:
    """One picture, as that person of the demonstration; animations are off and polls have settled."""
    context = browser.new_context(
        base_url=url, viewport={"width": width, "height": SIZES[width]}, locale="zh-CN",
        timezone_id="Asia/Shanghai", reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    page.goto("/account/login/")
    page.click(f'form[action$="/demo/{username}/"] button')
    page.wait_for_url(lambda address: "/login/" not in address)
    address, _, link = way.partition(" > ")
    page.goto(address)
    if link:
        page.click(f"{link} >> nth=0")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path)
    context.close()
    pack(path)


def pack(path: Path) -> None:
    """Where the picture is too heavy, with 128 colours: a screen has few, photos in it lose a little."""
    if path.stat().st_size > MOST_BYTES:
        with Image.open(path) as picture:
            few = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
