"""The played WeCom as a server of its own: `manage.py sandbox` (docs/sandbox.md).

It has its own settings, keys and SQLite database and knows no room of the product.
"""
