-- SPDX-License-Identifier: GPL-2.0-only
local sum = 0
for i = 1, 12500 do
	local co = coroutine.create(function(x) return x + 1 end)
	local _, v = coroutine.resume(co, i)
	sum = sum + v
end
assert(sum == 12500 * 12503 // 2)
