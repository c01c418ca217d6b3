-- SPDX-License-Identifier: GPL-2.0-only
local s, sum = ("abcdefghij"):rep(100), 0
for i = 1, 270 do
	for j = 1, #s do sum = sum + s:byte(j) end
end
assert(sum == 270 * 100 * 1015)
