"""Telemetry: traces by OpenTelemetry, and metrics for Prometheus, if their libraries are installed.

    pip install opentelemetry-api prometheus-client

Three settings of `messaging` name the functions that measure: `AROUND_COMMANDS`, `AROUND_HANDLERS`
and `AROUND_DELIVERIES`. A function that they do not name costs nothing.

    AROUND_COMMANDS = ["….telemetry.spans.command", "….telemetry.metrics.command"]
    AROUND_HANDLERS = ["….telemetry.spans.handler", "….telemetry.metrics.handler"]
    AROUND_DELIVERIES = ["….telemetry.spans.delivery"]
"""

VERSION = "1"
