"""The merchant's settings of a connector, declared once: the form, the check at start and the secrets to mask follow."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, Field, SecretStr, ValidationError, WithJsonSchema

from clients.errors import ConfigError
from clients.redaction import Redactor
from clients.settings import checked_url
from dto.base import is_blank
from dto.enums import ChannelConfSchemaDataTypes as DataTypes
from dto.omnitron import Channel, ChannelConf
from dto.setup import ChannelConfSchemaField

Url = Annotated[str, AfterValidator(checked_url), WithJsonSchema({"type": "string", "format": "uri"})]
"""An address that credentials may be sent to: https, or http to this machine. Without a trailing slash."""

Settings = TypeVar("Settings", bound=ChannelConf)

_BY_FORMAT = {
    "uri": DataTypes.URL,
    "email": DataTypes.email,
    "date": DataTypes.date,
    "date-time": DataTypes.datetime,
}
_BY_TYPE = {
    "boolean": DataTypes.bool,
    "integer": DataTypes.integer,
    "array": DataTypes.list,
    "object": DataTypes.json,
}


def setting(label: str, *, default: Any = ..., hint: str = "", key: str | None = None) -> Any:
    """A setting that the merchant fills in, as a field of a class that derives from `ChannelConf`.

    Args:
        label: its name in Omnitron's form.
        default: its value while it is blank. A setting without a default has to be filled in.
        hint: where to find it, or how to write it. The form shows it behind the label.
        key: its name in Omnitron, if it is no name in Python.
    """
    return Field(default, title=label, description=hint or None, alias=key)


def own_keys(kind: type[ChannelConf]) -> dict[str, str]:
    """The connector's own settings: the key of each in Omnitron, by its name in the class."""
    known = ChannelConf.model_fields
    return {
        name: field.alias or name
        for name, field in kind.model_fields.items()
        if name not in known or (field is not known[name] and field.title)
    }


def form_of(kind: type[ChannelConf]) -> list[ChannelConfSchemaField]:
    """The connector's own settings, as Omnitron's form shows them."""
    schema = kind.model_json_schema()
    return [
        ChannelConfSchemaField(
            required=kind.model_fields[name].is_required(),
            data_type=_data_type(shape := _shape(schema["properties"][key], schema)),
            key=key,
            label=_label(kind, name, with_hint=True),
            schema=_content(shape, schema) if shape.get("type") == "object" else None,
        )
        for name, key in own_keys(kind).items()
    ]


def checked_conf(kind: type[Settings], channel: Channel, connector: str, redactor: Redactor) -> Settings:
    """The channel's settings, as the connector's class. Their secrets are masked from now on in every text of the run.

    Raises:
        ConfigError: some are missing or wrong; the message names all of them.
    """
    keys = own_keys(kind)
    given = channel.conf.model_dump(exclude_unset=True)
    # A field of the form that is left blank is there, with an empty text.
    blank = {key for key in keys.values() if is_blank(given.get(key))}
    try:
        conf = kind.model_validate({key: value for key, value in given.items() if key not in blank})
    except ValidationError as error:
        raise ConfigError(
            f"The conf of channel {channel.pk} does not suit the connector `{connector}`: "
            f"{'; '.join(_problems(kind, error, redactor))}. Correct the channel's settings in Omnitron. If its form does not "
            "show them all, run `channel-app run update_channel_conf_schema` first."
        ) from None
    for name in keys:
        for secret in _secrets(getattr(conf, name)):
            redactor.learn(secret)
    return conf


def _problems(kind: type[ChannelConf], error: ValidationError, redactor: Redactor) -> Iterator[str]:
    """Each problem with the setting's key and label, without the value."""
    names = {key: name for name, key in own_keys(kind).items()}
    for row in error.errors(include_input=False, include_url=False):
        key, *inside = map(str, row["loc"])
        called = f"`{'.'.join([key, *inside])}`"
        if key in names and (label := _label(kind, names[key], with_hint=row["type"] == "missing")) != key:
            called += f" ({label})"
        why = "is missing" if row["type"] == "missing" and not inside else f"cannot be used: {row['msg']}"
        yield redactor.line(f"{called} {why}", limit=300)


def _label(kind: type[ChannelConf], name: str, *, with_hint: bool) -> str:
    field = kind.model_fields[name]
    label = field.title or field.alias or name
    return f"{label}, {field.description}" if with_hint and field.description else label


def _shape(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """The JSON schema of a value, also where None is allowed or the type is defined elsewhere."""
    if "$ref" in schema:
        return _shape(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "null":
            return _shape(choice, whole)
    return schema


def _data_type(shape: Mapping[str, Any]) -> DataTypes:
    return _BY_FORMAT.get(shape.get("format", "")) or _BY_TYPE.get(shape.get("type", "")) or DataTypes.text


def _content(shape: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object by itself."""
    inner = {name: value for name, value in shape.items() if name not in ("title", "description", "default")}
    return {**inner, "$defs": whole["$defs"]} if "$ref" in str(inner) else inner


def _secrets(value: Any) -> Iterator[str]:
    """The secrets in a setting, at any depth."""
    match value:
        case SecretStr():
            yield value.get_secret_value()
        case BaseModel():
            yield from _secrets(dict(value))
        case Mapping():
            yield from _secrets(list(value.values()))
        case list() | tuple():
            for item in value:
                yield from _secrets(item)
