"""Items become changes, in arrival order: a later item sees what an earlier one did. Pure.

duplicate? ─▶ campaign and member status? ─▶ person? ─▶ same moment? ─▶ latest record ─▶ change
   │               │                            │           │               │
duplicate       rejected                     rejected    duplicate   created · updated ·
                                                                     repeat · skipped
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.core.errors import Fault
from app.core.ids import uuid7
from app.models.states import IntakeResult, ResponseStatus
from app.responses.intake.items import Invalid, Item, Submission
from app.responses.intake.people import People, PersonState, merged_attributes
from app.responses.intake.records import Key, Records, RecordState
from app.responses.intake.rules import (
    Caution,
    MemberStatus,
    Reason,
    Scheduling,
    Step,
    refusal_of,
    scheduling_of,
    step_of,
)
from app.scoring.schemas import ScoringSettingsDocument

_RESULT_OF = {
    Step.CREATE: IntakeResult.CREATED,
    Step.REPEAT: IntakeResult.REPEAT,
    Step.UPDATE: IntakeResult.UPDATED,
}


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What intake needs of a campaign."""

    id: UUID
    member_statuses: Mapping[str, MemberStatus]
    default: str
    repeat_limit: int | None
    owners: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What intake needs of an account."""

    settings: ScoringSettingsDocument
    ruleset_version: int | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The response that a user's external id led to."""

    response_id: UUID
    status: ResponseStatus


SeenKey = tuple[UUID, UUID, str]


@dataclass(frozen=True, slots=True)
class Context:
    """Everything read before folding. Campaigns are found by what the items call them."""

    now: datetime
    accounts: Mapping[UUID, AccountFacts]
    campaigns: Mapping[tuple[UUID, str], CampaignFacts]
    seen: Mapping[SeenKey, Seen]


@dataclass(slots=True)
class Outcome:
    """What became of one item; the record's status is final only after the transaction."""

    index: int
    external_id: str | None
    result: IntakeResult
    reason: Reason | None = None
    warnings: tuple[Caution, ...] = ()
    faults: tuple[Fault, ...] = ()
    record: RecordState | None = None
    seen: Seen | None = None


@dataclass(slots=True)
class Fold:
    """The changes of one transaction, folded from its items."""

    context: Context
    people: People = field(default_factory=People)
    records: Records = field(default_factory=Records)
    new_keys: dict[SeenKey, RecordState] = field(default_factory=dict)
    asked_for_scoring: set[tuple[UUID, UUID]] = field(default_factory=set)
    # Whom items of a file mean, by their index, where they tell the person nothing new.
    met: Mapping[int, PersonState] = field(default_factory=dict)
    # Whose score the transaction has written already, before it folded once more.
    risen_before: set[tuple[UUID, UUID]] = field(default_factory=set)
    _schedulings: dict[tuple[UUID, str, int, bool], Scheduling] = field(default_factory=dict)

    def take_all(self, submissions: Sequence[Submission]) -> list[list[Outcome]]:
        """Fold every item of every submission; one list of outcomes for each submission."""
        return [[self._take(sent, item) for item in sent.items] for sent in submissions]

    def risen(self) -> set[tuple[UUID, UUID]]:
        """Whose score this transaction changes: (account, person)."""
        changed = self.people.changed()
        return self.risen_before | {(p.account_id, p.id) for p in changed if "score" in p.changed}

    def to_read(self) -> set[Key]:
        """The records that a fold has to know: of people who were there before."""
        there = self.people.by_id
        return {key for key in self.records.asked if there[key[0], key[1]].stored is not None}

    def _take(self, sent: Submission, item: Item | Invalid) -> Outcome:
        if isinstance(item, Invalid):
            rejected = _outcome(item, IntakeResult.REJECTED, Reason.INVALID)
            rejected.faults = item.faults
            return rejected
        given = item.given
        key = None
        if given.external_id is not None:
            key = (sent.account_id, sent.user_id, given.external_id)
            seen, earlier = self.context.seen.get(key), self.new_keys.get(key)
            if seen is not None or earlier is not None:
                duplicate = _outcome(item, IntakeResult.DUPLICATE)
                duplicate.seen, duplicate.record = seen, earlier
                return duplicate
        campaign = self.context.campaigns.get((sent.account_id, given.campaign))
        if campaign is None:
            return _outcome(item, IntakeResult.REJECTED, Reason.CAMPAIGN_NOT_FOUND)
        status = campaign.member_statuses.get(given.member_status or campaign.default)
        if status is None:
            return _outcome(item, IntakeResult.REJECTED, Reason.UNKNOWN_MEMBER_STATUS)
        person = self.met.get(item.index) or self.people.find(sent.account_id, given.person)
        if isinstance(person, Reason):
            return _outcome(item, IntakeResult.REJECTED, person)
        outcome = self._apply(sent, item, campaign, status, person)
        if key is not None and outcome.record is not None:
            self.new_keys[key] = outcome.record
        return outcome

    def _apply(
        self,
        sent: Submission,
        item: Item,
        campaign: CampaignFacts,
        status: MemberStatus,
        person: PersonState | None,
    ) -> Outcome:
        given, is_met = item.given, item.index in self.met
        if person is not None and given.external_id is None and given.responded_at is not None:
            key = (sent.account_id, person.id, campaign.id)
            same = self.records.at(key, status.name, given.responded_at)
            if same is not None:
                duplicate = _outcome(item, IntakeResult.DUPLICATE)
                duplicate.record = same
                return duplicate
        latest, step = self._step(sent, campaign, status, person)
        refusal = refusal_of(sent.operation, step)
        if refusal is not None:
            return _outcome(item, IntakeResult.REJECTED, refusal)
        if person is None:
            person = self.people.create(sent.account_id)
        warnings = [] if is_met else self.people.merge(person, given.person)
        if given.asks_for_scoring:
            self.asked_for_scoring.add((sent.account_id, person.id))
        if latest is not None and step in (Step.NOT_HIGHER, Step.LIMIT):
            is_limit = step is Step.LIMIT
            reason = Reason.REPEAT_LIMIT if is_limit else Reason.STATUS_NOT_HIGHER
            outcome = _outcome(item, IntakeResult.SKIPPED, reason)
            outcome.record = latest
        else:
            outcome = self._change(sent, item, campaign, status, person, latest, step)
        if warnings:
            outcome.warnings = (*outcome.warnings, *warnings)
        return outcome

    def _step(
        self,
        sent: Submission,
        campaign: CampaignFacts,
        status: MemberStatus,
        person: PersonState | None,
    ) -> tuple[RecordState | None, Step]:
        """The latest record of this person, and what the item does to it."""
        if person is None:
            return None, Step.CREATE
        settings = self.context.accounts[sent.account_id].settings
        latest = self.records.latest((sent.account_id, person.id, campaign.id))
        limit = settings.repeat_limit if campaign.repeat_limit is None else campaign.repeat_limit
        step = step_of(
            latest.member_status if latest else None,
            status,
            repeat_number=latest.repeat_number if latest else 0,
            limit=limit,
        )
        return latest, step

    def _change(
        self,
        sent: Submission,
        item: Item,
        campaign: CampaignFacts,
        status: MemberStatus,
        person: PersonState,
        latest: RecordState | None,
        step: Step,
    ) -> Outcome:
        outcome = _outcome(item, _RESULT_OF[step])
        if latest is not None and step is Step.UPDATE:
            record = latest
            record.is_changed = True
        else:
            record = self._new_record(sent, campaign, status, person, latest)
        outcome.record = record
        outcome.warnings = self._write(record, sent, item, status)
        return outcome

    def _new_record(
        self,
        sent: Submission,
        campaign: CampaignFacts,
        status: MemberStatus,
        person: PersonState,
        latest: RecordState | None,
    ) -> RecordState:
        record = RecordState(
            account_id=sent.account_id,
            id=uuid7(),
            campaign_id=campaign.id,
            person_id=person.id,
            repeat_number=latest.repeat_number + 1 if latest else 1,
            member_status=status,
            status=ResponseStatus.NOT_A_RESPONSE,
            responded_at=self.context.now,
            score=0,
            is_new=True,
        )
        self.records.add(record)
        return record

    def _scheduling(self, sent: Submission, *, is_prompt: bool) -> Scheduling:
        """The same for all items of a submission but for prompts; a file has thousands."""
        key = (sent.account_id, sent.user, sent.size, is_prompt)
        found = self._schedulings.get(key)
        if found is None:
            settings = self.context.accounts[sent.account_id].settings
            found = self._schedulings[key] = scheduling_of(
                settings, is_prompt=is_prompt, user=sent.user, size=sent.size
            )
        return found

    def _write(
        self, record: RecordState, sent: Submission, item: Item, status: MemberStatus
    ) -> tuple[Caution, ...]:
        given = item.given
        warnings: tuple[Caution, ...] = ()
        record.member_status = status
        record.responded_at = given.responded_at or self.context.now
        if given.external_id is not None or record.user_id != sent.user_id:
            record.external_id = given.external_id
        record.user_id, record.user = sent.user_id, sent.user
        record.is_prompt = given.response_prompt
        record.priority = sent.priority
        record.scheduling = self._scheduling(sent, is_prompt=given.response_prompt)
        if given.score is not None:
            record.score = given.score
        if given.attributes:
            merged = merged_attributes(record.attributes, given.attributes)
            if merged is None:
                warnings = (Caution.ATTRIBUTES_TOO_LARGE,)
            else:
                record.attributes = merged
        if status.responded:
            record.status = ResponseStatus.PENDING_SCORING
        return warnings


def _outcome(item: Item | Invalid, result: IntakeResult, reason: Reason | None = None) -> Outcome:
    external_id = item.external_id if isinstance(item, Invalid) else item.given.external_id
    return Outcome(item.index, external_id, result, reason)
