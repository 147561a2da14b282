"""`make bench`: what a command, a request, a replay costs, beside what it could cost at least.

Everything is measured in rounds that alternate with what it stands beside, on a Postgres of the
run's own with `fsync` on; a ratio is the median of the rounds' ratios. Figures by themselves say
more about the machine than about the application.
"""
