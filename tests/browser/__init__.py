"""What people see, in a real browser: Playwright drives Debian's Chromium."""
