"""Fixtures for the tests of blocks (tests/) and of slices (in their folders) alike."""

pytest_plugins = ["tests.heard", "tests.fixtures", "tests.browser.fixtures"]
