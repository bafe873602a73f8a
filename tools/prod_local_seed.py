"""What an operator does once in a new installation, by the product's own services."""

from guideapp.acquisition.services import save_message
from guideapp.materials.models import Category, Material
from guideapp.materials.services import MaterialText, add_category, publish, save_material
from guideapp.members.services import reconcile
from guideapp.organisation.models import Brand, Department, Guide, Role
from guideapp.organisation.services import grant_role, link_region, link_store, place_guides
from tools.prod_local_stack import ADMIN, MATERIAL


def set_up() -> None:
    """Stores of the small company, its customers, a welcome and one material; twice is once."""
    editor = Guide.objects.with_userid(ADMIN).get()
    if not Brand.objects.exists():
        _structure(editor)
        _content(editor)
    reconcile()


def _structure(editor: Guide) -> None:
    grant_role(actor_userid=ADMIN, guide=editor, role=Role.HQ_CONTENT)
    departments = {row.wecom_id: row for row in Department.objects.all()}
    region = link_region(actor_userid=ADMIN, department=departments[2], brand_name="青禾")
    for wecom_id, code in ((3, "QH001"), (4, "QH002")):
        link_store(
            actor_userid=ADMIN,
            department=departments[wecom_id],
            region=region,
            code=code,
            city="杭州",
        )
    place_guides.call()


def _content(editor: Guide) -> None:
    brand = Brand.objects.get()
    shelf: Category = add_category(brand=brand, name="新品", editor=editor)
    text = MaterialText(title=MATERIAL, category=shelf, link_url="https://mall.example.com/coat")
    material = save_material(
        material=None, kind=Material.Kind.LINK, text=text, only_stores=[], editor=editor
    )
    publish(material_id=material.pk, editor=editor)
    save_message(
        brand=brand,
        store=None,
        text="{客户}你好，我是{门店}的{导购}",
        material=material,
        is_active=True,
        editor=editor,
    )
