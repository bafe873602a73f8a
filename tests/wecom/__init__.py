"""How we talk with WeCom."""
