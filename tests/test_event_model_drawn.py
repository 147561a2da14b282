"""The event model is drawn from the wiring: whatever changes there changes the picture."""

import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from cqrs_example.event_model.model import event_model
from cqrs_example.event_model.order import columns
from cqrs_example.eventstore import RecordedEvent, StreamName, read_all
from cqrs_example.messaging import Transaction, execute
from dev.draw import draw

from . import trees
from .listeners import Increase, React, Reacted, increase
from .slices import SLICES

SVG = "{http://www.w3.org/2000/svg}"


def react(tx: Transaction, command: React) -> list[RecordedEvent[Reacted]]:
    [stream] = tx.lock(StreamName[Reacted](f"reaction-{command.to}"))
    return tx.append(stream, [Reacted(command.to)])


def again(tx: Transaction, event: RecordedEvent[Reacted]) -> None:
    tx.execute(react, React("again"))


def drawn(**options: Any) -> str:
    out = StringIO()
    call_command("event_model", stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def reacting(wire: Any, settings: Any) -> None:
    """A project of its own: one command, one event, one read model and one policy."""

    def project(events: Sequence[RecordedEvent[Reacted]]) -> None: ...

    wire(projections={"all_reactions": project}, policies={"react_again": again})
    settings.EVENTS = ["tests.listeners"]
    settings.COMMANDS = [f"{__name__}.react"]


def test_model_is_what_is_wired(reacting: None) -> None:
    model = event_model()
    [command], [event], [read_model], [policy] = (
        model.commands,
        model.events,
        model.read_models,
        model.policies,
    )
    assert (command.name, command.fields, command.records) == ("React", ["to"], ["Reacted"])
    assert (event.name, event.fields, event.type) == ("Reacted", ["to"], "test.Reacted")
    assert (read_model.name, read_model.hears) == ("All Reactions", ["Reacted"])
    assert (policy.name, policy.hears, policy.issues) == ("React Again", ["Reacted"], ["React"])
    assert command.issued_by == ["React Again"]
    assert command.code == "tests/test_event_model_drawn.py"


def test_each_column_comes_once(settings: Any) -> None:
    found = columns(event_model())
    names = [(c.policy or c.command or c.read_model).name for c in found]  # type: ignore[union-attr]
    assert len(names) == len(set(names))
    assert len([c for c in found if c.command]) == len(settings.COMMANDS)
    assert len([c for c in found if c.policy]) == len(settings.POLICIES)
    assert len([c for c in found if c.read_model]) >= len(settings.PROJECTIONS)


def test_forms_say_the_same() -> None:
    model = json.loads(drawn(json=True))
    names = [thing["name"] for things in model.values() for thing in things]
    text, mermaid, svg = drawn(), drawn(mermaid=True), drawn(svg=True)
    words = " ".join(one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text"))
    for name in names:
        assert name in text
        assert name in mermaid
        assert name in words


def test_hostile_names_are_escaped(reacting: None) -> None:
    svg = drawn(svg=True, title="<script>&", links='"><script>')
    assert "<script>" not in svg
    ElementTree.fromstring(svg)


def test_every_box_of_a_document_leads_to_its_code() -> None:
    svg = ElementTree.fromstring(drawn(svg=True))
    links = [one.attrib["href"] for one in svg.iter(f"{SVG}a")]
    assert links
    assert [link for link in links if not (trees.ROOT / "docs" / link).exists()] == []


@pytest.mark.parametrize("across", [1, 3, 20])
def test_any_number_of_columns_beside_each_other(across: int) -> None:
    ElementTree.fromstring(drawn(svg=True, across=across))


def test_no_column_at_all_is_refused() -> None:
    with pytest.raises(CommandError, match="1 or more"):
        drawn(svg=True, across=0)


@pytest.mark.slices(*SLICES)
@pytest.mark.django_db
def test_pictures_of_the_documents_are_those_of_the_code() -> None:
    draw(check=True)


@pytest.mark.django_db
def test_drift_fails_with_a_sentence(tmp_path: Path, reacting: None) -> None:
    kept = tmp_path / "model.svg"
    kept.write_text(drawn(svg=True).replace("Reacted", "Rejected"))
    with pytest.raises(CommandError, match="is not the event model of the code any more"):
        drawn(svg=True, check=kept)
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        drawn(svg=True, check=tmp_path / "nowhere.svg")


def example(folder: Path, text: str) -> str:
    script = folder / "example.txt"
    script.write_text(text)
    return drawn(svg=True, example=script)


@pytest.mark.django_db
def test_example_shows_values_and_leaves_nothing(tmp_path: Path, wire: Any, settings: Any) -> None:
    wire()
    settings.EVENTS = ["tests.listeners"]
    settings.COMMANDS = [f"{__name__}.react"]
    assert ">somebody<" in example(tmp_path, "React to=somebody\n\n")
    assert list(read_all()) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("Reactt to=x", "Line 1: no Reactt. There are: React."),
        ("React to=x\nReact too=x", "Line 2: React takes to, each as NAME=VALUE"),
        ("React x", "Line 1: React takes to, each as NAME=VALUE"),
    ],
)
def test_example_that_is_wrong(
    tmp_path: Path, wire: Any, settings: Any, script: str, sentence: str
) -> None:
    wire()
    settings.COMMANDS = [f"{__name__}.react"]
    with pytest.raises(CommandError) as failure:
        example(tmp_path, script)
    assert sentence in str(failure.value)


@pytest.mark.django_db
def test_example_needs_an_empty_log(tmp_path: Path, wire: Any, settings: Any) -> None:
    wire()
    execute(increase, Increase("a"))
    with pytest.raises(CommandError, match="a database without events"):
        example(tmp_path, "")


@pytest.mark.django_db
def test_live_page(client: Any, settings: Any) -> None:
    page = {"accept": "text/html"}
    settings.OPEN_MODE = True
    content = client.get("/event-model", headers=page).content.decode()
    assert "none yet" in content
    assert "?type=warehouse." in content
    settings.OPEN_MODE = False
    client.force_login(User.objects.create_user("clerk"))
    assert client.get("/event-model", headers=page).status_code == 403
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert client.get("/event-model", headers=page).status_code == 200


@pytest.mark.django_db
def test_example_that_cannot_be_read(tmp_path: Path, wire: Any) -> None:
    wire()
    with pytest.raises(CommandError, match=r"The example cannot be read: .*No such file"):
        drawn(svg=True, example=tmp_path / "nothing.txt")
    (tmp_path / "example.txt").write_bytes(b"\xff")
    with pytest.raises(CommandError, match=r"The example cannot be read: .*utf-8"):
        drawn(svg=True, example=tmp_path / "example.txt")
