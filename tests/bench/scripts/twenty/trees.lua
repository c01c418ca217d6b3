-- SPDX-License-Identifier: GPL-2.0-only
local function make(depth)
	if depth == 0 then return {} end
	return { left = make(depth - 1), right = make(depth - 1) }
end
local function count(tree)
	if not tree.left then return 1 end
	return 1 + count(tree.left) + count(tree.right)
end
for i = 1, 25 do assert(count(make(11)) == 4095) end
