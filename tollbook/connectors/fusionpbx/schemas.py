"""What FusionPBX and FS PBX answer, in their words. Flags are booleans or text; unknown fields are ignored."""

import msgspec

Flag = bool | str | int | None


class Domain(msgspec.Struct):
    """A tenant. Its name is a host's, so capitals mean nothing: it is in small letters everywhere."""

    domain_uuid: str
    domain_name: str
    domain_enabled: Flag = True
    domain_description: str | None = None

    def __post_init__(self) -> None:
        self.domain_name = self.domain_name.lower()


class Extension(msgspec.Struct):
    extension_uuid: str
    extension: str
    enabled: Flag = True
    suspended: Flag = False  # by FS PBX: an administrator's, beside `enabled`
    effective_caller_id_name: str | None = None
    description: str | None = None
    toll_allow: str | None = None


class PhoneNumber(msgspec.Struct):
    """A destination: a DID, in up to three parts."""

    destination_number: str | int | None = None
    destination_prefix: str | int | None = None
    destination_trunk_prefix: str | int | None = None
    destination_area_code: str | int | None = None
    destination_enabled: Flag = True
    destination_type: str | None = None

    @property
    def is_in_use(self) -> bool:
        """A DID, and not a number that is called from here."""
        return is_yes(self.destination_enabled) and self.destination_type in {None, "", "inbound"}

    @property
    def written(self) -> str:
        return written(
            self.destination_number,
            prefix=self.destination_prefix,
            trunk_prefix=self.destination_trunk_prefix,
            area_code=self.destination_area_code,
        )


LONGEST_NATIONAL = 10  # digits; a longer number that begins with the country's prefix has it already


def is_yes(flag: Flag) -> bool:
    """Text until 5.4, boolean since. Nothing said is no."""
    return str(flag).strip().lower() in {"true", "t", "1", "yes"}


def written(
    number: str | int | None,
    *,
    prefix: str | int | None = None,
    trunk_prefix: str | int | None = None,
    area_code: str | int | None = None,
) -> str:
    """A DID out of its parts: with a plus where it says its country, else as it stands there.

    The prefix is put before it unless it is there already, and a trunk prefix in front of it is left out then.
    """
    own, country, trunk = _text(area_code) + _text(number), _digits(prefix), _digits(trunk_prefix)
    if own.startswith("+") or not country:
        return own
    digits = _digits(own)
    if digits.startswith(country) and len(digits) > LONGEST_NATIONAL:
        return f"+{digits}"
    if trunk and digits.startswith(trunk):
        digits = digits[len(trunk) :]
    return f"+{country}{digits}" if digits else ""


def _text(value: str | int | None) -> str:
    return "" if value is None else str(value).strip()


def _digits(value: str | int | None) -> str:
    return "".join(character for character in _text(value) if character in "0123456789")
