"""Rows of a file that tell their person nothing new: met, and scored, in one statement.

    rows ─▶ is there a person who is all that the row says? ─ yes ─▶ its version, its latest record,
                        │ no                                         the row's score and facts
                        └─▶ read in full, as for requests

Whom a row means is known before, by its names, or found here by the one that all rows give.

Most rows of a file are of this kind. Such a person need not come to Python with its 21 columns to
be compared there, and what a row scores is known before it is folded: it makes a new record, and
its person stays what it is. Where it turns out otherwise, what was found here is left alone.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple
from uuid import UUID

from app.core.driver import Driver
from app.core.driver import Row as Facts
from app.core.rowsets import Given, as_rows
from app.core.values import json_of
from app.responses.intake.acquaintance import Name
from app.responses.intake.chunk_reading import ChunkWorld
from app.responses.intake.fold import CampaignFacts
from app.responses.intake.items import Item, Submission
from app.responses.intake.people import FIELD_TYPES, PLAIN_FIELDS, PersonState
from app.responses.intake.reading import STATUSES
from app.responses.intake.records import RecordState
from app.responses.intake.rules import MemberStatus
from app.responses.intake.said import Said, folded_emails, sharing
from app.responses.intake.settling import ASKED, FACTS, KEPT_FACTS, asked_by
from app.scoring.points import FIRST_PARAMETER, NO_RULES, Points
from app.scoring.sql import scored_rows

_SAID: Mapping[Name, str] = {Name.EXTERNAL_ID: "external_id", Name.EMAIL: "email"}
_COMPARED = frozenset(("external_id", "email", *PLAIN_FIELDS))
_MET = """
SELECT s.id AS at, s.version, latest.*, {facts},
       s.person_id
  FROM ({scored}) s
  LEFT JOIN LATERAL (
       SELECT id AS record_id, repeat_number, member_status, is_responded, status, responded_at
         FROM responses
        WHERE account_id = $1 AND person_id = s.person_id AND campaign_id = s.campaign_id
        ORDER BY repeat_number DESC LIMIT 1) latest ON true
 WHERE $2::uuid[] IS NULL
"""
_KEPT = f"p.id AS person_id, p.version, r.campaign_id, {KEPT_FACTS}"


class Row(NamedTuple):
    """A row that may be met: its place among the chunk's, and the key of whom it means."""

    at: int
    item: Item
    key: UUID | str


class Known(NamedTuple):
    """What a row scores, and its record's attributes as they are written."""

    facts: Facts
    attributes: str


@dataclass(slots=True)
class Met:
    """Rows that tell their person nothing new, by their index.

    `states` are these people, each once, `records` the latest of them in the campaign, and `known`
    what the rows come to if each makes a new record.
    """

    now: datetime
    people: dict[int, PersonState] = field(default_factory=dict)
    states: dict[UUID, PersonState] = field(default_factory=dict)
    records: dict[UUID, RecordState] = field(default_factory=dict)
    known: dict[int, Known] = field(default_factory=dict)

    def met_beside(self, items: Sequence[Item], said: Said, unmet: Collection[int]) -> set[UUID]:
        """Whom rows mean that give a name which one of the unmet gives, too.

        By then that name may be another's.
        """
        others = (items[at].index for at in sharing(said, unmet))
        return {self.people[index].id for index in others if index in self.people}

    def leave(self, people: set[UUID]) -> None:
        """Forget these people: another row of the chunk has more to say of them."""
        self.people = {at: one for at, one in self.people.items() if one.id not in people}
        self.records = {id_: r for id_, r in self.records.items() if r.person_id not in people}


async def meet(
    driver: Driver,
    submission: Submission,
    items: Sequence[Item],
    said: Said,
    world: ChunkWorld,
    points: Points,
    name: Name,
) -> Met:
    """Find the rows that tell those whom they mean nothing new, as these stood at one moment.

    Args:
        said: of the people of these items, in their order.
        points: the active rules of the account.
        name: how their people are found; by id, those are that the world knows the rows to mean.
    """
    context, account_id = world.context, submission.account_id
    met = Met(context.now)
    campaigns = {
        ref: campaign for (owner, ref), campaign in context.campaigns.items() if owner == account_id
    }
    keys = _keys(items, said, world, name)
    attributes = said.get("attributes") or repeat(None)
    rows = [
        Row(at, item, key)
        for at, (item, key, more) in enumerate(zip(items, keys, attributes, strict=False))
        if key is not None and item.given.campaign in campaigns and not more
    ]
    most = context.accounts[account_id].settings.scoring_batch_size
    for first in range(0, len(rows), most):
        portion = rows[first : first + most]
        await _meet_some(driver, submission, portion, said, campaigns, points, met, name)
    return met


def _keys(
    items: Sequence[Item], said: Said, world: ChunkWorld, name: Name
) -> Sequence[UUID | str | None]:
    if name is Name.EXTERNAL_ID:
        return said["external_id"]
    if name is Name.EMAIL:
        return folded_emails(said)
    return [world.named.meant_by(item.given.person) for item in items]


async def _meet_some(
    driver: Driver,
    submission: Submission,
    rows: Sequence[Row],
    said: Said,
    campaigns: Mapping[str, CampaignFacts],
    points: Points,
    met: Met,
    name: Name,
) -> None:
    """One statement's rows."""
    # How often a person has responded is known once all rows before are folded.
    is_scored = "r.repeat_number" not in points.hits
    texts = [json_of(row.item.given.attributes) for row in rows]
    rules = points if is_scored else NO_RULES
    sql, arguments = _statement(submission, rows, said, campaigns, texts, rules, met.now, name)
    before = set(met.states)
    for found in await driver.fetch(sql, submission.account_id, None, met.now, *arguments):
        item, person_id = rows[found["at"]].item, found["person_id"]
        person = _met_person(met, submission.account_id, person_id, found["version"])
        met.people[item.index] = person
        # A record that is there only now was made after rows before this were compared.
        if person_id not in before:
            _note(met, person, found, campaigns[item.given.campaign])
        if is_scored:
            met.known[item.index] = Known(found, texts[found["at"]])


def _met_person(met: Met, account_id: UUID, person_id: UUID, version: int) -> PersonState:
    """The person; whoever is met again keeps the version met first."""
    person = met.states.get(person_id)
    if person is None:
        stored: dict[str, Any] = {}
        person = met.states[person_id] = PersonState(account_id, person_id, stored, stored, version)
    return person


def _note(met: Met, person: PersonState, found: Facts, campaign: CampaignFacts) -> None:
    """The latest record of the person, if there is one."""
    record_id, number, name, is_responded, word, moment = found[2:8]
    if record_id is None or record_id in met.records:
        return
    status = STATUSES[word]
    met.records[record_id] = RecordState(
        account_id=person.account_id,
        id=record_id,
        campaign_id=campaign.id,
        person_id=person.id,
        repeat_number=number,
        member_status=campaign.member_statuses.get(name) or MemberStatus(name, is_responded, 0),
        status=status,
        responded_at=moment,
        status_before=status,
    )


def _statement(
    submission: Submission,
    rows: Sequence[Row],
    said: Said,
    campaigns: Mapping[str, CampaignFacts],
    texts: Sequence[str],
    points: Points,
    now: datetime,
    name: Name,
) -> tuple[str, list[Any]]:
    """The statement for these rows, and its arguments from the fourth on."""
    portion = [row.item for row in rows]
    compared = _compared(said, [row.at for row in rows])
    key = Given("key", "uuid" if name is Name.ID else "text", [row.key for row in rows])
    # Most addresses are folded as they come.
    is_said = name in _SAID and compared[_SAID[name]].values == key.values
    given = [
        Given("id", "integer", list(range(len(portion)))),
        Given("campaign_id", "uuid", [campaigns[item.given.campaign].id for item in portion]),
        *([] if is_said else [key]),
        *compared.values(),
        *_asked(submission, portion, campaigns, texts, points, now),
    ]
    first = FIRST_PARAMETER + len(points.values)
    item, arguments = as_rows(given, first=first, is_uniform=True)
    key_column = f"said_{_SAID[name]}" if is_said else "key"
    found = f"{name} = r.{key_column}"
    sql = _sql(points.hits, points.total, item, tuple(compared), found)
    return sql, [points.points, *points.values, *arguments]


@lru_cache(maxsize=64)
def _sql(hits: str, total: str, rows: str, said: Sequence[str], found: str) -> str:
    same = [f"p.{name} IS NOT DISTINCT FROM coalesce(r.said_{name}, p.{name})" for name in said]
    scored = scored_rows(
        Points(None, hits, total, [], []),
        f"(SELECT w.*, $3::timestamptz AS received_at FROM {rows}) r",
        kept=_KEPT,
        where=f"WHERE {' AND '.join(same)}" if same else "",
        found=found,
    )
    return _MET.format(scored=scored, facts=FACTS)


def _compared(said: Said, places: Sequence[int]) -> dict[str, Given]:
    """Everything that rows say of their people, by the column it would change."""
    return {
        name: Given(
            f"said_{name}",
            FIELD_TYPES.get(name, "text"),
            [said[name][at] for at in places],
        )
        for name in sorted(said.keys() & _COMPARED)
    }


def _asked(
    submission: Submission,
    portion: Sequence[Item],
    campaigns: Mapping[str, CampaignFacts],
    texts: Sequence[str],
    points: Points,
    now: datetime,
) -> list[Given]:
    """What rules ask for of the records that the rows will make."""
    columns: Mapping[str, Callable[[], list[Any]]] = {
        "member_status": lambda: [
            item.given.member_status or campaigns[item.given.campaign].default for item in portion
        ],
        "responded_at": lambda: [item.given.responded_at or now for item in portion],
        "external_id": lambda: [item.given.external_id for item in portion],
        "user_name": lambda: [submission.user] * len(portion),
        "is_prompt": lambda: [item.given.response_prompt for item in portion],
        "score": lambda: [item.given.score or 0 for item in portion],
        "attributes": lambda: list(texts),
    }
    return [Given(name, ASKED[name][0], columns[name]()) for name in asked_by(points)]
