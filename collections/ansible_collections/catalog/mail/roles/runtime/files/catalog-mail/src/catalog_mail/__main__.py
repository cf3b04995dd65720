"""`python -m catalog_mail` is the command `catalog-mail`."""

from __future__ import annotations

from catalog_mail.cli import main

main()
