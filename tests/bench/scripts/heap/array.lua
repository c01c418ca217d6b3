-- SPDX-License-Identifier: GPL-2.0-only
-- Each as large as it gets
local array, i = {}, 0
while not full() do
	i = i + 1
	if not pcall(rawset, array, i, true) then
		keep(array)
		array, i = {}, 0
	end
end
keep(array)
