-- SPDX-License-Identifier: GPL-2.0-only
local co = coroutine.wrap(function()
	for i = 1, 215000 do coroutine.yield(i) end
end)
local sum = 0
for i = 1, 215000 do sum = sum + co() end
assert(sum == 215000 * 215001 // 2)
