"""Cargo companies, which carry an order's parcels."""

from clients.errors import MissingError
from dto.omnitron_orders import CargoCompany
from dto.text import ByText
from tasks.omnitron.command import OmnitronCommand


class CargoCompanyNotFoundError(MissingError):
    """There is not exactly one cargo company in Omnitron with this ERP code."""

    code = "CargoCompanyNotFound"


class GetCargoCompany(OmnitronCommand[str, CargoCompany]):
    """Finds Omnitron's cargo company by the channel's code: the one with exactly this ERP code, or else the one whose code
    differs in letter case and blanks only. All are read once per run.

    Raises:
        CargoCompanyNotFoundError: there is not exactly one.
    """

    key = "get_cargo_company"

    async def send(self, erp_code: str) -> CargoCompany:
        by_code: ByText[CargoCompany] = await self.integration.once(self.key, self._by_code)
        found = by_code.find(erp_code)
        if len(found) == 1:
            return found[0]
        if found:
            rows = ", ".join(f"`{company.name}` ({company.pk}) has `{company.erp_code}`" for company in found)
            raise CargoCompanyNotFoundError(
                f"{len(found)} cargo companies in Omnitron have the ERP code `{erp_code}`: {rows}. Give it to exactly one."
            )
        known = ", ".join(sorted(by_code.texts)) or "no ERP codes"
        raise CargoCompanyNotFoundError(
            f"No cargo company in Omnitron has the ERP code `{erp_code}`. Give it to the right one. Omnitron has: {known}."
        )

    async def _by_code(self) -> ByText[CargoCompany]:
        companies: list[CargoCompany] = await self.integration.client.cargo_companies.all()
        return ByText((company.erp_code, company) for company in companies if company.erp_code)
