"""What callers of the Celery version look for, they find here by the same conditions, or are told why not."""

from collections.abc import Mapping
from typing import Any

import pytest

from clients.errors import ConfigError
from deployments.sandbox.hub.ledger import Key
from dto.enums import BatchRequestStatus
from tests.world.loopback import World
from tests.world.shop import opened

ACTIONS = {1001: "MP-1", 1002: "MP-2", 1003: "a,b"}


def bind(world: World) -> None:
    for pk, remote_id in ACTIONS.items():
        world.hub.shop.ledger.put(Key("product", pk), remote_id=remote_id, version_date="2024-01-01T00:00:00.000000Z")
    world.hub.shop.ledger.put(Key("productprice", 1001), remote_id="MP-1", version_date="2024-01-01T00:00:00.000000Z")


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"content_type_name": "product"}, [1001, 1002, 1003]),
        ({"content_type_name": "product", "object_id": 1002}, [1002]),
        ({"content_type_name": "product", "object_id": "1002"}, [1002]),
        ({"content_type_name": "product", "object_id__in": "1001,1003"}, [1001, 1003]),
        ({"content_type_name": "product", "object_id__in": [1001, 1003]}, [1001, 1003]),
        ({"content_type_name": "product", "remote_id__exact": "a,b"}, [1003]),
        ({"content_type_name": "product", "remote_id__in": "MP-1,MP-2"}, [1001, 1002]),
        ({"remote_id__in": "MP-1"}, [1001, 1001]),
        ({"content_type_name": "product", "status": "error"}, []),
        ({"content_type_name": "product", "local_batch_id": "x"}, []),
        ({"content_type_name": "productprice", "channel_id": "6", "limit": 10, "sort": "id"}, [1001]),
    ],
    ids=str,
)
async def test_actions_are_found_by_the_celery_versions_conditions(
    world: World, conditions: Mapping[str, Any], expected: list[int]
) -> None:
    bind(world)
    async with opened(world, create_batch=False) as hub:
        found = await hub.do_action("get_integrations", objects=conditions)
    assert [row.object_id for row in found] == expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"status": ["sent_to_remote", "ongoing"]}, [1, 2]),
        ({"status": "ongoing"}, [2]),
        ({"status": ["sent_to_remote", "ongoing"], "content_type": "productprice"}, [2]),
        ({"status": "sent_to_remote", "remote_batch_id": "r1", "limit": 100}, [1]),
        ({"content_type": "product"}, [1]),
    ],
    ids=str,
)
async def test_batches_are_found_by_the_celery_versions_params(
    world: World, conditions: Mapping[str, Any], expected: list[int]
) -> None:
    for number, content_type in enumerate(("product", "productprice"), start=1):
        row = world.batches.create({"channel": 6})
        world.batches.move(row["pk"], {"channel": 6, "status": "commit", "content_type": content_type})
        told = {"status": "sent_to_remote", "remote_batch_id": f"r{number}"}
        world.batches.move(row["pk"], {"channel": 6, **told})
    world.batches.move(2, {"channel": 6, "status": BatchRequestStatus.ongoing})
    async with opened(world, create_batch=False) as hub:
        found = await hub.do_action("get_batch_requests", params=conditions)
    assert [row.pk for row in found] == expected


async def test_events_are_found_by_their_fields(world: World) -> None:
    async with opened(world, create_batch=False) as hub:
        for level, pk in (("error", 1001), ("error", 1002), ("info", 1001)):
            event = {"event_type": "product_error", "level": level, "message": "x", "action_object_id": pk}
            await hub.client.operational_events.create(event)
        found = await hub.do_action("get_operational_events", objects={"level": "error", "action_object_id": 1001})
        assert [(event.level, event.action_object_id) for event in found] == [("error", 1001)]
        assert len(await hub.do_action("get_operational_events")) == 3


@pytest.mark.parametrize(
    ("key", "conditions", "message"),
    [
        ("get_integrations", {"colour": "red"}, "has no condition `colour`. It knows: content_type, "),
        ("get_integrations", {"page": 2}, "has no condition `page`"),
        ("get_integrations", {"content_type_name": "planet"}, "cannot look for `content_type_name` = `planet`"),
        ("get_integrations", {"content_type": "product", "object_id": ""}, "cannot look for `object_id` = ``"),
        ("get_integrations", {"object_id": 1001}, "looks up `object_id` only together with `content_type`"),
        ("get_integrations", {"remote_id__exact": "a", "remote_id__in": "a"}, "got `remote_ids` twice"),
        ("get_batch_requests", {"status": "finished"}, "cannot look for `status` = `finished`"),
        ("get_batch_requests", {"pk": 1}, "has no condition `pk`. It knows: status, content_type, remote_batch_id"),
        ("get_operational_events", {"colour": "red"}, "has no condition `colour`"),
    ],
)
async def test_another_condition_is_refused_by_name_before_any_request(
    world: World, key: str, conditions: Mapping[str, Any], message: str
) -> None:
    async with opened(world, create_batch=False) as hub:
        before = world.sent
        with pytest.raises(ConfigError) as refused:
            await hub.do_action(key, **{"params" if key == "get_batch_requests" else "objects": conditions})
        assert world.sent == before
    assert message in refused.value.message
