"""An emulator of Entra and of the part of Microsoft Graph that this project uses: see README.md."""
