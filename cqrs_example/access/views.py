from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse

from ..http import BadInput, endpoint, problem
from ..http.endpoint import View
from .forms import Login

_login: View = LoginView.as_view(template_name="access/login.html", authentication_form=Login)
_logout: View = LogoutView.as_view()
login = login_not_required(endpoint("GET", "HEAD", "POST")(_login))
logout = login_not_required(endpoint("POST")(_logout))


def locked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """The answer (429) after too many wrong passwords for an account from one address."""
    sentence = "Too many wrong passwords for this account. Try again in 15 minutes."
    response = problem(request, BadInput(sentence, 429))
    response.headers["Retry-After"] = "900"
    return response
