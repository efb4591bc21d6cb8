"""Shell-less pages: forms with mistakes, sign-in, errors; no inline script or style anywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.test import RequestFactory
from django.utils import translation

from accounts.demonstration import DemoAccount
from accounts.forms import CodeForm, LoginForm
from accounts.models import Area
from heating_portal import errors
from tests.permissions.coverage import addresses

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@pytest.fixture(autouse=True)
def _chinese() -> Any:
    with translation.override("zh-hans"):
        yield


@pytest.fixture
def request_() -> HttpRequest:
    request = RequestFactory().get("/account/login/")
    request.reference = "a1b2c3d4e5f6"  # type: ignore[attr-defined]
    return request


class Sample(forms.Form):
    name = forms.CharField(label="户主", help_text="与证件一致")
    area = forms.DecimalField(label="面积")
    kind = forms.ChoiceField(label="意见", choices=[("a", "同意"), ("b", "退回")], widget=forms.RadioSelect)
    remark = forms.CharField(label="备注", required=False)


def test_the_error_summary_takes_the_focus_and_links_to_every_field() -> None:
    html = str(Sample({"area": "一百二"}))
    summary = html[: html.index("</ul>")]
    assert "有 3 处要改" in summary
    assert 'tabindex="-1"' in summary
    for target in re.findall(r'href="#([^"]+)"', summary):
        assert f'id="{target}"' in html


def test_a_wrong_number_stays_in_its_field() -> None:
    html = str(Sample({"area": "一百二"})["area"])
    assert 'value="一百二"' in html
    assert 'type="text"' in html
    assert 'aria-invalid="true"' in html


def test_a_choice_nobody_made_yet_asks_to_choose_in_words() -> None:
    html = str(forms.ModelChoiceField(Area.objects.none(), label="地区").get_bound_field(Sample(), "area"))
    assert "请选择 …" in html and "---" not in html


def test_optional_fields_are_marked_and_required_ones_are_not() -> None:
    form = Sample()
    assert "（选填）" in form["remark"].as_field_group()
    assert "（选填）" not in form["name"].as_field_group()


def test_hints_and_errors_are_tied_to_the_field() -> None:
    field = Sample({})["name"].as_field_group()
    described = re.search(r'aria-describedby="([^"]+)"', field)
    assert described
    for name in described.group(1).split():
        assert f'id="{name}"' in field


def test_what_people_typed_is_escaped() -> None:
    form = Sample({"name": '"><script>alert(1)</script>'})
    assert "<script>" not in str(form)


def signin(request: HttpRequest, **more: Any) -> str:
    return loader.get_template("accounts/login.html").render({"form": LoginForm(request), **more}, request)


def test_sign_in_offers_roles_only_when_the_demonstration_gives_them(request_: HttpRequest) -> None:
    assert "选择角色" not in signin(request_)
    html = signin(request_, demo_accounts=[DemoAccount("clerk_nancun", "李样本", "乡镇经办员", "南村镇")])
    assert 'action="/account/login/demo/clerk_nancun/"' in html
    assert "李样本 · 南村镇" in html


def test_codes_can_be_pasted_and_filled_by_the_phone(request_: HttpRequest) -> None:
    html = loader.get_template("accounts/second_factor.html").render({"form": CodeForm()}, request_)
    assert 'autocomplete="one-time-code"' in html
    assert 'inputmode="numeric"' in html


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (lambda r: errors.bad_request(r, Exception()), 400, "看不懂"),
        (lambda r: errors.forbidden(r, Exception("payouts.approve")), 403, "缺少权限"),
        (lambda r: errors.not_found(r, Exception()), 404, "找不到"),
        (lambda r: errors.refused(r, "余额不足"), 422, "余额不足"),
        (lambda r: errors.refused(r, "已被修改", conflict=True), 409, "已被修改"),
        (errors.server_error, 500, "出错"),
        (errors.unavailable, 503, "暂时无法访问"),
        (errors.csrf_failure, 403, "已过期"),
    ],
)
def test_error_pages_speak_plainly_and_carry_the_reference(
    request_: HttpRequest, answer: Any, status: int, words: str
) -> None:
    response: HttpResponse = answer(request_)
    html = response.content.decode()
    assert response.status_code == status
    assert words in html
    assert "a1b2c3d4e5f6" in html
    assert "<li>" in html


def test_an_unknown_reason_of_a_refusal_is_not_shown(request_: HttpRequest) -> None:
    html = errors.forbidden(request_, Exception("relation households does not exist")).content.decode()
    assert "relation" not in html


def test_503_asks_to_come_back(request_: HttpRequest) -> None:
    assert errors.unavailable(request_)["Retry-After"] == "30"


def test_no_template_has_inline_scripts_or_handlers() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|\son(click|load|submit|change|error)=|javascript:", re.IGNORECASE)
    guilty = [str(f.relative_to(TEMPLATES)) for f in TEMPLATES.rglob("*.html") if inline.search(f.read_text())]
    assert guilty == []


def test_every_icon_and_part_named_in_a_template_compiles() -> None:
    names = [str(f.relative_to(TEMPLATES)) for f in TEMPLATES.rglob("*.html")]
    assert len(names) > 20
    for name in names:
        loader.get_template(name)


def test_every_page_a_template_leads_to_exists() -> None:
    """A wrong name shows only once its branch is drawn: then the whole page fails."""
    known, named = set(addresses()), re.compile(r"""{% url ["']([^"']+)""")
    found = {(path.name, name) for path in TEMPLATES.rglob("*.html") for name in named.findall(path.read_text())}
    assert len(found) > 300 and [one for one in found if one[1] not in known] == []
