from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig


class ShopSite(AdminSite):
    site_header = "The shop"


class ShopAdminConfig(AdminConfig):
    default_site = "shop.site.ShopSite"
