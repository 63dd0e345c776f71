"""The flows of images."""

from prefect import flow

from dto.enums import ContentType
from dto.summary import RunSummary
from flows.naming import run_name
from flows.offers import Direction, OfferSendings
from flows.parameters import AddProductObjects, BatchSize, IsSuccessLog, IsSync, MaxBatches
from flows.plan import Limits
from flows.sending import send_all
from tasks.channel.images import SendInsertedImages, SendUpdatedImages
from tasks.omnitron.catalogue.images import GetInsertedImages, GetUpdatedImages
from tasks.omnitron.catalogue.offer_identity import IdentifyNewOffers, IdentifyUpdatedOffers

IMAGES = OfferSendings(
    ContentType.product_image,
    inserts=Direction("insert product images", GetInsertedImages, IdentifyNewOffers, SendInsertedImages),
    updates=Direction("update product images", GetUpdatedImages, IdentifyUpdatedOffers, SendUpdatedImages),
)


@flow(name="insert product images", flow_run_name=run_name, persist_result=False)
async def insert_product_images(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Sends new images of products that are on the channel."""
    sending = IMAGES.of_own_list(IMAGES.inserts, add_product_objects=add_product_objects)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=sending.title, limits=limits)


@flow(name="update product images", flow_run_name=run_name, persist_result=False)
async def update_product_images(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Sends changed images to the channel."""
    sending = IMAGES.of_own_list(IMAGES.updates, add_product_objects=add_product_objects)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=sending.title, limits=limits)


@flow(name="insert and update images", flow_run_name=run_name, persist_result=False)
async def insert_and_update_images(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Sends new images to the channel, then changed ones."""
    new = IMAGES.of_own_list(IMAGES.inserts, add_product_objects=add_product_objects)
    changed = IMAGES.of_own_list(IMAGES.updates, add_product_objects=add_product_objects)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(new, changed, title="insert and update images", limits=limits)
