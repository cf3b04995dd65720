# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# File mail as Junk that fails its domain's DMARC policy, by this server's own verdict.
require ["fileinto", "mailbox"];
if header :contains "Authentication-Results" "dmarc=fail" {
    fileinto :create "Junk";
}
