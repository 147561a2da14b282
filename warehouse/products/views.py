from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from cqrs_example.http import as_json_list, endpoint, wants_html

from .looking import page_of, search_of


@endpoint("GET", "HEAD")
def products(request: HttpRequest) -> HttpResponseBase:
    """The products: all of them for programs and spreadsheets, page by page for people."""
    search = search_of(request)
    if request.GET.get("format") == "csv":
        return search.as_file()
    if request.GET.get("format") == "print":
        return search.as_sheet(request)
    if not wants_html(request):
        return as_json_list(request, search.listed.values("quantity", "sku"))
    return render(request, "warehouse/products/products.html", page_of(request, search))
