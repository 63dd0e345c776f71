"""The setup of a channel in Omnitron: its categories, their attributes, and its configuration schema."""

from typing import Any

from prefect import flow

from clients.errors import ContractError
from dto.omnitron import IntegrationAction
from dto.outcomes import Fetched
from dto.setup import AttributeDto, CategoryDto
from dto.summary import RunSummary
from flows.naming import run_name
from flows.parameters import IsSuccessLog
from flows.run import Run, run_flow
from tasks.channel.conf import own_keys
from tasks.channel.integration import ChannelIntegration, load_channel
from tasks.channel.setup import GetAttributes, GetCategoryAttributes, GetCategoryTreeAndNodes, GetChannelConfSchema
from tasks.concurrency import side_by_side
from tasks.integration import CommandType
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.setup.attributes import BulkCreateOrUpdateAttributes
from tasks.omnitron.setup.bulk_category_attributes import BulkCreateOrUpdateCategoryAttributes
from tasks.omnitron.setup.category_tree import (
    CreateOrUpdateCategoryTreeAndNodes,
    GetCategoryIds,
    GetLeafCategoryNodeIds,
)
from tasks.omnitron.setup.changes import Changes
from tasks.omnitron.setup.channel_conf import UpdateChannelConfSchema
from tasks.prefect_tasks import run_command


@flow(name="update channel conf schema", flow_run_name=run_name, persist_result=False)
async def update_channel_conf_schema() -> RunSummary:
    """Writes the schema of the channel's settings into Omnitron, for the merchant to fill in."""

    async def work(run: Run) -> None:
        connector = load_channel(run.runtime)
        if own_keys(connector.conf_class) and not connector.can(GetChannelConfSchema):
            hub = await run.open_hub()
            # Not opened: the settings that it needs are yet to be filled in.
            fetched = await run_command(GetChannelConfSchema, connector(hub.channel, run.runtime), {})
        else:
            hub, channel = await _open(run, GetChannelConfSchema)
            fetched = await channel.do_action(GetChannelConfSchema)
        await _tell(run, hub, fetched, "field", is_success_log=False)
        changes = await hub.do_action(UpdateChannelConfSchema, objects=fetched.items)
        await _conclude(run, hub, changes)

    return await run_flow("update channel conf schema", work)


@flow(
    name="create or update category tree and nodes",
    flow_run_name=run_name,
    persist_result=False,
)
async def create_or_update_category_tree_and_nodes(is_success_log: IsSuccessLog = False) -> RunSummary:
    """Creates or updates a node in Omnitron's tree for each category of the channel, parents first."""

    async def work(run: Run) -> None:
        hub, channel = await _open(run, GetCategoryTreeAndNodes)
        fetched = await channel.do_action(GetCategoryTreeAndNodes)
        await _tell(run, hub, fetched, "category", is_success_log=is_success_log)
        if len(fetched.items) != 1:
            raise ContractError(
                f"The connector `{channel.name}` answered `{GetCategoryTreeAndNodes.key}` with {len(fetched.items)} trees. "
                "A channel has one."
            )
        changes = await hub.do_action(CreateOrUpdateCategoryTreeAndNodes, objects=fetched.items[0])
        await _conclude(run, hub, changes)

    return await run_flow("create or update category tree and nodes", work)


@flow(
    name="create or update category attributes",
    flow_run_name=run_name,
    persist_result=False,
)
async def create_or_update_category_attributes(is_success_log: IsSuccessLog = False) -> RunSummary:
    """Writes the attributes that each category requires into Omnitron, least recently checked categories first."""

    async def work(run: Run) -> None:
        hub, channel = await _open(run, GetCategoryAttributes)
        actions, leaves = await side_by_side(hub.do_action(GetCategoryIds), hub.do_action(GetLeafCategoryNodeIds))
        keys = {node.pk for node in leaves}

        async def get_category(action: IntegrationAction) -> CategoryDto | None:
            fetched: Fetched[CategoryDto] = await channel.do_action(GetCategoryAttributes, objects=action)
            await _tell(run, hub, fetched, "attribute", is_success_log=is_success_log)
            if len(fetched.items) > 1:
                raise ContractError(f"The connector `{channel.name}` answered {len(fetched.items)} categories for one.")
            return fetched.items[0] if fetched.items else None

        changes = await hub.do_action(
            BulkCreateOrUpdateCategoryAttributes,
            objects=[action for action in actions if action.object_id in keys],
            get_category=get_category,
        )
        await _conclude(run, hub, changes)

    return await run_flow("create or update category attributes", work)


@flow(name="create or update attributes", flow_run_name=run_name, persist_result=False)
async def create_or_update_attributes(is_success_log: IsSuccessLog = False) -> RunSummary:
    """Writes the channel's attributes and their values into Omnitron, for channels whose categories require the same ones."""

    async def work(run: Run) -> None:
        hub, channel = await _open(run, GetAttributes)
        fetched: Fetched[AttributeDto] = await channel.do_action(GetAttributes)
        await _tell(run, hub, fetched, "attribute", is_success_log=is_success_log)
        changes = await hub.do_action(BulkCreateOrUpdateAttributes, objects=fetched.items)
        await _conclude(run, hub, changes)

    return await run_flow("create or update attributes", work)


async def _open(run: Run, needed: CommandType) -> tuple[OmnitronIntegration, ChannelIntegration]:
    """Opens both sides, and makes sure that the connector has the needed command. The setup needs no batch."""
    run.require(load_channel(run.runtime), needed)
    hub = await run.open_hub()
    return hub, await run.open_channel(hub)


async def _tell(run: Run, hub: OmnitronIntegration, fetched: Fetched[Any], kind: str, *, is_success_log: bool) -> None:
    """Tells the merchant of the calls, and of each `kind` of row that the connector could not understand."""
    await hub.tell([line for line in fetched.reports if is_success_log or not line.is_ok])
    await run.told.tell(run.add_unreadable(kind, fetched.unreadable), hub.tell, hub.logger())


async def _conclude(run: Run, hub: OmnitronIntegration, changes: Changes) -> None:
    """Counts the changes, and reports the failures."""
    failed = changes.counts.pop("failed", 0)
    run.counts.update(changes.counts)
    for failure in changes.failures:
        run.add_failure(failure.name, failure.code, failure.message, named_by=failure.kind)
    run.counts["failed"] += failed - len(
        changes.failures
    )  # those below a category that failed have no report of their own
    await hub.tell([failure.report for failure in changes.failures])
