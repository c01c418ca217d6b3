-- SPDX-License-Identifier: GPL-2.0-only
local function add(a, b) return a + b end
local sum = 0
for i = 1, 250000 do
	local ok, v = pcall(add, i, 1)
	if ok then sum = sum + v end
end
assert(sum == 250000 * 250003 // 2)
