-- SPDX-License-Identifier: GPL-2.0-only
while not full() do keep(coroutine.create(print)) end
