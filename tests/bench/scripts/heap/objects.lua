-- SPDX-License-Identifier: GPL-2.0-only
while not full() do list = { next = list, 1, 2 } end
