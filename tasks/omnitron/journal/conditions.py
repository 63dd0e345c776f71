"""Conditions of a caller, by this program's names or by those of the Celery version, which are Omnitron's query parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clients.errors import ConfigError
from dto.enums import BatchRequestStatus, ContentType, IntegrationActionStatus
from dto.omnitron_setup import OperationalEvent

WITHOUT_EFFECT = frozenset({"channel", "channel_id", "limit", "sort"})
"""What the Celery version sets itself, whatever the caller says: the own channel, all pages, in the order of the keys."""


@dataclass(frozen=True, slots=True)
class _Condition:
    """A name under which a parameter may be given, and how its value is read; `read` may raise a ValueError."""

    parameter: str
    read: Callable[[Any], Any]


def _several(value: Any) -> list[Any]:
    """The values of a list, or of a text that joins them with commas."""
    return value.split(",") if isinstance(value, str) else list(value)


_OF_ACTIONS = {
    "content_type": _Condition("content_type", ContentType),
    "content_type_name": _Condition("content_type", ContentType),
    "object_ids": _Condition("object_ids", lambda value: [int(key) for key in value]),
    "object_id": _Condition("object_ids", lambda value: [int(value)]),
    "object_id__in": _Condition("object_ids", lambda value: [int(key) for key in _several(value)]),
    "remote_ids": _Condition("remote_ids", lambda value: [str(key) for key in value]),
    "remote_id__exact": _Condition("remote_ids", lambda value: [str(value)]),
    "remote_id__in": _Condition("remote_ids", lambda value: [str(key) for key in _several(value)]),
    "local_batch_id": _Condition("local_batch_id", str),
    "status": _Condition("status", IntegrationActionStatus),
}

_OF_BATCHES = {
    "status": _Condition("statuses", lambda value: [BatchRequestStatus(status) for status in _several(value)]),
    "content_type": _Condition("content_type", ContentType),
    "remote_batch_id": _Condition("remote_batch_id", str),
}


def conditions_on_actions(command: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `client.actions.find`.

    Raises:
        ConfigError: a condition is unknown or has no such value; or keys are given without their type.
    """
    found = _read(command, given, _OF_ACTIONS)
    if "object_ids" in found and "content_type" not in found:
        raise ConfigError(
            f"`{command}` looks up `{_name(given, 'object_ids')}` only together with `content_type`: the keys of objects "
            "repeat from type to type."
        )
    return found


def conditions_on_batches(command: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `client.batches.find`.

    Raises:
        ConfigError: a condition is unknown or has no such value.
    """
    return _read(command, given, _OF_BATCHES)


def conditions_on_events(command: str, given: Mapping[str, Any]) -> dict[str, str]:
    """The fields of an event, with the texts that they have to have.

    Raises:
        ConfigError: an event has no such field.
    """
    return _read(command, given, {name: _Condition(name, str) for name in OperationalEvent.model_fields})


def _read(command: str, given: Mapping[str, Any], known: Mapping[str, _Condition]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in WITHOUT_EFFECT:
            continue
        condition = known.get(name)
        if condition is None:
            raise ConfigError(f"`{command}` has no condition `{name}`. It knows: {', '.join(known)}.")
        if condition.parameter in found:
            raise ConfigError(f"`{command}` got `{condition.parameter}` twice, once as `{name}`. Give it once.")
        try:
            found[condition.parameter] = condition.read(value)
        except (ValueError, TypeError) as error:
            raise ConfigError(f"`{command}` cannot look for `{name}` = `{value}`: {error}.") from None
    return found


def _name(given: Mapping[str, Any], parameter: str) -> str:
    """The name under which a parameter was given."""
    return next(name for name in given if name in _OF_ACTIONS and _OF_ACTIONS[name].parameter == parameter)
