"""The errors that Django itself answers, with sentences and pages like all others."""

from django.http import HttpRequest, HttpResponse

from .http import BadInput, problem

TOO_OLD = "this form is too old. Go back, reload the page and try again."
OTHER_SITE = (
    "this form was sent by {:.80}, which is another address than the one that it was sent to. If"
    " both are this site, whoever runs it has to name that address in CSRF_TRUSTED_ORIGINS, or its"
    " proxy in FORWARDED_ALLOW_IPS."
)
CSRF = {
    "Origin checking failed": OTHER_SITE,
    "Referer checking failed - no Referer": "your browser does not say which page this form was on"
    " (the Referer). Allow it to say so to this site, then reload the page and try again.",
    "Referer checking failed": OTHER_SITE,
    "CSRF cookie": "your browser has sent no cookie. Allow cookies for this site, then go back,"
    " reload the page and try again.",
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, BadInput("This request makes no sense to us.", 400))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, BadInput("You may not do this.", 403))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form that Django's CSRF protection refuses, with a sentence for each reason.

    For most of the reasons it does not help to reload the page.
    """
    sentence = next((text for begin, text in CSRF.items() if reason.startswith(begin)), TOO_OLD)
    sent_by = request.headers.get("Origin") or request.headers.get("Referer") or "nowhere"
    return problem(request, BadInput(f"Nothing was done: {sentence.format(sent_by)}", 403))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, BadInput("There is nothing at this address.", 404))


def server_error(request: HttpRequest) -> HttpResponse:
    return problem(request, BadInput("Something is wrong on our side; it has been logged.", 500))
