"""The second factor: one-time codes by a shared secret, which the database keeps only as ciphertext.

The library's own table holds the secret in clear, so that a copy of the database would give codes. Checking and
slowing down are the library's (`django_otp`); the table is ours.
"""

from __future__ import annotations

import time
from base64 import b32encode
from typing import ClassVar
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP
from django_otp.util import random_hex

from accounts.records import TrackedModel
from core.fields import EncryptedTextField


def new_key() -> str:
    """160 random bits, as the standard asks."""
    return str(random_hex(20))


class TOTPDevice(TrackedModel, TimestampMixin, ThrottlingMixin, Device):
    """An authenticator on a phone (RFC 6238): six digits every 30 s. A code counts once (`last_t`)."""

    key = EncryptedTextField(default=new_key, help_text="The shared secret, hexadecimal")
    step = models.PositiveSmallIntegerField(default=30, help_text="Seconds for which one code stands")
    t0 = models.BigIntegerField(default=0, help_text="Unix time at which counting began")
    digits = models.PositiveSmallIntegerField(default=6)
    tolerance = models.PositiveSmallIntegerField(default=1, help_text="Steps the phone's clock may be off")
    drift = models.SmallIntegerField(default=0, help_text="Steps the phone's clock is known to be off")
    last_t = models.BigIntegerField(default=-1, help_text="Step of the last code that counted")

    # What each use changes; setting up, confirming and forgetting a phone are history.
    history_exclude: ClassVar = (
        "drift",
        "last_t",
        "last_used_at",
        "throttling_failure_count",
        "throttling_failure_timestamp",
    )
    data_labels: ClassVar = {"name": "L0", "key": "L4"}

    class Meta(TrackedModel.Meta):
        verbose_name = "one-time code device"

    @property
    def bin_key(self) -> bytes:
        return bytes.fromhex(self.key)

    def verify_token(self, token: str) -> bool:
        """Whether the code is right, fresh and unused; wrong ones make the device wait longer each time."""
        allowed, _why = self.verify_is_allowed()
        if not allowed:
            return False
        right = self._matches(token)
        if right:
            self.throttle_reset(commit=False)
            self.set_last_used_timestamp(commit=False)
        else:
            self.throttle_increment(commit=False)
        self.save(update_fields=self.history_exclude)
        return right

    def _matches(self, token: str) -> bool:
        try:
            number = int(token)
        except (TypeError, ValueError):
            return False
        clock = TOTP(self.bin_key, self.step, self.t0, self.digits, self.drift)
        clock.time = time.time()
        if not clock.verify(number, self.tolerance, self.last_t + 1):
            return False
        self.last_t, self.drift = clock.t(), clock.drift
        return True

    def get_throttle_factor(self) -> float:
        return 1.0

    @property
    def config_url(self) -> str:
        """What the phone scans. It holds the secret: shown to its owner once, while the phone is not confirmed."""
        issuer = settings.OTP_TOTP_ISSUER.replace(":", "")
        shape = {"algorithm": "SHA1", "digits": self.digits, "period": self.step}
        values = {"secret": self._secret, **shape, "issuer": issuer}
        label = quote(f"{issuer}:{self.user.get_username()}")
        return f"otpauth://totp/{label}?{urlencode(values, quote_via=quote)}"

    @property
    def typed_key(self) -> str:
        """The same secret for somebody who cannot scan, in groups of four; shown where the picture is shown."""
        return " ".join(self._secret[at : at + 4] for at in range(0, len(self._secret), 4))

    @property
    def _secret(self) -> str:
        return b32encode(self.bin_key).decode()
