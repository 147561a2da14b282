"""Telemetry: traces by OpenTelemetry, metrics for Prometheus; each where its library is installed.

    pip install opentelemetry-api prometheus-client

Three settings of `messaging` take what measures: `AROUND_COMMANDS`, `AROUND_HANDLERS` and
`AROUND_DELIVERIES`. What they do not name costs nothing.

    AROUND_COMMANDS = ["….telemetry.spans.command", "….telemetry.metrics.command"]
    AROUND_HANDLERS = ["….telemetry.spans.handler", "….telemetry.metrics.handler"]
    AROUND_DELIVERIES = ["….telemetry.spans.delivery"]
"""

VERSION = "1"
