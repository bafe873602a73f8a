"""What this room's tables hold about people: the company's own, never its customers."""

from guideapp.core.personal import About, table
from guideapp.organisation.models import (
    Brand,
    Department,
    Guide,
    GuideSession,
    HrChange,
    HrPerson,
    HrPlan,
    LoginDay,
    LoginState,
    Region,
    RoleGrant,
    Store,
)

table(Brand, p3="id created_at updated_at name short_name code is_mall")
table(Region, p3="id created_at updated_at brand name")
table(Store, p3="id created_at updated_at region name code city closed_on mall source as_of")
table(Department, p3="id wecom_id parent_wecom_id name order store region gone_at")
table(
    Guide,
    about=About.STAFF,
    p2="userid name alias position avatar_url",
    p3="id created_at updated_at status store departments led_departments can_contact_customers"
    " synced_at left_at",
)
table(
    RoleGrant,
    about=About.STAFF,
    p3="id guide role store region source granted_at granted_by revoked_at",
)
table(
    HrPerson,
    about=About.STAFF,
    s="phone_bidx",
    p1="phone",
    p2="staff_no userid name gender position",
    p3="id created_at updated_at store left_on told_empty source as_of",
)
table(
    HrPlan,
    about=About.STAFF,
    p2="strangers held",
    p3="id created_at updated_at state made_by applied_by applied_at",
)
table(HrChange, about=About.STAFF, p2="before after", p3="id plan person kind call_id")
table(LoginState, s="state_hash browser_hash", p3="id next_path by_qr created_at used_at")
table(GuideSession, about=About.STAFF, s="session_key session_data", p3="expire_date guide")
table(LoginDay, about=About.STAFF, p2="day first_at", p3="id guide store")
