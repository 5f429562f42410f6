"""What the items of a transaction meet, as it stood a moment ago; nothing of it is locked.

One statement instead of six: what a lone request waits for is mostly trips. It asks only for what
the items name: getting ready to look for the rest took PostgreSQL a seventh of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from app.core.driver import Driver
from app.core.ids import uuid_of
from app.core.rowsets import Given, as_rows
from app.models.states import ResponseStatus
from app.people.rules import fold_email
from app.responses.intake.fold import AccountFacts, Context, Seen
from app.responses.intake.items import Item, Submission
from app.responses.intake.people import PersonState
from app.responses.intake.reading import PERSON_COLUMNS, campaign_facts, person_of, uuid_in
from app.scoring.kept import settings_of


class _Question(NamedTuple):
    """Documents for a column of the answer, found by rows `w` of these columns."""

    answer: str
    columns: tuple[tuple[str, str], ...]
    sql: str


_CAMPAIGNS = """
SELECT jsonb_build_array(w.account_id, w.ref, c.id, c.member_statuses,
                         c.default_responded_status, c.repeat_limit, c.owners) AS doc
  FROM # JOIN campaigns c ON c.account_id = w.account_id AND"""
# Without attributes: whoever is found is locked and read again, and ten thousand times 16 kB would
# be too large for one value.
_PEOPLE = f"""
SELECT jsonb_build_array({PERSON_COLUMNS.replace("p.attributes", "'{}'::jsonb")}) AS doc
  FROM # JOIN people p ON p.account_id = w.account_id AND"""
_SEEN = """
SELECT jsonb_build_array(k.account_id, k.user_id, k.external_id, k.response_id, r.status) AS doc
  FROM # JOIN intake_keys k USING (account_id, user_id, external_id)
  LEFT JOIN LATERAL (
       SELECT status FROM responses
        WHERE account_id = k.account_id AND id = k.response_id OFFSET 0) r ON true"""
_ACCOUNT = ("account_id", "uuid")
_BY_CODE = _Question("campaigns", (_ACCOUNT, ("ref", "text")), f"{_CAMPAIGNS} c.code = w.ref")
_BY_ID = _Question(
    "campaigns", (_ACCOUNT, ("ref", "text"), ("id", "uuid")), f"{_CAMPAIGNS} c.id = w.id"
)
_SENT_BEFORE = _Question("seen", (_ACCOUNT, ("user_id", "uuid"), ("external_id", "text")), _SEEN)
_PERSON_BY_ID = _Question("people", (_ACCOUNT, ("id", "uuid")), f"{_PEOPLE} p.id = w.id")
_PERSON_BY_EXTERNAL_ID = _Question(
    "people", (_ACCOUNT, ("external_id", "text")), f"{_PEOPLE} p.external_id = w.external_id"
)
_PERSON_BY_ADDRESS = _Question(
    "people", (_ACCOUNT, ("email", "text")), f"{_PEOPLE} p.email_folded = w.email"
)
_WORLD = """
SELECT business_now() AS now,
       (SELECT array_agg(id) FROM api_keys
         WHERE account_id = ANY ($1::uuid[]) AND id = ANY ($2::uuid[]) AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > clock_timestamp())) AS keys,
       (SELECT jsonb_agg(jsonb_build_array(w.id, s.document,
               (SELECT r.version FROM rulesets r WHERE r.account_id = w.id AND r.is_active)))
          FROM unnest($1::uuid[]) AS w(id)
          LEFT JOIN scoring_settings s ON s.account_id = w.id) AS accounts"""
_FIRST_PARAMETER = 3


@dataclass(frozen=True, slots=True)
class World:
    """Live keys, settings, campaigns, external ids seen, and everyone the items may name."""

    live_keys: set[UUID]
    context: Context
    people: list[PersonState]


async def read_world(driver: Driver, submissions: Sequence[Submission]) -> World:
    """Read what these items meet."""
    asked = {question: rows for question, rows in _named_by(submissions).items() if rows}
    accounts = sorted({sent.account_id for sent in submissions})
    keys = {sent.key_id for sent in submissions if sent.key_id is not None}
    sql, arguments = _statement(asked)
    row = await driver.fetchrow(sql, accounts, list(keys), *arguments)
    assert row is not None  # noqa: S101  (a SELECT without FROM)
    return World(
        live_keys=set(row["keys"] or ()),
        context=Context(
            now=row["now"],
            accounts={
                uuid_of(account): AccountFacts(settings_of(uuid_of(account), document), ruleset)
                for account, document, ruleset in row["accounts"] or ()
            },
            campaigns={
                (uuid_of(account), ref): campaign_facts(*facts)
                for account, ref, *facts in row.get("campaigns") or ()
            },
            seen={
                (uuid_of(account), uuid_of(user), external): Seen(
                    uuid_of(response), ResponseStatus(status)
                )
                for account, user, external, response, status in row.get("seen") or ()
            },
        ),
        people=list({doc[1]: person_of(doc) for doc in row.get("people") or ()}.values()),
    )


def _named_by(submissions: Sequence[Submission]) -> dict[_Question, Collection[tuple[Any, ...]]]:
    """Whatever the items name, once each."""
    sent = [(s, i.given) for s in submissions for i in s.items if isinstance(i, Item)]
    refs = {(s.account_id, given.campaign) for s, given in sent}
    by_id = [(account, ref, uuid_in(ref)) for account, ref in refs]
    people = [(s.account_id, given.person) for s, given in sent]
    return {
        _BY_CODE: refs,
        _BY_ID: [row for row in by_id if row[2] is not None],
        _SENT_BEFORE: {
            (s.account_id, s.user_id, given.external_id)
            for s, given in sent
            if given.external_id is not None
        },
        _PERSON_BY_ID: {(account, p.id) for account, p in people if p.id is not None},
        _PERSON_BY_EXTERNAL_ID: {
            (account, p.external_id) for account, p in people if p.external_id is not None
        },
        _PERSON_BY_ADDRESS: {
            (account, fold_email(p.email)) for account, p in people if p.email is not None
        },
    }


def _statement(asked: Mapping[_Question, Collection[tuple[Any, ...]]]) -> tuple[str, list[Any]]:
    """The statement that asks these questions of these rows, and its arguments but the first."""
    found: dict[str, list[str]] = {}
    arguments: list[Any] = []
    for question, named in asked.items():
        columns = zip(question.columns, zip(*named, strict=True), strict=True)
        given = [Given(name, kind, list(values)) for (name, kind), values in columns]
        rows, values = as_rows(given, first=_FIRST_PARAMETER + len(arguments), is_uniform=False)
        arguments += values
        found.setdefault(question.answer, []).append(question.sql.replace("#", rows))
    answers = (
        f",\n(SELECT jsonb_agg(doc) FROM ({' UNION ALL '.join(sql)}) AS found) AS {answer}"
        for answer, sql in found.items()
    )
    return _WORLD + "".join(answers), arguments
