"""Generic and Env: what this is."""

import os

import msgspec

from tollbook.access.options import options
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.method import EVERYBODY, Nothing, method

VERSION = "MR128"  # the release whose methods are followed; clients parse the number


class Version(msgspec.Struct):
    version: str


@method("Generic/get_version", realms=EVERYBODY)
def get_version(caller: Caller, asked: Nothing) -> Version:  # noqa: ARG001
    """The release of the platform that is followed here."""
    return Version(VERSION)


class EnvInfo(msgspec.Struct):
    i_env: int
    name: str
    email: str


class Env(msgspec.Struct):
    env_info: EnvInfo


@method("Env/get_env_info", realms=EVERYBODY)
def get_env_info(caller: Caller, asked: Nothing) -> Env:  # noqa: ARG001
    """The site: its number, its name and its mail address."""
    return Env(EnvInfo(i_env=options().i_env, name="Tollbook", email=os.environ.get("TOLLBOOK_MAIL_FROM", "")))
