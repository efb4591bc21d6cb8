"""`./portal verify_bundle FILE …`: bundles of proof checked by their own manifest; no server is started."""

import sys
from pathlib import Path

FAULTS = {
    "NOT_A_BUNDLE": "不是凭证包 · no bundle of proof",
    "TOO_LARGE": "超过凭证包限度 · larger than a bundle may be",
    "MISSING": "缺少文件 · missing",
    "CHANGED": "与清单不符 · not the file the manifest names",
    "EXTRA": "清单中没有 · not named in the manifest",
}


def verify_bundles(arguments: list[str]) -> int:
    """0 when every bundle is whole, 1 when one is not, 2 without a file to check."""
    if not arguments:
        print("用法 · usage: ./portal verify_bundle FILE …", file=sys.stderr)
        return 2
    return max(_verify(Path(name)) for name in arguments)


def _verify(path: Path) -> int:
    from core.bundles import verify  # the launcher starts without the rest of the portal beside it

    checked = verify(path)
    for code, what in checked.faults[:50]:
        print(f"{path}: {FAULTS[code]}: {what}", file=sys.stderr)
    if checked.faults:
        return 1
    print(f"{path}: {checked.files} 个文件与清单一致 · files are what the manifest says")
    print(f"  manifest SHA-256 {checked.manifest_sha256}")
    for key, value in checked.stated.items():
        print(f"  {key}: {value}")
    return 0
