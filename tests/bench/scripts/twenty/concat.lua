-- SPDX-License-Identifier: GPL-2.0-only
local s = ""
for i = 1, 5000 do s = s .. "x" end
assert(#s == 5000)
