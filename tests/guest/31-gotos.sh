#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# others: no
# kernel: stock
# shellcheck shell=dash
# timeout: 300
# boot: own
#
# The same as 30-hostile.sh with the interpreter's other loop: that one runs with
# what the emulated processor is said to be good at, which is the tree.
dispatch=gotos
. "$(dirname "$0")/30-hostile.sh"
