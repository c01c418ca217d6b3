-- SPDX-License-Identifier: GPL-2.0-only
local n, found = 9, 0
local column, up, down = {}, {}, {}
local function place(row)
	if row > n then
		found = found + 1
		return
	end
	for c = 1, n do
		if not (column[c] or up[row + c] or down[row - c + n]) then
			column[c], up[row + c], down[row - c + n] = true, true, true
			place(row + 1)
			column[c], up[row + c], down[row - c + n] = false, false, false
		end
	end
end
place(1)
assert(found == 352)
