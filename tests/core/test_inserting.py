"""Records written at once are what a flush would have made of them."""

from core.access.authority import system
from core.inserting import adopt, insert_now
from core.tenants.models import Tenant
from core.work import Office

JOB = system("test")


def test_inserted_records_have_ids_and_defaults_and_can_be_changed(office: Office) -> None:
    with office.work(JOB) as work:
        tenants = [
            Tenant(external_id=name, name=name, currency="EUR", created_at=work.now)
            for name in ("a", "b")
        ]
        insert_now(work, tenants)
        adopt(work, tenants)
        assert [(each.language, each.tax_id) for each in tenants] == [("en", None)] * 2
        tenants[1].name = "changed"
    with office.work(JOB) as work:
        kept = [work.session.get_one(Tenant, each.id) for each in tenants]
        assert [(each.external_id, each.name) for each in kept] == [("a", "a"), ("b", "changed")]
