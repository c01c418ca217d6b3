-- SPDX-License-Identifier: GPL-2.0-only
local n, count, prime = 200000, 0, {}
for i = 2, n do prime[i] = true end
for i = 2, n do
	if prime[i] then
		count = count + 1
		for j = i * i, n, i do prime[j] = false end
	end
end
assert(count == 17984)
