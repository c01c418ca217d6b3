-- SPDX-License-Identifier: GPL-2.0-only
local t = {}
for i = 1, 100000 do t[i] = i end
for i = 1, 100000 do t["k" .. i % 1000] = i end
local sum = 0
for i = 1, #t do sum = sum + t[i] end
for k, v in pairs(t) do sum = sum + v end
assert(sum > 0)
