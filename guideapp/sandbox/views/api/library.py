"""Group welcome templates (part 2 §4.2), product albums (§9) and sensitive words (§10)."""

from functools import partial
from typing import Any

from guideapp.sandbox.models.library import InterceptRule, Product
from guideapp.sandbox.services import group_welcomes, intercepts, products
from guideapp.sandbox.views.api.paging import page_of
from guideapp.sandbox.views.api.registry import Answer, ApiCall
from guideapp.sandbox.views.api.registry import endpoint as any_endpoint

endpoint = partial(any_endpoint, customer_contact=True)


@endpoint("externalcontact/group_welcome_template/add")
def add_group_welcome(call: ApiCall) -> Answer:
    """Of several attachments the first of image, link, miniprogram, file, video is kept."""
    return {"template_id": group_welcomes.add(call.body, call.app).template_id}


@endpoint("externalcontact/group_welcome_template/edit")
def edit_group_welcome(call: ApiCall) -> Answer:
    """Only the app's own."""
    group_welcomes.edit(call.body, call.app)
    return {}


@endpoint("externalcontact/group_welcome_template/get")
def get_group_welcome(call: ApiCall) -> Answer:
    """Text and attachment."""
    content: dict[str, Any] = group_welcomes.named(call.body).content
    return content


@endpoint("externalcontact/group_welcome_template/del")
def del_group_welcome(call: ApiCall) -> Answer:
    """Only the app's own."""
    group_welcomes.delete(call.body, call.app)
    return {}


@endpoint("externalcontact/add_product_album")
def add_product(call: ApiCall) -> Answer:
    """Price in fen."""
    return {"product_id": products.add(call.body, call.app).product_id}


@endpoint("externalcontact/get_product_album")
def get_product(call: ApiCall) -> Answer:
    """One product of the app's own."""
    return {"product": _product(products.own(call.body, call.app))}


@endpoint("externalcontact/get_product_album_list")
def product_list(call: ApiCall) -> Answer:
    """The app's own, oldest first."""
    rows = Product.objects.filter(slug=call.app.slug, deleted_at=None)
    page, cursor = page_of(call, rows, of="products", most=100, default=50)
    return {"next_cursor": cursor, "product_list": [_product(row) for row in page]}


@endpoint("externalcontact/update_product_album")
def update_product(call: ApiCall) -> Answer:
    """Only what is sent changes."""
    products.update(call.body, call.app)
    return {}


@endpoint("externalcontact/delete_product_album")
def delete_product(call: ApiCall) -> Answer:
    """Asked for again it is 41074."""
    products.delete(call.body, call.app)
    return {}


@endpoint("externalcontact/add_intercept_rule")
def add_rule(call: ApiCall) -> Answer:
    """Here semantics_list stands at the top level."""
    return {"rule_id": intercepts.add(call.body, call.app).rule_id}


@endpoint("externalcontact/get_intercept_rule_list")
def rule_list(call: ApiCall) -> Answer:
    """All rules, without paging."""
    rows = InterceptRule.objects.filter(slug=call.app.slug, deleted_at=None).order_by("id")
    return {"rule_list": [_rule_head(row) for row in rows]}


@endpoint("externalcontact/get_intercept_rule")
def get_rule(call: ApiCall) -> Answer:
    """Here semantics_list stands in extra_rule."""
    row = intercepts.own(call.body, call.app)
    more = {
        "word_list": row.words,
        "extra_rule": {"semantics_list": row.semantics},
        "intercept_type": row.intercept_type,
        "applicable_range": {"user_list": row.users, "department_list": row.departments},
    }
    return {"rule": _rule_head(row) | more}


@endpoint("externalcontact/update_intercept_rule")
def update_rule(call: ApiCall) -> Answer:
    """No words keep the words, no semantics clear them."""
    intercepts.update(call.body, call.app)
    return {}


@endpoint("externalcontact/del_intercept_rule")
def delete_rule(call: ApiCall) -> Answer:
    """Asked for again it is 41071."""
    intercepts.delete(call.body, call.app)
    return {}


def _product(row: Product) -> dict[str, Any]:
    return {
        "product_id": row.product_id,
        "description": row.description,
        "price": row.price,
        "create_time": int(row.created_at.timestamp()),
        "product_sn": row.product_sn,
        "attachments": row.attachments,
    }


def _rule_head(row: InterceptRule) -> dict[str, Any]:
    created = int(row.created_at.timestamp())
    return {"rule_id": row.rule_id, "rule_name": row.name, "create_time": created}
