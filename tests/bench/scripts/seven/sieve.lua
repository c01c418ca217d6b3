-- SPDX-License-Identifier: GPL-2.0-only
local n, count, composite = 100000, 0, {}
for i = 2, n do
	if not composite[i] then
		count = count + 1
		for j = i * i, n, i do composite[j] = true end
	end
end
assert(count == 9592)
