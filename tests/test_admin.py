"""The log in Django's admin: what it shows to whom, and that nobody changes anything by it."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import escape, unescape
from io import StringIO
from itertools import pairwise
from uuid import UUID, uuid4

import psycopg
import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cqrs_example.eventstore import append, lock, read_all
from cqrs_example.eventstore.models import StoredEvent
from cqrs_example.http import paging
from cqrs_example.inspection import exporting, finding, moments, statistics, words
from cqrs_example.inspection.tracing import trace
from cqrs_example.inspection.visible import visible
from cqrs_example.messaging import Context, execute

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .bank.events import (
    Deposited,
    WarnedOfLowBalance,
    Withdrawn,
)
from .bank.models import Account
from .databases import url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank")]
LIST = "/admin/eventstore/storedevent/"
TODO = "/admin/bank/lowbalance/"
HOSTILE = [
    "<script>alert(1)</script>",
    """"'><img src=x onerror=alert(1)>""",
    "\u05d0\u05d1\u05d2 \U0001f469\u200d\U0001f527 {{ 7 }}{% now %}",
    "a\u202egnp.exe",
]


@pytest.fixture
def staff(client):
    """A superuser's browser: the one who may do everything else."""
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def viewer(client):
    """May view, and nothing more."""
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return client


MANY = """
    INSERT INTO eventstore_event (id, stream, version, type, schema_version, data, correlation_id,
        causation_id, metadata, recorded_at, occurred_at)
    SELECT md5(n::text)::uuid, 'account-a', n, 'bank.Deposited', 1, '{}', md5(n::text)::uuid,
        md5(n::text)::uuid, '{}', now(), now() FROM generate_series(1, %s) AS n
"""


def record(stream, *events, **origin):
    with transaction.atomic():
        [locked] = lock(stream)
        return append(locked, events, **origin)


def received(account, amount=10):
    return Deposited(account, amount, amount)


def by_hand(**columns):
    """A row as the event store would never write it: an import, or a newer version of the code."""
    values = {
        "id": uuid4(),
        "stream": "account-a",
        "version": 1,
        "type": "bank.Deposited",
        "schema_version": 1,
        "data": '{"account": "a", "amount": 1, "balance": 1}',
        "correlation_id": uuid4(),
        "causation_id": uuid4(),
        "metadata": "{}",
        "recorded_at": datetime(2025, 1, 1, tzinfo=UTC),
        "occurred_at": datetime(2025, 1, 1, tzinfo=UTC),
    } | columns
    with connection.cursor() as cursor:
        names, places = ", ".join(values), ", ".join(["%s"] * len(values))
        sql = f"INSERT INTO eventstore_event ({names}) VALUES ({places}) RETURNING position"
        cursor.execute(sql, [*values.values()])
        return cursor.fetchone()[0]


def text(client, path, status=200, **query):
    response = client.get(path, query)
    assert response.status_code == status, response.content
    return response.content.decode()


def listed(client, **query):
    return [event.position for event in client.get(LIST, query).context["rows"]]


def address(position):
    return f"{LIST}{position}/change/"


def low_withdrawal():
    """A withdrawal that leaves little, and the notification that it causes."""
    execute(deposit, Deposit("abc", 10))
    execute(withdraw, Withdraw("abc", 7), Context(actor="clerk"))
    return list(read_all())


# Finding


def test_list_tells_what_happened_newest_first(staff):
    low_withdrawal()
    page = text(staff, LIST)
    sentences = [escape(str(event)) for event in reversed(list(read_all()))]
    assert len(sentences) == 3
    assert sorted(sentences, key=page.index) == sentences


def test_search_finds_by_every_id_position_stream_and_prefix(staff):
    first, withdrawn, notified = low_withdrawal()
    low = "warning-abc"
    for q, found in {
        str(withdrawn.id): [notified, withdrawn],  # the event, and what it caused
        str(withdrawn.correlation_id).upper(): [notified, withdrawn],
        str(withdrawn.causation_id): [notified, withdrawn],
        str(first.causation_id): [first],
        f"#{withdrawn.position}": [withdrawn],
        f" #{withdrawn.position} ": [withdrawn],
        "account-abc": [withdrawn, first],
        "account-a": [withdrawn, first],
        low: [notified],
        "": [notified, withdrawn, first],
        "account-ab%": [],
        "_roduct": [],
        str(uuid4()): [],
        "#999999999": [],
    }.items():
        assert listed(staff, q=q) == [event.position for event in found], q


def test_search_finds_by_who_command_type_and_fields(staff):
    first, withdrawn, notified = low_withdrawal()
    execute(withdraw, Withdraw("abc", 2, "SO-1001"), Context(actor="anna b"))
    *_, referred, warned = read_all()
    execute(deposit, Deposit("a:b", 120), Context(actor="robot"))
    *_, other = read_all()
    of_abc = [warned, referred, notified, withdrawn, first]
    for q, found in {
        "abc": of_abc,  # the account, which is a field, and the end of streams' names
        "SO-1001": [referred],
        "clerk": [notified, withdrawn],
        '"anna b"': [warned, referred],
        'actor:"anna b"': [warned, referred],
        "Withdraw": [referred, withdrawn],
        "command:Withdraw": [referred, withdrawn],
        "Deposited": [other, first],
        "type:bank.Deposited": [other, first],
        "type:Withdrawn clerk": [withdrawn],
        "stream:account-abc": [referred, withdrawn, first],
        f"{withdrawn.position}": [withdrawn],
        "account:abc": of_abc,
        "account:abc amount:>6": [withdrawn, first],
        "account:abc amount:>=7 amount:<10": [withdrawn],
        "amount:2": [referred],
        "amount:02": [referred],
        "amount:<=2": [referred],
        "amount:>1e2": [],
        "amount:>100": [other],
        "reference:>SN reference:<SP": [referred],
        "account:>=a:a account:<abd": [other, *of_abc],
        '"a:b"': [other],
        "account:a:b": [other],
        "none:abc": [],
        "abc robot": [],
        "amount:true": [],
    }.items():
        assert listed(staff, q=q) == [event.position for event in found], q


def test_search_finds_by_when_it_occurred(staff):
    imported = [
        by_hand(version=n, occurred_at=datetime(2020, 1, n, tzinfo=UTC)) for n in range(1, 6)
    ]
    range_of_time = {"occurred_since": "2020-01-02", "occurred_until": "2020-01-04T00:00"}
    assert listed(staff, **range_of_time) == imported[2:0:-1]
    assert listed(staff, occurred_since="2020-01-05") == [imported[4]]
    assert listed(staff, occurred_since="2020-01-01", q="Deposited", since="2030-01-01") == []
    page = text(staff, LIST, q="Deposited")
    assert "occurred <time" in page


def test_fields_for_words_are_those_of_the_setting(staff, settings):
    record("some-stream", received("abc"))
    assert len(listed(staff, q="abc")) == 1
    assert "a value of account, reference" in text(staff, LIST)
    settings.SEARCHABLE_FIELDS = []
    assert listed(staff, q="abc") == []
    assert len(listed(staff, q="account:abc")) == 1
    assert "a value of account, reference" not in text(staff, LIST)


def test_search_uses_its_indexes():
    """Where the planner may not read the whole log, it needs no more than these."""
    between = [datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)]
    wanted = {
        "inspection_occurred": [("occurred_at >= %s AND occurred_at < %s", between)],
        "inspection_search": [term[-1] for term in words.terms("amount:7 actor:x command:x", [])],
    }
    with connection.cursor() as cursor:
        # A slice's, which would do as well.
        cursor.execute("DROP INDEX IF EXISTS warehouse_activity_occurred")
        cursor.execute("SET LOCAL enable_seqscan = off")
        for index, conditions in wanted.items():
            for sql, values in conditions:
                cursor.execute(f"EXPLAIN SELECT * FROM eventstore_event WHERE {sql}", values)
                assert index in str(cursor.fetchall()), sql


def test_search_for_a_stream_is_exact_when_there_is_one(staff):
    [exact] = record("account-a", received("a"))
    [longer] = record("account-ab", received("ab"))
    assert listed(staff, q="account-a") == [exact.position]
    assert listed(staff, q="account-") == [longer.position, exact.position]


def many_events():
    """Of three types in seven streams, with gaps between positions, one a minute."""
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    one_correlation = uuid4()
    types = [Deposited, Withdrawn, WarnedOfLowBalance]
    for n in range(60):
        if n % 9 == 0:
            with connection.cursor() as cursor:
                cursor.execute("SELECT nextval('eventstore_event_position_seq')")
        stream = f"notification-{n}" if n % 10 == 3 else f"account-{'ab'[n % 2]}{n % 3}"
        by_hand(
            stream=stream,
            version=n + 1,
            type=types[2 if n % 10 == 3 else n % 2].type,
            data=json.dumps({"amount": n % 3 + 6}),
            metadata=json.dumps({"actor": "ann" if n % 2 else "bob"}),
            occurred_at=begin - timedelta(days=366, minutes=-n),
            correlation_id=one_correlation if n % 4 == 0 else uuid4(),
            recorded_at=begin + timedelta(minutes=n),
        )
    return one_correlation


SEARCHES = [
    {},
    {"type": Withdrawn.type},
    {"type": WarnedOfLowBalance.type},
    {"category": "account"},
    {"category": "notification"},
    {"category": "none"},
    {"q": "account-a0"},
    {"q": "account-a"},
    {"q": "pro"},
    {"q": "correlation"},
    {"since": "2025-01-01T00:20", "until": "2025-01-01T00:31"},
    {"since": "2025-01-01T00:20+00:00"},
    {"until": "2025-01-01T00:20"},
    {"since": "2026-01-01"},
    {"until": "2024-01-01"},
    {"q": "account-a", "type": Withdrawn.type},
    {"q": "account-a", "type": WarnedOfLowBalance.type},
    {"q": "account-a0", "category": "account", "since": "2025-01-01T00:20"},
    {"q": "correlation", "category": "account", "type": Deposited.type},
    {"category": "notification", "type": WarnedOfLowBalance.type, "until": "2025-01-01T01"},
    {"q": "actor:ann amount:>7", "category": "account"},
    {"q": "amount:7 actor:ann", "type": Withdrawn.type},
    {"occurred_since": "2024-01-01T00:20", "occurred_until": "2024-01-01T00:31"},
    {"occurred_until": "2024-01-01T00:20", "q": "actor:ann"},
]


def expected(search, correlation):
    """The same by looking at each event there is."""
    found = StoredEvent.objects.order_by("-position")
    q, category = search.get("q"), search.get("category")
    if q == "correlation":
        found = found.filter(correlation_id=correlation)
    elif q and ":" in q:
        for word in q.split():
            name, _, value = word.partition(":")
            if name == "actor":
                found = found.filter(metadata__actor=value)
            elif value.startswith(">"):
                found = found.filter(data__amount__gt=int(value[1:]))
            else:
                found = found.filter(data__amount=int(value))
    elif q:
        exact = found.filter(stream=q)
        found = exact if exact.exists() else found.filter(stream__startswith=q)
    if category:
        found = found.filter(stream__startswith=f"{category}-")
    if "type" in search:
        found = found.filter(type=search["type"])
    for name, lookup in (
        ("since", "recorded_at__gte"),
        ("until", "recorded_at__lt"),
        ("occurred_since", "occurred_at__gte"),
        ("occurred_until", "occurred_at__lt"),
    ):
        if name in search:
            moment = datetime.fromisoformat(search[name])
            found = found.filter(**{lookup: moment.replace(tzinfo=moment.tzinfo or UTC)})
    return list(found.values_list("position", flat=True))


@pytest.mark.parametrize("search", SEARCHES, ids=str)
def test_every_search_finds_all_of_it_in_both_directions(staff, monkeypatch, search):
    """However little a page looks at: it says from where on to look further."""
    monkeypatch.setattr(paging, "SHOWN", 4)
    monkeypatch.setattr(exporting, "BATCH", 5)
    monkeypatch.setattr(moments, "OUT_OF_ORDER", 2)
    correlation = many_events()
    query = search | ({"q": str(correlation)} if search.get("q") == "correlation" else {})
    wanted = expected(search, correlation)
    for few, walked in ((3, 7), (6, 7), (100, 100)):
        monkeypatch.setattr(finding, "WALKED", walked)
        monkeypatch.setattr(finding, "FEW", few)
        monkeypatch.setattr(finding, "PLACED", 2 * few)
        assert followed(staff, query, {}, ("on", "older_from"), "before") == wanted, few
        newer = followed(staff, query, {"after": 0}, ("back", "newer_from"), "after", True)
        assert newer == wanted[::-1], few
        lines = b"".join(staff.get(f"{LIST}export/", query)).decode().splitlines()
        assert [json.loads(line)["position"] for line in lines] == wanted[::-1], few


def followed(client, query, key, onward, side, turned=False):
    found = []
    for _ in range(70):
        page = client.get(LIST, query | key).context
        rows = [event.position for event in page["rows"]]
        found += rows[::-1] if turned else rows
        further = [page[name] for name in onward if name in page and page[name] is not None]
        if not further:
            return found
        key = {side: further[0]}
    raise AssertionError("this never ends")


def test_pages_begin_where_the_one_before_ended(staff):
    for n in range(120):
        by_hand(version=n + 1)
    positions = list(StoredEvent.objects.order_by("-position").values_list("position", flat=True))
    first, second, third = positions[:50], positions[50:100], positions[100:]
    assert listed(staff) == first
    assert listed(staff, before=first[-1]) == second
    assert listed(staff, before=second[-1]) == third
    assert listed(staff, after=third[0]) == second
    assert listed(staff, after=0) == positions[-50:]


def test_times_out_of_order_are_found(staff):
    """A bulk append has the time at which it began, but lower positions were taken meanwhile."""
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    minutes = [0, 1, 9, 2, 3, 8, 4, 5, 6, 7, 20, 10, 11]
    positions = {
        n: by_hand(version=version, recorded_at=begin + timedelta(minutes=n))
        for version, n in enumerate(minutes, 1)
    }
    for low in range(12):
        window = {"since": f"2025-01-01T00:{low:02}", "until": f"2025-01-01T00:{low + 3:02}"}
        wanted = sorted((positions[n] for n in minutes if low <= n < low + 3), reverse=True)
        assert listed(staff, **window) == wanted


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"since": "yesterday"}, "Since must be a date and time such as 2025-01-31"),
        ({"until": "2025-13-01"}, "but is '2025-13-01'."),
        ({"type": "a\0b"}, "cannot have control characters"),
        ({"q": "#x"}, "A position is a whole number such as 12, but this is 'x'."),
        ({"q": f"#{2**63}"}, "A position is a whole number"),
        ({"q": "a\0b"}, "cannot have control characters"),
        ({"before": "x"}, "A position is a whole number"),
        ({"before": "9" * 30}, "A position is a whole number"),
    ],
)
def test_what_cannot_be_looked_for_is_said_in_a_sentence(staff, query, sentence):
    assert escape(sentence) in text(staff, LIST, 400, **query)


def test_categories_are_offered(staff):
    for name in ("account-a", "account-b-c", "order-1", "alone", "account.x-1"):
        record(name, received("a"))
    page = staff.get(LIST).context
    assert page["categories"] == ["account", "account.x", "alone", "order"]


# One event, one stream


def test_event_shows_what_caused_it_and_what_it_caused(staff):
    first, withdrawn, notified = low_withdrawal()
    page = staff.get(address(withdrawn.position)).context
    assert page["neighbours"] == {
        "in its stream": (first.position, None),
        "in its correlation": (None, notified.position),
        "in the log": (first.position, notified.position),
    }
    assert [one.id for one in page["effects"]] == [notified.id]
    page = staff.get(address(notified.position)).context
    assert [one.id for one in page["around"]["cause"]] == [withdrawn.id]


def test_trace_tells_commands_and_events_in_order():
    _, withdrawn, notified = low_withdrawal()
    steps = [(one.depth, one.kind, one.name) for one in trace(withdrawn.correlation_id)]
    assert steps == [
        (0, "command", "Withdraw"),
        (1, "event", withdrawn.type),
        (2, "policy", "WarnOfLowBalance"),
        (3, "event", notified.type),
    ]


def test_trace_of_events_that_cause_each_other_hides_none():
    correlation, one, other = uuid4(), uuid4(), uuid4()
    for version, (event_id, cause) in enumerate([(one, other), (other, one)], 1):
        by_hand(id=event_id, causation_id=cause, correlation_id=correlation, version=version)
    own = uuid4()
    by_hand(id=own, causation_id=own, correlation_id=correlation, version=3, metadata='["odd"]')
    assert {step.event.id for step in trace(correlation) if step.event} == {one, other, own}


def test_event_tells_who_did_it_by_which_command_before_all_else(staff):
    _, withdrawn, notified = low_withdrawal()
    page = " ".join(re.sub("<[^>]+>", " ", text(staff, address(withdrawn.position))).split())
    told = "Who clerk By Withdraw amount 7 account abc Cause the command itself"
    for earlier, later in pairwise([told, "Data account abc amount 7", "All that the request"]):
        assert page.index(earlier) < page.index(later)
    assert re.search(r"Recorded 2\d{3}-\d\d-\d\d [\d:.]+ \(\d+.minutes? ago\)", page)
    page = " ".join(re.sub("<[^>]+>", " ", text(staff, address(notified.position))).split())
    warned = f"By the policy's WarnOfLowBalance account abc balance 3 Cause #{withdrawn.position}"
    assert warned in page
    imported = by_hand()
    page = " ".join(re.sub("<[^>]+>", " ", text(staff, address(imported))).split())
    assert "Who not recorded By no command of this application Cause not in the log" in page


def test_one_heading_for_each_command_whatever_its_events_caused():
    correlation, command = uuid4(), {"id": str(uuid4()), "name": "Withdraw", "fields": {}}
    sent = {"correlation_id": correlation, "causation_id": UUID(command["id"])}
    ids = [uuid4() for _ in range(3)]
    for version, event_id in enumerate(ids, 1):
        metadata = json.dumps({"command": command})
        by_hand(id=event_id, version=version, metadata=metadata, **sent)
        warn = json.dumps({"command": {"id": str(uuid4()), "name": "Warn", "fields": {}}})
        warned = {"correlation_id": correlation, "causation_id": event_id, "metadata": warn}
        by_hand(stream="warning-a", version=version, **warned)
    names = [(step.depth, step.kind) for step in trace(correlation)]
    branch = [(1, "event"), (2, "policy"), (3, "event")]
    assert names == [(0, "command"), *branch, *branch, *branch]


def test_long_trace_is_folded_but_for_what_is_near(staff):
    correlation = uuid4()
    positions = [by_hand(version=n, correlation_id=correlation) for n in range(1, 41)]
    parts = staff.get(address(positions[20])).context["parts"]
    told = [(fold, [step.event.position for step in steps]) for fold, steps in parts]
    assert told == [
        (False, positions[:1]),
        (True, positions[1:17]),
        (False, positions[17:24]),
        (True, positions[24:]),
    ]
    correlation = uuid4()
    few = [by_hand(stream="account-b", version=n, correlation_id=correlation) for n in (1, 2, 3, 4)]
    assert not any(fold for fold, _ in staff.get(address(few[0])).context["parts"])


def test_trace_is_cut_with_a_word(staff):
    correlation = uuid4()
    positions = [by_hand(version=n, correlation_id=correlation) for n in range(1, 203)]
    assert "There are more." in text(staff, address(positions[0]))


def test_event_links_to_its_page_and_as_of_here(staff):
    _, withdrawn, notified = low_withdrawal()
    page = text(staff, address(withdrawn.position))
    as_of = reverse("account", args=["abc"]) + "?version=2"
    assert f'href="{as_of}"' in page
    assert "Its page as of this event" not in text(staff, address(notified.position))


@pytest.mark.parametrize("named", [{}, {"account": "an_address_that_is_gone"}])
def test_no_link_where_there_is_no_page(staff, settings, named):
    settings.STREAM_PAGES = named
    _, withdrawn, _ = low_withdrawal()
    assert "Its page as of this event" not in text(staff, address(withdrawn.position))


def test_stream_shows_all_its_events_and_where_they_lead(staff):
    events = [received("a", n) for n in range(1, 53)]
    record("account-a", *events)
    page = staff.get(f"{LIST}stream/", {"name": "account-a"})
    assert [event.version for event in page.context["rows"]] == list(range(52, 2, -1))
    assert "Deposited 52 in a, 52 there" in page.content.decode()
    assert page.context["stored"] == {"account": "a", "amount": 52, "balance": 52}
    last = staff.get(f"{LIST}stream/", {"name": "account-a", "before": 3})
    assert [event.version for event in last.context["rows"]] == [2, 1]


def test_stream_shows_what_the_read_models_say_beside_the_log(staff):
    low_withdrawal()
    record("account-b", received("b"))
    page = staff.get(f"{LIST}stream/", {"name": "account-abc"})
    told = [(name, str(row)) for name, row in page.context["read_models"]]
    assert [name for name, _ in told] == ["accounts", "low_balances", "withdrawals"]
    assert 'href="/admin/bank/account/abc/change/"' in page.content.decode()
    assert staff.get(f"{LIST}stream/", {"name": "warning-abc"}).context["read_models"] == []


def test_list_follows_the_log_with_its_filters(staff):
    low_withdrawal()
    page = staff.get(LIST, {"q": "abc", "type": Withdrawn.type})
    assert "Refresh" not in page.headers
    assert "?q=abc&amp;type=bank.Withdrawn&amp;follow=1" in page.content.decode()
    page = staff.get(LIST, {"q": "abc", "type": Withdrawn.type, "follow": "1"})
    assert page.headers["Refresh"] == "5"
    assert len(page.context["rows"]) == 1
    assert 'href="?q=abc&amp;type=bank.Withdrawn">Stop' in page.content.decode()


def test_values_of_read_models_are_in_one_form(staff):
    account = Account.objects.create(
        account="abc", amount=1234567, changed_at=datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    )
    time = '<time datetime="2025-01-02T03:04:05.000006+00:00">2025-01-02 03:04:05</time>'
    row = f'<td class="number"><bdi>1,234,567</bdi></td><td><bdi>{time}</bdi></td>'
    page = text(staff, "/admin/bank/account/")
    assert row in re.sub(r"\s*\n\s*", "", page)
    assert '<th scope="col" class="number">Amount' in page
    assert "1,234,567" in text(staff, f"/admin/bank/account/{account.pk}/change/")


def test_pages_bring_no_script_that_they_do_not_need(staff):
    [event, *_] = low_withdrawal()
    for path in (LIST, address(event.position), "/admin/bank/account/"):
        page = text(staff, path)
        assert "jquery" not in page.lower()
    assert "Django administration" not in page


def test_stream_that_is_not_there(staff):
    sentence = "There is no stream &#x27;nothing&#x27;."
    assert sentence in text(staff, f"{LIST}stream/", 404, name="nothing")
    text(staff, f"{LIST}stream/", 404, name="a\0")
    text(staff, f"{LIST}stream/", 404)


def test_event_that_is_not_there(staff):
    for position in (999_999_999, 2**63, 10**30):
        text(staff, f"{LIST}{position}/event.json", 404)
    text(staff, address(999_999_999), 404)
    text(staff, address(2**63), 400)
    text(staff, address("x"), 400)


def test_event_as_json(staff):
    _, withdrawn, _ = low_withdrawal()
    answer = staff.get(f"{LIST}{withdrawn.position}/event.json")
    assert (
        answer["Content-Disposition"] == f'attachment; filename="event-{withdrawn.position}.json"'
    )
    told = answer.json()
    withdrawal = {"account": "abc", "amount": 7, "balance": 3, "reference": "not given"}
    assert told["data"] == withdrawal
    assert told["metadata"]["actor"] == "clerk"
    assert UUID(told["id"]) == withdrawn.id
    assert datetime.fromisoformat(told["recorded_at"]) == withdrawn.recorded_at


def test_export_of_a_stream_whose_name_looks_like_a_search(staff, monkeypatch):
    monkeypatch.setattr(exporting, "BATCH", 2)
    record("#1", *[received("a", n) for n in range(1, 6)])
    record("account-a", received("a"))
    answer = staff.get(f"{LIST}export/", {"name": "#1"})
    lines = b"".join(answer).decode().splitlines()
    assert [json.loads(line)["version"] for line in lines] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("page", "key"),
    [
        (LIST, "before=0"),
        (TODO, "after=ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ("/admin/inspection/refusedcommand/", "before=0"),
        ("/admin/projections/run/", "before=0"),
    ],
)
def test_a_page_behind_the_last_row_leads_to_the_first(staff, page, key):
    text = staff.get(f"{page}?{key}").content.decode()
    assert text.count('href="?">⇤ ') == 1
    assert "There are no" in text
    assert "There are no" not in staff.get(page).content.decode()
    assert "⇤" not in staff.get(page).content.decode()


def test_export_is_read_in_batches(staff, monkeypatch):
    monkeypatch.setattr(exporting, "BATCH", 2)
    record("account-a", *[received("a", n) for n in range(1, 8)])
    answer = staff.get(f"{LIST}export/")
    with CaptureQueriesContext(connection) as captured:
        lines = iter(answer)
        first = [next(lines) for _ in range(2)]
    assert (len(first), len(captured)) == (2, 1)
    assert len(list(lines)) == 5


# Hostile, and unreadable


@pytest.mark.parametrize("text_of_somebody", HOSTILE)
def test_what_somebody_wrote_is_shown_and_never_run(staff, text_of_somebody):
    stream = f"account-{text_of_somebody}"
    [event] = record(
        stream,
        received(text_of_somebody),
        metadata={"actor": text_of_somebody, "command": {"name": text_of_somebody, "fields": {}}},
    )
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bank_account VALUES (%s, 1, now())", [text_of_somebody])
    accounts = "/admin/bank/account/"
    seen = [
        text(staff, LIST),
        text(staff, LIST, q=stream),
        text(staff, LIST, category=text_of_somebody),
        text(staff, LIST, type=text_of_somebody),
        text(staff, address(event.position)),
        text(staff, f"{LIST}stream/", name=stream),
        text(staff, f"{LIST}stream/", 404, name=f"{stream}?"),
        text(staff, accounts),
        text(staff, accounts, q=text_of_somebody),
    ]
    [link] = [
        unescape(part.split('"')[0])
        for part in seen[-1].split('href="')
        if part.startswith(accounts) and "/change/" in part
    ]
    seen.append(text(staff, link))
    for page in seen:
        # What was typed into a field stands there again, as it is.
        shown = re.sub(r'value="[^"]*"', "", page)
        assert not [raw for raw in ("<script>alert", "<img src=x", "\u202e") if raw in shown]
        assert "{{ 7 }}" in page or "{{ 7 }}" not in text_of_somebody
    told = escape(text_of_somebody.replace("\u202e", "\\u202e"))
    assert all(told in page for page in (seen[0], seen[4], seen[5], seen[7], seen[9]))


@pytest.mark.parametrize(
    "columns",
    [
        {"type": "warehouse.Forgotten"},
        {"schema_version": 99},
        {"data": '{"account": "a"}'},
        {"data": "[1]", "metadata": "[]"},
    ],
    ids=str,
)
def test_event_that_the_code_cannot_read_is_shown_raw(staff, columns):
    position = by_hand(**columns)
    for page in (
        text(staff, LIST),
        text(staff, address(position)),
        text(staff, f"{LIST}stream/", name="account-a"),
    ):
        assert "This event cannot be read." in page
    assert listed(staff, type=StoredEvent.objects.get().type) == [position]
    stored = json.loads(columns.get("data", '{"account": "a", "amount": 1, "balance": 1}'))
    assert staff.get(f"{LIST}{position}/event.json").json()["data"] == stored
    [line] = b"".join(staff.get(f"{LIST}export/")).decode().splitlines()
    assert json.loads(line)["data"] == stored


# Nobody changes anything


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (LIST, {"action": "delete_selected", "_selected_action": "1", "post": "yes"}),
        (f"{LIST}add/", {"stream": "account-a"}),
        ("{event}change/", {"stream": "account-b", "_save": "Save"}),
        ("{event}delete/", {"post": "yes"}),
        ("{event}history/", {}),
        (f"{LIST}overview/", {}),
        (f"{LIST}stream/?name=account-abc", {}),
        (f"{LIST}export/", {}),
        ("/admin/bank/account/abc/change/", {"account": "abc", "amount": 99}),
        ("/admin/bank/account/abc/delete/", {"post": "yes"}),
        ("/admin/bank/account/add/", {"account": "x", "amount": 1}),
        ("/admin/bank/account/", {"action": "delete_selected", "post": "yes"}),
        (TODO, {"action": "delete_selected", "post": "yes"}),
    ],
)
def test_superuser_cannot_change_anything_through_the_admin(staff, everything, path, body):
    _, withdrawn, _ = low_withdrawal()
    before = everything()
    target = path.replace("{event}", f"{LIST}{withdrawn.position}/")
    assert staff.post(target, body).status_code == 403
    assert everything() == before


def test_front_page_offers_to_view_only(staff):
    page = text(staff, "/admin/")
    for path in (LIST, "/admin/bank/account/", TODO):
        assert f'href="{path}" class="viewlink"' in page
        assert f'href="{path}add/"' not in page


def test_nothing_offers_to_change_anything(staff):
    _, withdrawn, _ = low_withdrawal()
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.get(f"{LIST}{withdrawn.position}/delete/").status_code == 403
    for path in (LIST, address(withdrawn.position), "/admin/bank/account/abc/change/"):
        page = text(staff, path)
        forms = page.count('method="post"')
        assert forms == page.count('id="logout-form"'), path


PATHS = ["", "{position}/change/", "{position}/event.json", "stream/?name=account-abc", "export/"]


@pytest.mark.parametrize("path", [*PATHS, "overview/"])
def test_only_staff_who_may_view(client, path):
    _, withdrawn, _ = low_withdrawal()
    target = LIST + path.format(position=withdrawn.position)
    client.defaults["HTTP_ACCEPT"] = "text/html"
    assert client.get(target).status_code == 302
    user = User.objects.create_user("somebody")
    client.force_login(user)
    assert client.get(target)["Location"].startswith("/admin/login/")
    user.is_staff = True
    user.save()
    assert client.get(target).status_code == 403
    assert "Overview of the log" not in text(client, "/admin/")


# Read models, and the overview


def test_read_models_are_listed_and_lead_to_their_events(staff):
    _, withdrawn, _ = low_withdrawal()
    assert "abc" in text(staff, "/admin/bank/account/")
    row = text(staff, "/admin/bank/account/abc/change/")
    assert f'href="{LIST}stream/?name=account-abc"' in row
    todo = text(staff, TODO)
    assert f'href="{LIST}?q={withdrawn.id}"' in text(staff, f"{TODO}{withdrawn.id}/change/")
    assert str(withdrawn.id) in todo


def test_read_model_is_found_by_its_key(staff):
    low_withdrawal()
    execute(deposit, Deposit("b", 1))
    accounts = "/admin/bank/account/"
    assert len(staff.get(accounts, {"q": "a"}).context["rows"]) == 1
    assert len(staff.get(accounts, {"q": ""}).context["rows"]) == 2
    assert [row[0] for row in staff.get(accounts, {"after": "abc"}).context["rows"]] == ["b"]
    assert "There is no withdrawal such as" in text(staff, TODO, 400, q="no id")
    text(staff, accounts, 400, q="a\0")


def test_overview_counts_from_the_first_event(staff):
    low_withdrawal()
    execute(withdraw, Withdraw("abc", 1))
    page = staff.get(f"{LIST}overview/")
    assert "<caption>Counted</caption>" in page.content.decode()
    assert dict(page.context["types"])["bank.Withdrawn"] == 2
    assert re.search(r">accounts</a>: 1<", page.content.decode())
    assert page.content.decode().count("never") == 6  # verified or rebuilt
    assert page.context["facts"].last_position == StoredEvent.objects.latest("position").position


@pytest.mark.parametrize("analyzed", [False, True])
def test_overview_of_a_log_that_is_long_tells_where_its_numbers_are_from(staff, analyzed):
    with connection.cursor() as cursor:
        cursor.execute(MANY, [statistics.NEWEST + 5])
        if analyzed:
            cursor.execute("ANALYZE eventstore_event")
    page = staff.get(f"{LIST}overview/")
    assert ("Estimated from the planner" in page.content.decode()) == analyzed
    assert ("has no estimate for all" in page.content.decode()) != analyzed
    [(kind, number)] = page.context["types"]
    assert kind == "bank.Deposited"
    assert number == statistics.NEWEST + (5 if analyzed else 1)


@pytest.mark.usefixtures("transactional_db")
def test_overview_tells_when_projections_were_rebuilt_and_verified(staff):
    low_withdrawal()
    Account.objects.update(amount=77)
    with pytest.raises(CommandError):
        call_command("verify", "accounts", stdout=StringIO())
    assert ", failed<br>1 of 1 row differs from 3 events" in text(staff, f"{LIST}overview/")
    call_command("rebuild", "accounts", stdout=StringIO())
    call_command("verify", "accounts", stdout=StringIO())
    page = text(staff, f"{LIST}overview/")
    assert "<br>rebuilt from the log: 1 row changed" in page
    assert "<br>1 row agrees with 3 events" in page


def test_overview_of_an_empty_log(staff):
    assert "none yet" in text(staff, f"{LIST}overview/")
    assert "The log has no events yet." in text(staff, LIST)


def test_bars_are_as_high_as_hours_are_busy(staff):
    for minute in (0, 10, 200):
        at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
        by_hand(version=minute + 1, recorded_at=at)
    chart = staff.get(f"{LIST}overview/").context["chart"]
    assert chart["path"] == "M0.0 120v-120.0h40.0V120zM540.0 120v-60.0h40.0V120z"
    assert [count for _, count in chart["with_events"]] == [1, 2]


@pytest.mark.parametrize(
    ("apart", "unit"),
    [(timedelta(minutes=9), "minute"), (timedelta(days=9), "hour"), (timedelta(days=90), "day")],
)
def test_bars_are_minutes_hours_or_days_whichever_tells_most(staff, apart, unit):
    for version in (1, 2):
        at = datetime(2025, 1, 1, tzinfo=UTC) + version * apart
        by_hand(version=version, recorded_at=at)
    page = staff.get(f"{LIST}overview/")
    assert page.context["chart"]["unit"] == unit
    assert f"<h2>Events per {unit}</h2>" in page.content.decode()
    assert page.context["chart"]["end"].date() == (datetime(2025, 1, 1) + 2 * apart).date()


# Fast, or a sentence


@pytest.mark.parametrize(
    "path",
    [
        *PATHS,
        "overview/",
        "?q=account-a&type=bank.WarnedOfLowBalance&since=2020-01-01&category=account",
    ],
)
def test_few_queries_for_somebody_who_may_only_view(viewer, monkeypatch, path):
    monkeypatch.setattr(finding, "FEW", 1)
    _, withdrawn, _ = low_withdrawal()
    with CaptureQueriesContext(connection) as captured:
        answer = viewer.get(LIST + path.format(position=withdrawn.position))
        assert answer.status_code == 200
        list(answer)
    assert len(captured) <= 11
    assert not any("count(*) from eventstore_event" in q["sql"].lower() for q in captured)


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("path", ["", "overview/", "stream/?name=account-a", "export/"])
def test_database_that_takes_too_long_is_a_sentence(staff, path):
    record("account-a", received("a"))
    with psycopg.connect(url(connection.settings_dict["NAME"])) as other:
        other.execute("LOCK TABLE eventstore_event IN ACCESS EXCLUSIVE MODE")
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '50ms'")
        try:
            page = text(staff, LIST + path, 503)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET statement_timeout")
    assert "The database did not answer in time." in page


def test_check_is_content_without_the_settings_of_the_links(settings):
    del settings.STREAM_PAGES, settings.READ_MODEL_STREAMS
    call_command("check")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Shipped 3 of \u2068\u0645\u2069, 7 left", "Shipped 3 of \u2068\u0645\u2069, 7 left"),
        ("a \u2068b", "a \\u2068b"),
        ("a \u2068b\u202ec\u2069 d", "a \\u2068b\\u202ec\\u2069 d"),
        ("\u2068a\u2069\u2069", "\u2068a\u2069\\u2069"),
        ("\u2068a\x07\u2069", "\u2068a\\u0007\u2069"),
    ],
)
def test_what_is_isolated_in_a_sentence_stays_so_and_nothing_else_turns(text, seen):
    assert visible(text) == seen
