"""A local Omnitron and a local marketplace: two small programs to develop, demonstrate and test against."""

from deployments.sandbox.faults import IN_PROCESS, ConnectionDropped, Fault, FaultPlan
from deployments.sandbox.marketplace import MarketplaceSandbox
from deployments.sandbox.omnitron import OmnitronSandbox

__all__ = ["IN_PROCESS", "ConnectionDropped", "Fault", "FaultPlan", "MarketplaceSandbox", "OmnitronSandbox"]
