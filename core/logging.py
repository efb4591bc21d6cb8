"""Log lines: one JSON object each, UTC, safe against forged lines, without personal numbers.

JSON escapes line breaks, so a value can't start a line of its own. Numbers that look like an identity card (18 or
15 digits), a phone (11) or a bank card (16 to 19) are replaced wherever they stand, in messages, values and tracebacks.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

# Where a tool of ours has brought `rich`, structlog would load it for coloured terminals: a tenth of a program's start.
_kept = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment]
try:
    import structlog
finally:
    del sys.modules["rich"]
    if _kept is not None:
        sys.modules["rich"] = _kept

# Not inside a longer run of letters and digits: request ids and hashes stay readable.
_LONG = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{15,19}|[0-9]{17}[Xx]|1[3-9][0-9]{9})(?![0-9A-Za-z])")
_SPACED = re.compile(r"(?<![0-9A-Za-z])[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?(?![0-9A-Za-z])")
_SECRET_NAMES = ("password", "passwd", "secret", "token", "id_number", "phone", "card", "cookie", "authorization")
MASK = "***"
MAX_DEPTH = 6


def mask_numbers(text: str) -> str:
    """`text` with every run of digits that could be a person's number replaced by `***`."""
    return _SPACED.sub(MASK, _LONG.sub(MASK, text))


def mask_value(value: Any, depth: int = 0) -> Any:
    """The same for nested values; what is too deep is cut."""
    if isinstance(value, str):
        return mask_numbers(value)
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return MASK if _LONG.fullmatch(str(value)) else value
    if depth >= MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {mask_numbers(str(key)): _by_name(str(key), item, depth) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask_value(item, depth + 1) for item in value]
    return mask_numbers(str(value))


def _by_name(name: str, value: Any, depth: int) -> Any:
    return MASK if any(secret in name.lower() for secret in _SECRET_NAMES) else mask_value(value, depth + 1)


def drop_personal(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """structlog processor: masks every value of the event."""
    kept = {key: event[key] for key in ("_record", "_from_structlog") if key in event}
    return {**{key: _by_name(key, value, 0) for key, value in event.items() if key not in kept}, **kept}


def shared_processors() -> list[Any]:
    """For `structlog.configure` and for lines of the standard library alike."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.UnicodeDecoder(),
    ]


def json_formatter(*_: Any, **__: Any) -> logging.Formatter:
    """The formatter named in `settings.LOGGING`; also points structlog at it."""
    structlog.configure(
        # first what is dropped anyway: two lines for every request, which nobody has asked for
        processors=[
            structlog.stdlib.filter_by_level,
            *shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared_processors(),
        processors=[
            structlog.processors.format_exc_info,
            drop_personal,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
