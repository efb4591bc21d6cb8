"""The fourteen items of a household's file (一户一档): which of them a programme asks for is a row of its own data."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Paper(models.TextChoices):
    """Union of T-52, J-20, J-40, J-41 and L-44, in the order of the file's contents sheet."""

    BASIC = "basic", _("basic information")
    CHOICE = "choice", _("signed choice or give-up statement")
    CONTRACT = "contract", _("agreement or contract")
    SUPPLY = "supply", _("supply contract confirmed by the user")
    PHOTOS = "photos", _("photos before, during and after")
    RECORD = "record", _("installation record")
    COMMISSION = "commission", _("commissioning signed by the user")
    CONNECTION = "connection", _("data transmission check")
    ACCEPTANCE = "acceptance", _("third-party acceptance")
    JOINT = "joint", _("signatures of the joint acceptance")
    SELF_PAYMENT = "self_payment", _("evidence of the own share")
    PAYMENT = "payment", _("subsidy calculation and payment slip")
    WARRANTY = "warranty", _("warranty card")
    DRAWINGS = "drawings", _("drawings and charts")


KEPT_AS_DATA = frozenset({Paper.BASIC, Paper.PHOTOS, Paper.RECORD, Paper.CONNECTION})
"""Items that are never a stored file of their own: the register, the works and the heaters hold them."""
UPLOADABLE = tuple(paper for paper in Paper if paper not in KEPT_AS_DATA)
