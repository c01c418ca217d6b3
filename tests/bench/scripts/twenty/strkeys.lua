-- SPDX-License-Identifier: GPL-2.0-only
local t = {}
for i = 1, 14000 do t["key" .. i] = i end
local sum = 0
for _ = 1, 3 do
	for i = 1, 14000 do sum = sum + t["key" .. i] end
end
for i = 1, 14000 do t["key" .. i] = nil end
assert(sum == 3 * 14000 * 14001 // 2 and next(t) == nil)
