"""Knobs of what Penstock says by itself: e-mail, webhooks, and the sign of life for the outside."""

from datetime import timedelta
from typing import Literal, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import Field, SecretStr, field_validator, model_validator

from app.core.code_settings import Group


class Smtp(Group):
    """The server that takes e-mail."""

    host: str = Field(
        "", description="Its name; empty: none, and a sandbox keeps messages in its mailbox."
    )
    port: int = Field(587, ge=1, le=65535, description="Its port; with `tls` mostly 465.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`starttls`, `tls` from the first byte, or `none`."
    )
    ca_file: str = Field("", description="Certificates to believe besides the system's, PEM.")
    username: str = Field("", description="Empty: no login.")
    password: SecretStr = Field(SecretStr(""), description="Of the login.")
    from_address: str = Field("", description="Sender of all messages; needed with a host.")
    timeout: timedelta = Field(
        timedelta(seconds=30), description="Longest conversation about one message."
    )
    at_once: int = Field(4, ge=1, description="Messages that one process sends at the same time.")

    @field_validator("from_address")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        try:
            if value:
                validate_email(value, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            raise ValueError("is not an e-mail address") from None
        return value

    @model_validator(mode="after")
    def _has_a_sender(self) -> Self:
        if self.host and not self.from_address:
            raise ValueError("PENSTOCK_SMTP__FROM_ADDRESS is needed with PENSTOCK_SMTP__HOST")
        return self


class Heartbeat(Group):
    """A sign of life for a watcher outside, as long as schedules are looked after."""

    url: SecretStr = Field(
        SecretStr(""), description="Called with GET; whoever watches there notices silence."
    )
    interval: timedelta = Field(
        timedelta(minutes=1), gt=timedelta(), description="Pause between two calls, of all workers."
    )


class Webhooks(Group):
    """Calls to addresses that customers give."""

    allow_private: bool = Field(
        False, description="Calls private networks and plain http too; for sandboxes."
    )
    ca_file: str = Field("", description="Certificates to believe besides the public ones, PEM.")
    timeout: timedelta = Field(
        timedelta(seconds=15),
        gt=timedelta(),
        le=timedelta(minutes=1),
        description="Longest delivery, from the first lookup of its name to the answer.",
    )
    places: int = Field(256, ge=8, description="Deliveries at once by one process.")
    at_once: int = Field(
        10, ge=1, le=100, description="Deliveries at once to one endpoint, by all processes."
    )
