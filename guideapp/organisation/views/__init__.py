"""Pages of the room: login, 我的, people and roles, the department tree."""
