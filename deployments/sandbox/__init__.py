"""A local Omnitron and a local marketplace: two small programs to develop, demonstrate and test against."""

from deployments.sandbox.base.faults import IN_PROCESS, ConnectionDroppedError, Fault, FaultPlan
from deployments.sandbox.hub.omnitron import OmnitronSandbox
from deployments.sandbox.market.marketplace import MarketplaceSandbox

__all__ = ["IN_PROCESS", "ConnectionDroppedError", "Fault", "FaultPlan", "MarketplaceSandbox", "OmnitronSandbox"]
