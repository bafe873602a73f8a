"""Addresses of the room."""

from django.urls import path

from guideapp.workbench.views import customers, home, sidebar, start, team

app_name = "workbench"
urlpatterns = [
    path("", start.start, name="start"),
    path("g/", home.home, name="home"),
    path("g/customers/", customers.customers, name="customers"),
    path("g/customers/<int:follow_id>/", customers.customer, name="customer"),
    path("s/", sidebar.shell, name="sidebar"),
    path("s/recent/", sidebar.recent, name="recent"),
    path("s/customer/<slug:external_userid>/", sidebar.customer, name="sidebar_customer"),
    path("s/follows/<int:follow_id>/tags/", sidebar.tags, name="tags"),
    path("s/follows/<int:follow_id>/tags/<int:tag_id>/add/", sidebar.mark, name="mark"),
    path("s/follows/<int:follow_id>/tags/<int:tag_id>/remove/", sidebar.unmark, name="unmark"),
    path("s/follows/<int:follow_id>/note/", sidebar.note, name="note"),
    path("s/follows/<int:follow_id>/note/write/", sidebar.write, name="write"),
    path("s/suggestions/<int:suggestion_id>/snooze/", sidebar.snooze, name="snooze"),
    path("s/suggestions/<int:suggestion_id>/dismiss/", sidebar.dismiss, name="dismiss"),
    path("m/", team.board, name="team"),
    path("m/stores/<int:store_id>/", team.store_board, name="team_store"),
    path("m/guides/", team.guides, name="team_guides"),
    path("m/guides/<int:guide_id>/", team.guide_week, name="team_guide"),
]
