"""Addresses of the room."""

from django.urls import path

from guideapp.organisation.views import hr, login, me, people, structure

app_name = "organisation"
urlpatterns = [
    path("wecom/login/", login.login, name="login"),
    path("wecom/oauth/", login.come_back, name="oauth"),
    path("hq/again/", login.again, name="again"),
    path("logout/", login.logout, name="logout"),
    path("logout/done/", login.logged_out, name="logged_out"),
    path("me/", me.me, name="me"),
    path("me/look/", me.choose_look, name="choose_look"),
    path("me/language/", me.choose_language, name="choose_language"),
    path("hq/people/", people.people, name="people"),
    path("hq/people/search/", people.search, name="people_search"),
    path("hq/people/<int:guide_id>/", people.person, name="person"),
    path("hq/people/<int:guide_id>/grant/", people.grant, name="grant"),
    path("hq/people/<int:guide_id>/revoke/<int:grant_id>/", people.revoke, name="revoke"),
    path("hq/hr/", hr.hr, name="hr"),
    path("hq/hr/check/", hr.make, name="hr_make"),
    path("hq/hr/<int:plan_id>/", hr.hr_plan, name="hr_plan"),
    path("hq/hr/<int:plan_id>/apply/", hr.apply, name="hr_apply"),
    path("hq/organisation/", structure.tree, name="tree"),
    path("hq/organisation/sync/", structure.sync, name="sync"),
    path("hq/organisation/<int:wecom_id>/", structure.department, name="department"),
    path("hq/organisation/<int:wecom_id>/region/", structure.make_region, name="make_region"),
    path("hq/organisation/<int:wecom_id>/store/", structure.make_store, name="make_store"),
    path("hq/organisation/<int:wecom_id>/unlink/", structure.unlink, name="unlink"),
]
