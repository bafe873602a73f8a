"""The visible range (可见范围) of an app: which members and departments its token sees."""

from django.db.models import QuerySet

from guideapp.sandbox.models import App, Department, User


def below(top: int) -> set[int]:
    """`top` and every department under it."""
    parents = dict(Department.objects.values_list("id", "parent_id"))
    inside = {top}
    while more := {id for id, parent in parents.items() if parent in inside} - inside:
        inside |= more
    return inside


def departments_of(app: App) -> set[int] | None:
    """Ids of the departments that the app sees; None: all."""
    if app.kind != App.Kind.APP or not app.departments:
        return None
    return set().union(*(below(id) for id in app.departments))


def sees(app: App, user: User) -> bool:
    """True when `user` is in the visible range. The two system secrets see everybody."""
    if app.kind != App.Kind.APP:
        return True
    departments = departments_of(app)
    return user.in_scope and (departments is None or bool(departments & set(user.department_ids())))


def users_of(app: App) -> QuerySet[User]:
    """Members present in the visible range."""
    if app.kind != App.Kind.APP:
        return User.objects.present()
    departments = departments_of(app)
    if departments is None:
        return User.objects.visible()
    inside = User.objects.visible().values_list("pk", "departments")
    return User.objects.filter(
        pk__in=[pk for pk, entries in inside if departments & {entry["id"] for entry in entries}]
    )
