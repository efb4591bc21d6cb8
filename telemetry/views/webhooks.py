"""Receivers of readings: the administrator makes, tries, stops and starts them. The secret is shown once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core import clock
from core.refusals import Refused
from jobs.services import enqueue
from telemetry import webhooks
from telemetry.models import Webhook
from telemetry.outgoing import ADDRESS_MAX


class WebhookForm(forms.Form):
    """Who receives, where, and of which place."""

    name = forms.CharField(label=gettext_lazy("receiver"), max_length=80)
    address = forms.CharField(label=gettext_lazy("address"), max_length=ADDRESS_MAX, help_text="https://…")
    area = forms.ModelChoiceField(label=gettext_lazy("Place"), queryset=Area.objects.none())

    def __init__(self, *args: Any, areas: QuerySet[Area], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area: Any = self.fields["area"]
        area.queryset = areas


@requires(webhooks.RIGHT)
@require_http_methods(["GET", "POST"])
def webhook_list(request: HttpRequest) -> HttpResponse:
    """All receivers of the administrator's places, and the form for another; `deed` of a post names what is done."""
    user: Any = request.user
    areas = Area.objects.filter(code__in=user.whole_codes_for(webhooks.RIGHT)).order_by("code")
    form, fresh, status = WebhookForm(areas=areas), None, 200
    if request.method == "POST" and request.POST.get("deed") == "make":
        form = WebhookForm(request.POST, areas=areas)
        fresh = _made(form, user)
        status = 200 if fresh else 422
        form = WebhookForm(areas=areas) if fresh else form
    elif request.method == "POST":
        hook = get_visible_or_404(Webhook, user, webhooks.RIGHT, pk=_number(request.POST.get("webhook", "")))
        fresh = _done(request, hook, request.POST.get("deed", ""))
        if fresh is None:
            return redirect("telemetry:webhook-list")
    rows = Webhook.objects.visible_to(user).select_related("area", "made_by")
    return render(request, "telemetry/webhook_list.html", {"rows": rows, "form": form, "fresh": fresh}, status=status)


def _made(form: WebhookForm, user: Any) -> Webhook | None:
    """The new receiver; None with the reason on the form."""
    if not form.is_valid():
        return None
    data = form.cleaned_data
    try:
        return webhooks.make_webhook(
            area=data["area"], name=data["name"], address=data["address"], by=user, now=clock.now()
        )
    except Refused as refusal:
        form.add_error("address", refusal.sentence)
        return None


def _done(request: HttpRequest, hook: Webhook, deed: str) -> Webhook | None:
    """Do one deed; the receiver where its secret is to be shown."""
    by: Any = request.user
    if deed == "try":
        enqueue(kind="telemetry.try_webhook", args={"webhook_id": hook.pk}, by=by, area=hook.area_id)
        messages.success(request, _("It is tried now; what came back stands here in a moment."))
    elif deed == "stop":
        webhooks.stop(webhook=hook, by=by)
    elif deed == "start":
        webhooks.start(webhook=hook, by=by, now=clock.now())
    elif deed == "secret":
        return webhooks.renew_secret(webhook=hook, by=by)
    else:
        raise Refused("NO_SUCH_DEED", _("There is no such step."))
    return None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
