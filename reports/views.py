"""The front door: everybody lands on the page that fits the role."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import signed_in


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "reports/home.html")
