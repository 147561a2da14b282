class Router:
    """Old receipts are in a database of their own, and nothing else is."""

    def db_for_read(self, model, **hints):
        return "archive" if model._meta.model_name == "receipt" else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return (db == "archive") == (model_name == "receipt")
