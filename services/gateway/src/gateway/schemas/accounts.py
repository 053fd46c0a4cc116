"""Accounts and sessions."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.schemas.types import Id, Moment, RequestBody, Text

Role = Annotated[Literal["buyer", "seller"], Field(examples=["buyer"])]
Username = Annotated[Text, Field(min_length=1, max_length=64, examples=["ann"])]


class NewAccount(RequestBody):
    username: Username
    password: Annotated[Text, Field(min_length=8, max_length=256, examples=["correct horse"])]
    role: Role


class Account(BaseModel):
    account_id: Id
    username: Username
    role: Role


class Credentials(RequestBody):
    username: Username
    password: Annotated[Text, Field(min_length=1, max_length=256, examples=["correct horse"])]


class Session(BaseModel):
    token: Annotated[str, Field(description="Secret; shown only now.", examples=["mYf0tZ4cR9..."])]
    account_id: Id
    role: Role
    expires_at: Moment
