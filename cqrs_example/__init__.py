"""The Django project, and the building blocks, which know nothing of the warehouse."""
