"""What Django answers by itself, in the same words and look as the rest."""

from django.http import HttpRequest, HttpResponse

from .http import BadInput, problem


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, BadInput("This request makes no sense to us.", 400))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, BadInput("You may not do this.", 403))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    sentence = "Nothing was done: this form is too old. Go back, reload the page and try again."
    return problem(request, BadInput(sentence, 403))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, BadInput("There is nothing at this address.", 404))


def server_error(request: HttpRequest) -> HttpResponse:
    return problem(request, BadInput("Something is wrong on our side; it has been logged.", 500))
