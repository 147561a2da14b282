"""The warehouse as a whole. What one slice does is tested in its folder, and leaves with it.

No slice is imported here. A test that needs some of them says which, `@pytest.mark.slices("…")`,
and is not collected where one of these is gone; events are recorded as if commands had decided on
them (`given.py`), and what there is is read from the settings, the addresses and `openapi.json`.
"""
