-- SPDX-License-Identifier: GPL-2.0-only
local sum = 0
for _ = 1, 10 do
	local t = {}
	for i = 1, 60000 do t[i] = i end
	for i = 1, #t do sum = sum + t[i] end
end
assert(sum == 10 * 60000 * 60001 // 2)
