"""Accounts and sessions."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.schemas.types import AccountId, Moment, RequestBody, Text

Role = Annotated[Literal["buyer", "seller"], Field(examples=["buyer"])]
Username = Annotated[Text, Field(min_length=1, max_length=64, examples=["ann"])]


class NewAccount(RequestBody):
    username: Username
    password: Annotated[Text, Field(min_length=8, max_length=256, examples=["correct horse"])]
    role: Role


class Account(BaseModel):
    account_id: AccountId
    username: Username
    role: Role


class Credentials(RequestBody):
    username: Username
    password: Annotated[Text, Field(min_length=1, max_length=256, examples=["correct horse"])]


class Session(BaseModel):
    token: Annotated[str, Field(description="Secret; shown only now.", examples=["mYf0tZ4cR9..."])]
    account_id: AccountId
    role: Role
    expires_at: Moment
