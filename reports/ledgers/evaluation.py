"""The evaluation pack among what is taken out: it has a title and a right, and no rows of its own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _


class Pack:
    """What pages of exports ask of a kind: `ledgers` are the kinds that lie in the archive as workbooks."""

    kind = "evaluation"
    title = _("Performance-evaluation pack")
    about = _("Targets, funds, files, satisfaction and environmental benefit of a year, with the ledgers behind them")
    icon = "file-zip"
    right = "overview.view"
    asks = ("year",)
    ledgers = ("district", "town", "fund", "movement", "completion", "payout", "gap")


EVALUATION = Pack()
