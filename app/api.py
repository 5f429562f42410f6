"""The API's contents page: which router is mounted where."""

from fastapi import APIRouter

from app.accounts.errors import KeyInvalid, KeyMissing, MissingScope, TooManyRequests
from app.accounts.keys.router import router as api_keys
from app.accounts.quotas.router import router as quotas
from app.accounts.router import router as accounts
from app.batches.router import router as batches
from app.campaigns.router import router as campaigns
from app.control.account_router import router as account_changes
from app.control.actions_router import router as run_actions
from app.control.batches_router import router as batch_runs
from app.control.changes_router import router as changes
from app.control.clock_router import router as clock
from app.control.events_router import router as run_events
from app.control.files_router import router as run_files
from app.control.fires_router import router as fires
from app.control.groups_router import router as runs_of_groups
from app.control.log_router import router as run_logs
from app.control.runs_router import router as runs
from app.control.schedules_router import router as schedules
from app.control.starts_router import router as starts
from app.core.problems import DatabaseUnavailable, ValidationFailed, problems
from app.exports.router import router as exports
from app.groups.router import router as groups
from app.imports.results.router import router as results
from app.imports.uploads.content_router import router as content
from app.imports.uploads.router import router as uploads
from app.jobs.code_router import router as code
from app.jobs.router import router as jobs
from app.notifications.alerts.router import router as alerts
from app.notifications.deliveries.router import router as deliveries
from app.notifications.endpoints.router import router as webhook_endpoints
from app.notifications.events.router import router as events
from app.notifications.mail.router import router as mailbox
from app.people.opportunities.router import router as opportunities
from app.people.router import router as people
from app.responses.intake.router import router as intake
from app.responses.integrations.router import router as integrations
from app.responses.router import router as responses
from app.responses.windows.router import router as windows
from app.scoring.router import router as scoring
from app.sequences.participants.router import router as participants
from app.sequences.router import router as sequences
from app.sequences.today.router import router as today

# Its prefix is said where it is included: without one there, every route would be resolved twice.
PREFIX = "/v1"
api = APIRouter(
    responses=problems(
        KeyMissing, KeyInvalid, MissingScope, ValidationFailed, TooManyRequests, DatabaseUnavailable
    ),
)
# Intake first: routes are tried in order, and a storm is what this service is for.
for router in (
    intake,
    accounts,
    account_changes,
    quotas,
    api_keys,
    people,
    opportunities,
    campaigns,
    scoring,
    responses,
    windows,
    integrations,
    uploads,
    content,
    results,
    exports,
    sequences,
    participants,
    today,
    batches,
    batch_runs,
    jobs,
    code,
    groups,
    starts,
    schedules,
    runs_of_groups,
    fires,
    changes,
    runs,
    run_files,
    run_logs,
    run_events,
    run_actions,
    alerts,
    mailbox,
    webhook_endpoints,
    deliveries,
    events,
    clock,
):
    api.include_router(router)
