"""`/` leads to the first of some pages that exists, since slices can be removed."""

from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse

PAGES = ("products", "activity", "low_stock", "low_product_quantity_notifications", "admin:index")


def home(request: HttpRequest) -> HttpResponseRedirect:
    for page in PAGES:
        try:
            return HttpResponseRedirect(reverse(page))
        except NoReverseMatch:
            continue
    raise Http404
