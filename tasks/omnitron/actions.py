"""Every command of Omnitron's side, by its key."""

from collections.abc import Mapping
from typing import Any

from tasks.command import OmnitronCommand
from tasks.omnitron.addresses import GetOrCreateAddress
from tasks.omnitron.attribute_rows import (
    CreateOrUpdateChannelAttribute,
    CreateOrUpdateChannelAttributeConfig,
    CreateOrUpdateChannelAttributeSet,
    CreateOrUpdateChannelAttributeValue,
    GetChannelAttributeSet,
    GetChannelAttributeSetConfigs,
    GetOrCreateChannelAttributeSchema,
    GetOrCreateChannelAttributeSetConfig,
    GetOrCreateChannelAttributeValueConfig,
)
from tasks.omnitron.attributes import BulkCreateOrUpdateAttributes, CreateOrUpdateAttributes
from tasks.omnitron.batch_requests import (
    BatchRequestUpdate,
    GetBatchRequests,
    ProcessDeleteProductBatchRequests,
    ProcessImageBatchRequests,
    ProcessPriceBatchRequests,
    ProcessProductBatchRequests,
    ProcessStockBatchRequests,
)
from tasks.omnitron.cancellation_requests import (
    CreateCancellationRequests,
    GetCancellationRequests,
    GetCancellationRequestsUpdate,
    GetMissingCancellationRequests,
    ProcessCancellationRequests,
)
from tasks.omnitron.cancellations import CreateOrderCancel
from tasks.omnitron.cargo_companies import GetCargoCompany
from tasks.omnitron.categories import GetProductCategories, GetProductCategoriesWithIntegrationAction
from tasks.omnitron.category_attributes import (
    BulkCreateOrUpdateCategoryAttributes,
    CreateOrUpdateCategoryAttributes,
    CreateOrUpdateCategoryAttributesAsync,
)
from tasks.omnitron.category_tree import (
    CreateOrUpdateCategoryTreeAndNodes,
    GetCategoryIds,
    GetLeafCategoryNodeIds,
)
from tasks.omnitron.channel_conf import UpdateChannelConfSchema
from tasks.omnitron.comparison import ComparePrices, CompareStocks
from tasks.omnitron.customers import GetOrCreateCustomer
from tasks.omnitron.explanation import ExplainProduct
from tasks.omnitron.health import ReadHealth
from tasks.omnitron.images import GetInsertedImages, GetUpdatedImages
from tasks.omnitron.integration_actions import (
    CreateIntegration,
    GetIntegrations,
    GetIntegrationWithObjectId,
    GetIntegrationWithRemoteId,
    UpdateIntegration,
)
from tasks.omnitron.mapping import GetMappedProducts, GetMappedProductsWithoutCommit
from tasks.omnitron.order_items import UpdateOrderItems
from tasks.omnitron.order_updates import GetOrderItems, GetOrderItemsWithOrder, GetOrders, ProcessOrderBatchRequests
from tasks.omnitron.orders import CreateOrder, GetKnownOrders, GetMissingOrders, ImportOrders, PrepareOrder
from tasks.omnitron.places import CreateAddressErrorReport, GetPlace
from tasks.omnitron.prices import (
    GetInsertedPrices,
    GetInsertedPricesFromExtraPriceList,
    GetStocksFromProductPrices,
    GetUpdatedPrices,
    GetUpdatedPricesFromExtraPriceList,
)
from tasks.omnitron.product_offers import (
    GetProductPrices,
    GetProductPricesWithoutCommit,
    GetProductStocks,
    GetProductStocksWithoutCommit,
)
from tasks.omnitron.products import (
    GetContentObjectsFromIntegrations,
    GetDeletedProducts,
    GetInsertedOrUpdatedProducts,
    GetInsertedProducts,
    GetProductFromBatchRequest,
    GetProductObjects,
    GetUpdatedProducts,
)
from tasks.omnitron.reports import CreateErrorReport, CreateOperationalEvent, GetOperationalEvents
from tasks.omnitron.shipping_infos import CreateOrderShippingInfo
from tasks.omnitron.stocks import (
    GetInsertedStocks,
    GetInsertedStocksFromExtraStockList,
    GetPricesFromProductStocks,
    GetUpdatedStocks,
    GetUpdatedStocksFromExtraStockList,
)

ACTIONS: Mapping[str, type[OmnitronCommand[Any, Any]]] = {
    command.key: command
    for command in (
        GetInsertedProducts,
        GetUpdatedProducts,
        GetInsertedOrUpdatedProducts,
        GetDeletedProducts,
        GetMappedProducts,
        GetMappedProductsWithoutCommit,
        GetProductPrices,
        GetProductPricesWithoutCommit,
        GetProductStocks,
        GetProductStocksWithoutCommit,
        GetProductCategories,
        GetProductCategoriesWithIntegrationAction,
        GetContentObjectsFromIntegrations,
        GetProductObjects,
        GetProductFromBatchRequest,
        GetInsertedPrices,
        GetUpdatedPrices,
        GetInsertedPricesFromExtraPriceList,
        GetUpdatedPricesFromExtraPriceList,
        GetStocksFromProductPrices,
        GetInsertedStocks,
        GetUpdatedStocks,
        GetInsertedStocksFromExtraStockList,
        GetUpdatedStocksFromExtraStockList,
        GetPricesFromProductStocks,
        GetInsertedImages,
        GetUpdatedImages,
        ComparePrices,
        CompareStocks,
        ReadHealth,
        ExplainProduct,
        GetBatchRequests,
        BatchRequestUpdate,
        ProcessProductBatchRequests,
        ProcessPriceBatchRequests,
        ProcessStockBatchRequests,
        ProcessImageBatchRequests,
        ProcessDeleteProductBatchRequests,
        GetIntegrations,
        GetIntegrationWithObjectId,
        GetIntegrationWithRemoteId,
        CreateIntegration,
        UpdateIntegration,
        CreateErrorReport,
        CreateOperationalEvent,
        GetMissingOrders,
        GetKnownOrders,
        ImportOrders,
        PrepareOrder,
        GetOrCreateCustomer,
        GetOrCreateAddress,
        GetPlace,
        GetCargoCompany,
        CreateOrder,
        CreateAddressErrorReport,
        CreateOrderShippingInfo,
        GetOrders,
        GetOrderItems,
        GetOrderItemsWithOrder,
        ProcessOrderBatchRequests,
        CreateOrderCancel,
        UpdateOrderItems,
        GetMissingCancellationRequests,
        CreateCancellationRequests,
        GetCancellationRequests,
        GetCancellationRequestsUpdate,
        ProcessCancellationRequests,
        GetOperationalEvents,
        UpdateChannelConfSchema,
        CreateOrUpdateCategoryTreeAndNodes,
        GetCategoryIds,
        GetLeafCategoryNodeIds,
        CreateOrUpdateCategoryAttributes,
        CreateOrUpdateCategoryAttributesAsync,
        BulkCreateOrUpdateCategoryAttributes,
        CreateOrUpdateAttributes,
        BulkCreateOrUpdateAttributes,
        CreateOrUpdateChannelAttributeSet,
        GetOrCreateChannelAttributeSetConfig,
        CreateOrUpdateChannelAttribute,
        GetOrCreateChannelAttributeSchema,
        CreateOrUpdateChannelAttributeConfig,
        GetChannelAttributeSetConfigs,
        GetChannelAttributeSet,
        CreateOrUpdateChannelAttributeValue,
        GetOrCreateChannelAttributeValueConfig,
    )
}
