"""Brings what a channel says of itself into Omnitron: its categories, their attributes, and its configuration."""

from collections.abc import Sequence
from typing import Annotated

from prefect import flow

from clients.errors import ContractError
from dto.omnitron import IntegrationAction
from dto.outcomes import Fetched
from dto.reports import ErrorReportDto
from dto.setup import AttributeDto, CategoryDto
from dto.summary import RunSummary
from flows.naming import run_name
from flows.parameters import parameter
from flows.run import Run, run_flow
from tasks.channel.integration import ChannelIntegration, load_channel
from tasks.channel.setup import GetAttributes, GetCategoryAttributes, GetCategoryTreeAndNodes, GetChannelConfSchema
from tasks.concurrency import side_by_side
from tasks.integration import CommandType
from tasks.omnitron.attributes import BulkCreateOrUpdateAttributes
from tasks.omnitron.category_attributes import BulkCreateOrUpdateCategoryAttributes
from tasks.omnitron.category_tree import CreateOrUpdateCategoryTreeAndNodes, GetCategoryIds, GetLeafCategoryNodeIds
from tasks.omnitron.changes import Changes
from tasks.omnitron.channel_conf import UpdateChannelConfSchema
from tasks.omnitron.integration import OmnitronIntegration

IsSuccessLog = Annotated[
    bool, parameter(description="Also log the calls to the channel that went well in “Marketplace Logs”.")
]


@flow(name="update channel conf schema", flow_run_name=run_name, persist_result=False)
async def update_channel_conf_schema() -> RunSummary:
    """Tells Omnitron which settings of the channel the merchant has to fill in."""

    async def work(run: Run) -> None:
        hub, channel = await _open(run, GetChannelConfSchema)
        fetched = await channel.do_action(GetChannelConfSchema)
        await _tell(hub, fetched.reports, is_success_log=False)
        changes = await hub.do_action(UpdateChannelConfSchema, objects=fetched.items)
        await _conclude(run, hub, changes)

    return await run_flow("update channel conf schema", work)


@flow(
    name="create or update category tree and nodes",
    flow_run_name=run_name,
    persist_result=False,
)
async def create_or_update_category_tree_and_nodes(is_success_log: IsSuccessLog = False) -> RunSummary:
    """Gives every category of the channel a node of the channel's tree in Omnitron, parents first."""

    async def work(run: Run) -> None:
        hub, channel = await _open(run, GetCategoryTreeAndNodes)
        fetched = await channel.do_action(GetCategoryTreeAndNodes)
        await _tell(hub, fetched.reports, is_success_log=is_success_log)
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
    """Brings what each category asks of a product into Omnitron, those categories first that were looked at longest ago."""

    async def work(run: Run) -> None:
        hub, channel = await _open(run, GetCategoryAttributes)
        actions, leaves = await side_by_side(hub.do_action(GetCategoryIds), hub.do_action(GetLeafCategoryNodeIds))
        keys = {node.pk for node in leaves}

        async def get_category(action: IntegrationAction) -> CategoryDto | None:
            fetched: Fetched[CategoryDto] = await channel.do_action(GetCategoryAttributes, objects=action)
            await _tell(hub, fetched.reports, is_success_log=is_success_log)
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
    """Brings the channel's attributes and their values into Omnitron, for channels whose categories all ask for the same."""

    async def work(run: Run) -> None:
        hub, channel = await _open(run, GetAttributes)
        fetched: Fetched[AttributeDto] = await channel.do_action(GetAttributes)
        await _tell(hub, fetched.reports, is_success_log=is_success_log)
        changes = await hub.do_action(BulkCreateOrUpdateAttributes, objects=fetched.items)
        await _conclude(run, hub, changes)

    return await run_flow("create or update attributes", work)


async def _open(run: Run, needed: CommandType) -> tuple[OmnitronIntegration, ChannelIntegration]:
    """Both sides; the connector can do what is needed. The setup needs no batch."""
    run.require(load_channel(run.runtime), needed)
    hub = await run.open_hub(create_batch=False)
    return hub, await run.open_channel(hub)


async def _tell(hub: OmnitronIntegration, lines: Sequence[ErrorReportDto], *, is_success_log: bool) -> None:
    await hub.tell([line for line in lines if is_success_log or not line.is_ok])


async def _conclude(run: Run, hub: OmnitronIntegration, changes: Changes) -> None:
    """Counts what was done, and tells what could not be."""
    failed = changes.counts.pop("failed", 0)
    run.counts.update(changes.counts)
    for misfit in changes.misfits:
        run.add_failure(misfit.name, misfit.code, misfit.message, called=misfit.kind)
    run.counts["failed"] += failed - len(
        changes.misfits
    )  # those below a category that failed have no report of their own
    await hub.tell([misfit.report for misfit in changes.misfits])
