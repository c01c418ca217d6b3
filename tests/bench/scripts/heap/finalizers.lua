-- SPDX-License-Identifier: GPL-2.0-only
local meta = { __gc = function() end }
while not full() do keep(setmetatable({}, meta)) end
