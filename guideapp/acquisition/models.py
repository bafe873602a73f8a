"""First contact: the welcome message."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q

from guideapp.attribution.models import TrackedLink
from guideapp.core.models import TimestampedModel
from guideapp.materials.models import Material
from guideapp.members.models import FollowRelation
from guideapp.organisation.models import Brand, Guide, Store
from guideapp.wecom.models import OutboxCall

CODE_LIFE = timedelta(seconds=20)  # of a welcome code, from the event on


class WelcomeMessageQuerySet(models.QuerySet["WelcomeMessage"]):
    """Welcome messages by who greets with them."""

    def for_store(self, store: Store) -> Self:
        """What a new customer of `store` may get, the store's own before the brand's."""
        reach = Q(store=store) | Q(store=None, brand=store.region.brand_id)
        return self.filter(reach, is_active=True).order_by(F("store").asc(nulls_last=True))


class WelcomeMessage(TimestampedModel):
    """The welcome message (欢迎语) of a store, or of the whole brand where `store` is null.

    `text` may contain {客户}, {导购} and {门店}. A store whose own message is switched off greets
    with the brand's.
    """

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, null=True, blank=True)
    text = models.CharField(max_length=1000)
    material = models.ForeignKey(Material, on_delete=models.PROTECT, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    edited_by = models.ForeignKey(Guide, on_delete=models.PROTECT, null=True)

    objects = WelcomeMessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["brand"], condition=Q(store=None), name="one_welcome_a_brand"
            ),
            models.UniqueConstraint(fields=["store"], name="one_welcome_a_store"),
        ]


class WelcomeDelivery(models.Model):
    """One welcome owed to a new customer; what came of it stands in its outbox call."""

    code_hash = models.CharField(max_length=64, unique=True)  # of the welcome code
    follow = models.ForeignKey(FollowRelation, on_delete=models.CASCADE, related_name="welcomes")
    message = models.ForeignKey(WelcomeMessage, on_delete=models.PROTECT)
    link = models.ForeignKey(TrackedLink, on_delete=models.SET_NULL, null=True)
    call = models.OneToOneField(OutboxCall, on_delete=models.SET_NULL, null=True)  # pruned later
    due_at = models.DateTimeField()  # when the code dies: 20 s after the event

    class Meta:
        indexes = [
            models.Index(fields=["follow", "-due_at"], name="welcomes_of_follow"),
            models.Index(fields=["message", "due_at"], name="welcomes_of_message"),  # HQ's figures
        ]
        constraints = [models.CheckConstraint(condition=~Q(code_hash=""), name="welcome_has_code")]

    @property
    def event_at(self) -> datetime:
        """When the customer came, as WeCom told it."""
        return self.due_at - CODE_LIFE
