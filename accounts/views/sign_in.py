"""Getting in and out: password, second factor, a new password."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_otp import login as otp_login
from django_otp import match_token

from accounts import demonstration, services, sessions
from accounts.access import public, signed_in
from accounts.forms import CodeForm, LoginForm, PasswordForm
from accounts.models import TOTPDevice
from accounts.passwords import must_change
from accounts.signing_in import TooManyTries
from core.qr import qr_drawing

ENDED = {
    sessions.IDLE: gettext_lazy("Nobody used the portal for a while, so it signed you out. What was saved is safe."),
    sessions.OLD: gettext_lazy("A working day is over: sign in again after eight hours."),
    sessions.ELSEWHERE: gettext_lazy("Somebody signed in with your account on another computer. Was it you?"),
    sessions.CHANGED: gettext_lazy("Your rights or your password were changed. Sign in again."),
}


@public
@never_cache
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    form = LoginForm(request, request.POST if request.method == "POST" else None)
    try:
        if form.is_bound and form.is_valid():
            login(request, form.user)
            return _after_password(request)
    except TooManyTries:
        return render(request, "accounts/locked.html", {"minutes": 60}, status=429)
    context = {
        "form": form,
        "demo_accounts": demonstration.accounts(),
        "next": _asked_next(request),
        "ended": ENDED.get(request.GET.get("ended", "")),
    }
    return render(request, "accounts/login.html", context, status=422 if form.errors else 200)


@public
@never_cache
@require_POST
def log_in_demo(request: HttpRequest, username: str) -> HttpResponse:
    """One click into a role of the demonstration, second factor filled in. Does not exist in production."""
    user = demonstration.user_or_404(username)
    login(request, user, backend="accounts.backends.PersonBackend")
    otp_login(request, demonstration.verified_device(user))
    return _home(request)


@require_POST
@public
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("accounts:login")


@public
@never_cache
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the one-time code; a person without a device gets one to scan first."""
    if not request.user.is_authenticated:
        return redirect("accounts:login")
    if request.user.is_verified():
        return _home(request)
    confirmed = TOTPDevice.objects.filter(user=request.user, confirmed=True).exists()
    if request.method == "POST":
        form = CodeForm(request.POST)
        if form.is_valid() and _accept_code(request, form.cleaned_data["token"], confirmed):
            return _home(request)
        form.add_error(None, _("The one-time code is wrong or already used. Wait for the next code and type it again."))
        return render(request, "accounts/second_factor.html", _factor_context(request, form, confirmed), status=422)
    if not confirmed and not TOTPDevice.objects.filter(user=request.user).exists():
        return render(request, "accounts/second_factor.html", {"form": None, "enrol": True})
    return render(request, "accounts/second_factor.html", _factor_context(request, CodeForm(), confirmed))


@require_POST
@public
def enrol(request: HttpRequest) -> HttpResponse:
    """Make the device whose picture the next page shows; only for people who have none yet."""
    if request.user.is_authenticated and not TOTPDevice.objects.filter(user=request.user, confirmed=True).exists():
        services.enrol_second_factor(user=request.user, by=request.user)
    return redirect("accounts:second-factor")


@signed_in
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    form = PasswordForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        services.change_password(user=request.user, new_password=form.cleaned_data["new_password"], by=request.user)
        logout(request)
        messages.success(request, _("Password changed. Sign in with the new one."))
        return redirect("accounts:login")
    return render(request, "accounts/change_password.html", {"form": form}, status=422 if form.errors else 200)


@public
@require_GET
def logged_out_for_idle(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/idle.html")


def locked_out(
    request: HttpRequest, credentials: dict[str, str] | None = None, *args: object, **kwargs: object
) -> HttpResponse:
    """Shown by the lockout library; says nothing about whether the account exists."""
    return render(request, "accounts/locked.html", {"minutes": 15}, status=429)


def _after_password(request: HttpRequest) -> HttpResponse:
    if must_change(request.user):
        messages.warning(
            request, _("Your password is older than 90 days or was set by somebody else. Choose a new one.")
        )
        return redirect("accounts:change-password")  # by way of the second factor where the role has one
    if request.user.needs_second_factor:
        return redirect(f"{reverse('accounts:second-factor')}?{urlencode({'next': _safe_next(request)})}")
    return _home(request)


def _accept_code(request: HttpRequest, token: str, confirmed: bool) -> bool:
    if confirmed:
        device = match_token(request.user, token)
    else:
        device = TOTPDevice.objects.filter(user=request.user, confirmed=False).first()
        if device is None or not device.verify_token(token):
            return False
        device.confirmed = True
        device.save(update_fields=["confirmed"])
    if device is None:
        return False
    otp_login(request, device)
    request.session.cycle_key()  # more rights than a moment ago: a key seen before is worth nothing now
    return True


def _factor_context(request: HttpRequest, form: CodeForm, confirmed: bool) -> dict[str, object]:
    context: dict[str, object] = {"form": form, "next": _safe_next(request)}
    if not confirmed:
        device = TOTPDevice.objects.filter(user=request.user, confirmed=False).first()
        if device:
            context |= {"device": device, "qr": qr_drawing(device.config_url)}
    return context


def _home(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(_safe_next(request))


def _asked_next(request: HttpRequest) -> str:
    return request.POST.get("next") or request.GET.get("next") or ""


def _safe_next(request: HttpRequest) -> str:
    target = _asked_next(request)
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return reverse(settings.LOGIN_REDIRECT_URL)
