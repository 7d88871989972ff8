# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
