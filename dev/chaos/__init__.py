"""`make chaos`: the application under load while something breaks, and the books afterwards.

Clients send commands to gunicorn and write down what they attempted and what was acknowledged. One
fault at a time comes and goes; then every command whose outcome is unknown is sent again under its
key, and the log is held against the books: nothing acknowledged may be missing, nothing may be
there twice, nothing that nobody asked for.
"""
