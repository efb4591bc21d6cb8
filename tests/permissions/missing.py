"""`python -m tests.permissions.missing`: lines for `urls.yaml` that addresses without a row would need."""

from __future__ import annotations

from typing import Any


def missing_rows() -> list[str]:
    """A first draft per address: the right its view declares, its arguments, the methods left open."""
    from tests.permissions.coverage import addresses
    from tests.permissions.table import rows

    return [_draft(name, arguments, right) for name, (arguments, right) in addresses().items() if name not in rows()]


def _draft(name: str, arguments: list[str], right: str) -> str:
    at = f", at: {{{', '.join(f'{argument}: TODO' for argument in arguments)}}}" if arguments else ""
    needs = ", needs: api.read" if name.startswith("api:") else ""
    return f"{name}: {{right: {right}{needs}{at}, get: 200}}"


def main(django: Any = None) -> None:
    import django

    django.setup()
    print("\n".join(missing_rows()))


if __name__ == "__main__":
    main()
