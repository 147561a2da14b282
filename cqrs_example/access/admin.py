from django.contrib import admin
from django.http import HttpRequest

from .forms import AdminLogin
from .models import Token

admin.site.login_form = AdminLogin


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The list of tokens; to delete one revokes it.

    The admin cannot make tokens. `manage.py create_token` does, and shows a token once, to the
    person who will keep it.
    """

    list_display = ("name", "account", "created_at", "expires_at")
    list_select_related = ("account",)
    readonly_fields = ("name", "account", "created_at", "expires_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False
