-- SPDX-License-Identifier: GPL-2.0-only
local sum = 0
for i = 1, 180000 do
	local n = i
	local function add(x)
		n = n + x
		return n
	end
	sum = sum + add(1)
end
assert(sum == 180000 * 180003 // 2)
