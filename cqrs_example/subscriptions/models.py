from django.db import models


class Checkpoint(models.Model):
    """How far a subscription has heard. That there is a row says that a worker delivers to it, and
    not the transaction of a command: see `switching`."""

    name = models.TextField(primary_key=True)  # as in PROJECTIONS or POLICIES
    kind = models.TextField()  # "projection", "policy", or "relay": a follower that hears nothing
    position = models.BigIntegerField()  # heard up to here, in the log's order
    moved_at = models.DateTimeField()
    trouble = models.TextField(blank=True)  # what it stands still for, in a sentence

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.name} at position {self.position}"


class Parked(models.Model):
    """An event that a policy has still to hear: it could not deal with it, or with an earlier one
    of the same stream."""

    subscription = models.TextField()
    stream = models.TextField(db_collation="C")
    position = models.BigIntegerField()
    event_id = models.UUIDField()
    trouble = models.TextField()  # empty: it waits for the one before it
    parked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            # A policy's parked events by stream, in order; and each of them once.
            models.UniqueConstraint(
                fields=["subscription", "stream", "position"], name="subscriptions_parked_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscription}: event {self.event_id}"
