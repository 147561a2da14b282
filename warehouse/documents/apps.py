from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "warehouse.documents"
    label = "warehouse_documents"
