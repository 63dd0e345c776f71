"""Images of products."""

from prefect import flow

from dto.summary import RunSummary
from flows.naming import run_name
from flows.offers import Offering
from flows.parameters import AddProductObjects, BatchSize, IsSuccessLog, IsSync, MaxBatches
from flows.sending import Limits, send_all
from tasks.channel.images import CheckImages, SendInsertedImages, SendUpdatedImages
from tasks.omnitron.batch_requests import ProcessImageBatchRequests
from tasks.omnitron.images import GetInsertedImages, GetUpdatedImages

INSERTS = Offering(
    "insert product images", GetInsertedImages, SendInsertedImages, CheckImages, ProcessImageBatchRequests
)
UPDATES = Offering("update product images", GetUpdatedImages, SendUpdatedImages, CheckImages, ProcessImageBatchRequests)


@flow(name="insert product images", flow_run_name=run_name, persist_result=False)
async def insert_product_images(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Puts images on the channel that it never had, of products that are there."""
    sending = INSERTS.sending(add_product_objects=add_product_objects)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=INSERTS.title, limits=limits)


@flow(name="update product images", flow_run_name=run_name, persist_result=False)
async def update_product_images(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Brings images that changed in Omnitron up to date on the channel."""
    sending = UPDATES.sending(add_product_objects=add_product_objects)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=UPDATES.title, limits=limits)


@flow(name="insert and update images", flow_run_name=run_name, persist_result=False)
async def insert_and_update_images(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Puts new images on the channel, then brings changed ones up to date."""
    new = INSERTS.sending(add_product_objects=add_product_objects)
    changed = UPDATES.sending(add_product_objects=add_product_objects)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(new, changed, title="insert and update images", limits=limits)
