"""Addresses of the played WeCom: API, pages of the client, control, and the window."""

from django.urls import path

from guideapp.sandbox.views import (
    client,
    connect,
    control,
    doors,
    pictures,
    window,
    window_acts,
    window_faults,
)
from guideapp.sandbox.views.api import api

app_name = "sandbox"
urlpatterns = [
    path("cgi-bin/<path:path>", api, name="api"),
    path("connect/oauth2/authorize", connect.authorize, name="authorize"),
    path("wwlogin/sso/login", connect.qr_login, name="qr_login"),
    path("contact/<str:userid>/", connect.contact, name="contact"),
    path("way/<slug:key>.png", doors.way_code, name="way_code"),
    path("way/<slug:key>/", doors.way, name="way"),
    path("ca/<slug:key>", doors.acquisition_link, name="acquisition_link"),
    path("pic/<str:key>/0", pictures.picture, name="picture"),
    path("join/<str:config_id>.png", pictures.join_code, name="join_code"),
    path("client/invoke", client.client_invoke, name="client_invoke"),
    path("client/opening", client.client_opening, name="client_opening"),
    path("client/person", client.client_person, name="client_person"),
    path("client/say", client.client_say, name="client_say"),
    path("control/state", control.control_state, name="control_state"),
    path("control/events", control.control_events, name="control_events"),
    path("control/reset", control.control_reset, name="control_reset"),
    path("control/calls", control.control_calls, name="control_calls"),
    path("control/scenario", control.control_scenario, name="control_scenario"),
    path("control/clock", control.control_clock, name="control_clock"),
    path("control/faults", control.control_faults, name="control_faults"),
    path("control/limits", control.control_limits, name="control_limits"),
    # --- the chat window (views/window.py) --------------------------------------------------------
    path("", window.window, name="window"),
    path("live", window.live, name="window_live"),
    path("act", window_acts.act, name="window_act"),
    path("fault", window_faults.fault, name="window_fault"),
    path("look", window.look, name="window_look"),
    path("log/clear", window.clear_log, name="window_clear_log"),
    path("open/<int:message_id>", window.open_link, name="window_open"),
    path("media/<str:media_id>", window.media, name="window_media"),
]
