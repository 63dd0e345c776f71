"""Cargo companies: who carries an order's parcels."""

from clients.errors import MissingError
from dto.omnitron_orders import CargoCompany
from tasks.command import OmnitronCommand


class CargoCompanyNotFoundError(MissingError):
    """Omnitron has no such cargo company."""

    code = "CargoCompanyNotFound"


class GetCargoCompany(OmnitronCommand[str, CargoCompany]):
    """Omnitron's cargo company for the code that the channel knows it by. All are read once per run.

    Raises:
        CargoCompanyNotFoundError: none has this ERP code.
    """

    key = "get_cargo_company"

    async def send(self, erp_code: str) -> CargoCompany:
        companies: list[CargoCompany] = await self.integration.once(self.key, self.integration.client.cargo_companies)
        for company in companies:
            if company.erp_code == erp_code:
                return company
        known = ", ".join(sorted(company.erp_code for company in companies if company.erp_code)) or "none"
        raise CargoCompanyNotFoundError(
            f"No cargo company in Omnitron has the ERP code `{erp_code}`. Give it to the one that is meant; there are: "
            f"{known}."
        )
