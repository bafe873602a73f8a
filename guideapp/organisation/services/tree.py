"""The department tree: which store a department belongs to, which it stands for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from guideapp.organisation.models import Department

_DEEPEST = 32  # WeCom allows 15; a loop in damaged data must not hang us


@dataclass(frozen=True)
class Tree:
    """All departments by WeCom id: the parent, and the store or region a node stands for."""

    parents: dict[int, int]
    stores: dict[int, int]  # only nodes that stand for a store
    regions: dict[int, int]

    @classmethod
    def read(cls) -> Self:
        """The tree as it stands now, in one query."""
        rows = list(
            Department.objects.filter(gone_at=None).values_list(
                "wecom_id", "parent_wecom_id", "store_id", "region_id"
            )
        )
        return cls(
            parents={wecom_id: parent for wecom_id, parent, _store, _region in rows},
            stores={wecom_id: store for wecom_id, _parent, store, _region in rows if store},
            regions={wecom_id: region for wecom_id, _parent, _store, region in rows if region},
        )

    def store_of(self, departments: Iterable[int]) -> int | None:
        """The store of the first department that is one or lies below one."""
        for department in departments:
            for node in self.upwards(department):
                if node in self.stores:
                    return self.stores[node]
        return None

    def region_above(self, department: int) -> int | None:
        """The region that the department lies in, itself included."""
        return next(
            (self.regions[node] for node in self.upwards(department) if node in self.regions), None
        )

    def upwards(self, department: int) -> list[int]:
        """The department and its ancestors that we know, nearest first."""
        path: list[int] = []
        while department in self.parents and len(path) < _DEEPEST:
            path.append(department)
            department = self.parents[department]
        return path
