#!/bin/sh
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Make a catalog with one user, jane (alice@corp.test), as CKAN's documentation says, and start it. Solr, for searching, is left out.
set -eu
ini=/etc/ckan/default/ckan.ini
[ ! -e "$ini" ] || exit 0

id ckan >/dev/null 2>&1 || useradd --system --create-home --home-dir /var/lib/ckan ckan
runuser -u postgres -- psql -q -c "CREATE ROLE ckan LOGIN" -c "CREATE DATABASE ckan OWNER ckan" 2>/dev/null || true
mkdir -p /etc/ckan/default
cd /var/lib/ckan
/opt/ckan/bin/ckan generate config "$ini.new"
/opt/ckan/bin/ckan config-tool "$ini.new" \
    "sqlalchemy.url = postgresql://ckan@/ckan?host=/var/run/postgresql" "ckan.redis.url = redis://127.0.0.1:6379/0" \
    "ckan.site_url = http://127.0.0.1:5000" "ckan.site_title = Open data" "ckan.plugins = " "ckan.storage_path = /var/lib/ckan"
chown root:ckan "$ini.new"
chmod 640 "$ini.new"
runuser -u ckan -- /opt/ckan/bin/ckan -c "$ini.new" db init
runuser -u ckan -- /opt/ckan/bin/ckan -c "$ini.new" user add jane email=alice@corp.test "password=$(openssl rand -hex 16)"
mv "$ini.new" "$ini"
systemctl enable --now ckan.service
