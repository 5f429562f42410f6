"""Every table, one per file; importing this package fills the metadata of the migrations."""

import app.models.naming  # noqa: F401  (comes before every table)  isort: skip

from app.models.account import INSTALLATION, Account
from app.models.alert_policy import AlertPolicy
from app.models.api_key import ApiKey
from app.models.business_clock import BusinessClock
from app.models.campaign import Campaign
from app.models.campaign_launch import CampaignLaunch
from app.models.change import Change
from app.models.code_layer import CodeLayer
from app.models.counter import StatusCount, StatusDelta
from app.models.delivery import Delivery, PendingDelivery
from app.models.engagement import ActiveResponse, OwnerTurn
from app.models.event import Event
from app.models.fire import Fire
from app.models.group import Group, GroupMember
from app.models.group_run import GroupRun, GroupStep, PendingGroup
from app.models.heartbeat import Heartbeat
from app.models.idempotency_key import IdempotencyKey
from app.models.import_chunk import ImportChunk, PendingImport
from app.models.intake_key import IntakeKey
from app.models.integration import Integration
from app.models.job import Job
from app.models.job_variables import JobVariables
from app.models.job_version import JobVersion
from app.models.lane import Lane
from app.models.message import Message, MessageCopy, PendingCopy
from app.models.opportunity import Opportunity, OpportunityContact
from app.models.participation import (
    ParticipantAction,
    Participation,
    PendingAction,
    PendingSend,
)
from app.models.pending import PendingResolution, PendingScoring
from app.models.pending_run import PendingRun
from app.models.person import Person
from app.models.pulse import Pulse
from app.models.quota_day import AccountDay, JobDay
from app.models.response import Response
from app.models.row_failure import RowFailure
from app.models.ruleset import Ruleset
from app.models.run import Run
from app.models.run_file import RunFile
from app.models.run_log import RunLogChunk
from app.models.run_message import RunMessage
from app.models.scoring_settings import ScoringSettings
from app.models.sequence import Sequence, SequenceAction
from app.models.timetable import PendingExpiry, Timetable
from app.models.upload import Upload, UploadPiece
from app.models.user import User
from app.models.watch import Watch
from app.models.webhook_endpoint import WebhookCursor, WebhookEndpoint
from app.models.window import Window

__all__ = [
    "INSTALLATION",
    "Account",
    "AccountDay",
    "ActiveResponse",
    "AlertPolicy",
    "ApiKey",
    "BusinessClock",
    "Campaign",
    "CampaignLaunch",
    "Change",
    "CodeLayer",
    "Delivery",
    "Event",
    "Fire",
    "Group",
    "GroupMember",
    "GroupRun",
    "GroupStep",
    "Heartbeat",
    "IdempotencyKey",
    "ImportChunk",
    "IntakeKey",
    "Integration",
    "Job",
    "JobDay",
    "JobVariables",
    "JobVersion",
    "Lane",
    "Message",
    "MessageCopy",
    "Opportunity",
    "OpportunityContact",
    "OwnerTurn",
    "ParticipantAction",
    "Participation",
    "PendingAction",
    "PendingCopy",
    "PendingDelivery",
    "PendingExpiry",
    "PendingGroup",
    "PendingImport",
    "PendingResolution",
    "PendingRun",
    "PendingScoring",
    "PendingSend",
    "Person",
    "Pulse",
    "Response",
    "RowFailure",
    "Ruleset",
    "Run",
    "RunFile",
    "RunLogChunk",
    "RunMessage",
    "ScoringSettings",
    "Sequence",
    "SequenceAction",
    "StatusCount",
    "StatusDelta",
    "Timetable",
    "Upload",
    "UploadPiece",
    "User",
    "Watch",
    "WebhookCursor",
    "WebhookEndpoint",
    "Window",
]
