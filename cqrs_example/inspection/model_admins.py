"""The classes of the admin for the log and the read models, which show rows and change none."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.urls.resolvers import URLPattern

from . import (
    event_page,
    exporting,
    list_page,
    overview,
    read_models,
    refusal_pages,
    run_pages,
    simulation_page,
    stream_page,
    verifying,
)
from .edge import inspecting, trying


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Nobody may add, change or delete rows, not even superusers: Django answers 403."""

    actions = None

    class Media:
        css = {"all": ["inspection/inspection.css"]}

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class EventAdmin(ReadOnlyAdmin):
    """The log. It has pages of its own, since Django's list counts and sorts the whole table."""

    class Media(ReadOnlyAdmin.Media):
        js = ["inspection/copy.js"]

    def get_urls(self) -> list[URLPattern]:
        pages = {"overview": self.overview, "stream": self.stream, "export": self.export}
        pages["verified"] = self.verified
        own = [
            path(
                f"{name}/",
                self.admin_site.admin_view(view),
                name=f"inspection_{name.rpartition('/')[2]}",
            )
            for name, view in pages.items()
        ]
        simulate = self.admin_site.admin_view(self.simulate)
        own.append(path("simulate/", simulate, name="inspection_simulate"))
        as_json = self.admin_site.admin_view(self.event_json)
        own.append(path("<int:position>/event.json", as_json, name="inspection_json"))
        changed = self.admin_site.admin_view(self.changed)
        own.append(path("<int:position>/changed/", changed, name="inspection_changed"))
        return own + super().get_urls()

    @inspecting
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return list_page.listed(self, request)

    @inspecting
    def change_view(self, request: HttpRequest, object_id: str, *args: Any) -> HttpResponse:
        return event_page.one(self, request, object_id)

    @inspecting
    def history_view(self, request: HttpRequest, object_id: str, *args: Any) -> HttpResponse:
        return event_page.one(self, request, object_id)

    @inspecting
    def stream(self, request: HttpRequest) -> HttpResponse:
        return stream_page.stream(self, request)

    @inspecting
    def verified(self, request: HttpRequest) -> HttpResponse:
        return verifying.verified(self, request)

    @inspecting
    def export(self, request: HttpRequest) -> HttpResponseBase:
        return exporting.export(request)

    @inspecting
    def event_json(self, request: HttpRequest, position: int) -> HttpResponse:
        return event_page.as_file(position)

    @inspecting
    def changed(self, request: HttpRequest, position: int) -> HttpResponse:
        return event_page.changed(self, request, position)

    @trying
    def simulate(self, request: HttpRequest) -> HttpResponse:
        return simulation_page.simulation(self, request)

    @inspecting
    def overview(self, request: HttpRequest) -> HttpResponse:
        return overview.overview(self, request)


class RefusedCommandAdmin(ReadOnlyAdmin):
    """The commands that were refused or failed, and which left no event."""

    @inspecting
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return refusal_pages.listed(self, request)

    @inspecting
    def change_view(self, request: HttpRequest, object_id: str, *args: Any) -> HttpResponse:
        raise Http404

    history_view = change_view


class RunAdmin(ReadOnlyAdmin):
    """Rebuilds and verifications. To start one takes the permission `projections.start_run`."""

    @trying
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return run_pages.listed(self, request)

    @inspecting
    def change_view(self, request: HttpRequest, object_id: str, *args: Any) -> HttpResponse:
        return run_pages.one(self, request, object_id)

    history_view = change_view


class ReadModelAdmin(ReadOnlyAdmin):
    """A table that a projection writes; `projection` is the name of the projection."""

    projection = ""

    @inspecting
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return read_models.listed(self, request)

    @inspecting
    def change_view(self, request: HttpRequest, object_id: str, *args: Any) -> HttpResponse:
        return read_models.one(self, request, object_id, self.projection)

    @inspecting
    def history_view(self, request: HttpRequest, object_id: str, *args: Any) -> HttpResponse:
        return read_models.one(self, request, object_id, self.projection)
