"""Both password profiles over thousands of strings, against rules written a second time here."""

from __future__ import annotations

import datetime as dt
import string
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts import services
from accounts.context_words import FIXED, context_words, spellings
from accounts.models import User
from accounts.passwords import KEPT_OLD, must_change, temporary_password
from tests import people
from tests.accounts.conftest import PASSWORD, Make
from tests.plugins.proofs import LARGE, Proof

EXAMPLES = 10_000 if LARGE else 300
many = hypothesis_settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WRITTEN = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=24)
COMPOSED = st.lists(
    st.sampled_from(["abc", "Q", "77", "#", "QingJie", "taishan", "Kiesel", "Ω", " ", "password"]), max_size=8
).map("".join)


def accepted(password: str, user: Any = None) -> bool:
    try:
        validate_password(password, user)
    except ValidationError as error:
        assert error.messages, "a refusal without a sentence"
        return False
    return True


def kinds(password: str) -> int:
    sets = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    plain = "".join(sets)
    return sum(any(c in one for c in password) for one in sets) + any(c not in plain for c in password)


@pytest.mark.proof("password-profiles")
@pytest.mark.parametrize("profile", ["djcp", "asvs"])
def test_no_weak_password_passes_and_no_strong_one_is_refused(profile: str, proof: Proof) -> None:
    seen = {True: 0, False: 0}

    @many
    @given(WRITTEN | COMPOSED)
    def check(password: str) -> None:
        with override_settings(PASSWORD_PROFILE=profile):
            passed = accepted(password)
        seen[passed] += 1
        local = any(word in password.lower() for word in FIXED)
        weak = len(password) < 10 or local or (profile == "djcp" and kinds(password) < 3)
        if weak:
            assert not passed
        elif len(password) >= 14 and kinds(password) == 4:
            assert passed  # too long and mixed to stand in a list of common ones

    check()
    assert min(seen.values()) > EXAMPLES / 50, "the strings do not try both sides"
    proof(f"{profile}: {sum(seen.values())} strings, {seen[True]} accepted")


@many
@given(st.integers(12, 40))
def test_given_out_passwords_pass_the_strict_profile(length: int) -> None:
    with override_settings(PASSWORD_PROFILE="djcp"):
        assert accepted(temporary_password(length))


def test_the_profiles_differ_where_they_should(settings: Any) -> None:
    long_words = "correct horse battery staple"
    settings.PASSWORD_PROFILE = "asvs"
    assert accepted(long_words)
    settings.PASSWORD_PROFILE = "djcp"
    assert not accepted(long_words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("泰山区", {"taishan", "taishanqu"}),
        ("南村镇人民政府", {"nancunzhenrenminzhengfu"}),
        ("Office 清洁取暖", {"office", "qingjiequnuan"}),
        ("甲镇", {"jiazhen"}),
        ("", set()),
    ],
)
def test_names_as_people_type_them(text: str, words: set[str]) -> None:
    assert spellings(text) == words


@pytest.mark.django_db
def test_places_units_and_names_are_local_words() -> None:
    user = people.user("town_staff", "370999001")
    user.unit, user.person_name = "晋城城区财政局", "张示例"
    assert {"shilixian", "jinchengchengqucaizheng", "zhangshili"} <= context_words(user)
    assert not accepted("Shilixian-2077", user)
    assert not accepted("x1-ZhangShili-9", user)
    assert accepted("Shilixian-2077")


@pytest.mark.django_db
def test_the_last_five_passwords_cannot_come_back(person: Make) -> None:
    user = person()
    used = [f"Kiesel-{n}0-Sturm" for n in range(KEPT_OLD + 2)]
    for password in used:
        services.change_password(user=user, new_password=password, by=user)
    for password in used[1:]:
        with pytest.raises(ValidationError):
            services.change_password(user=user, new_password=password, by=user)
    services.change_password(user=user, new_password=used[0], by=user)


@pytest.mark.django_db
@pytest.mark.parametrize(("profile", "days", "due"), [("djcp", 89, False), ("djcp", 91, True), ("asvs", 400, False)])
def test_passwords_age_in_one_profile_only(profile: str, days: int, due: bool, person: Make, settings: Any) -> None:
    settings.PASSWORD_PROFILE = profile
    user = person()
    assert must_change(user, timezone.now() + dt.timedelta(days=days)) is due


@pytest.mark.django_db
def test_the_demonstrations_people_have_nothing_to_change(person: Make) -> None:
    user = person()
    user.set_unusable_password()
    assert not must_change(user, timezone.now() + dt.timedelta(days=400))


@pytest.mark.django_db
def test_hashes_are_argon2_with_the_two_core_profile(person: Make) -> None:
    assert User.objects.get(pk=person().pk).password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert User.objects.get().check_password(PASSWORD)
