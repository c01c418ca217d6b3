-- SPDX-License-Identifier: GPL-2.0-only
-- A dead coroutine is resumed without memory for the message (patch 10).
local resume, dead, full, n = coroutine.resume, coroutine.create(error), {}, 0
local function fill() while true do full[n + 1] = {} n = n + 1 end end
resume(dead)
pcall(fill)
pcall(fill)
resume(dead)
--@ 0 40 100000 1
