"""Addresses of the played WeCom: API, pages of the client, control, and the window."""

from django.urls import path

from guideapp.sandbox.views import client, connect, control, window, window_acts
from guideapp.sandbox.views.api import api

app_name = "sandbox"
urlpatterns = [
    path("cgi-bin/<path:path>", api, name="api"),
    path("connect/oauth2/authorize", connect.authorize, name="authorize"),
    path("wwlogin/sso/login", connect.qr_login, name="qr_login"),
    path("contact/<str:userid>/", connect.contact, name="contact"),
    path("client/invoke", client.client_invoke, name="client_invoke"),
    path("client/person", client.client_person, name="client_person"),
    path("client/say", client.client_say, name="client_say"),
    path("control/state", control.control_state, name="control_state"),
    path("control/events", control.control_events, name="control_events"),
    path("control/reset", control.control_reset, name="control_reset"),
    # --- the chat window (views/window.py) --------------------------------------------------------
    path("", window.window, name="window"),
    path("live", window.live, name="window_live"),
    path("act", window_acts.act, name="window_act"),
    path("look", window.look, name="window_look"),
    path("log/clear", window.clear_log, name="window_clear_log"),
    path("open/<int:message_id>", window.open_link, name="window_open"),
    path("media/<str:media_id>", window.media, name="window_media"),
]
