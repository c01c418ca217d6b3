-- SPDX-License-Identifier: GPL-2.0-only
local function make(depth)
	if depth == 0 then return {} end
	return { make(depth - 1), make(depth - 1) }
end
local function count(tree)
	if not tree[1] then return 1 end
	return 1 + count(tree[1]) + count(tree[2])
end
for i = 1, 4 do assert(count(make(12)) == 8191) end
