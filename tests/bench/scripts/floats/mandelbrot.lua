-- SPDX-License-Identifier: GPL-2.0-only
local n, inside = 100, 0
for py = 0, n - 1 do
	local ci = 2.0 * py / n - 1.0
	for px = 0, n - 1 do
		local cr = 2.0 * px / n - 1.5
		local zr, zi, r2, i2, i = 0.0, 0.0, 0.0, 0.0, 0
		while i < 50 and r2 + i2 <= 4.0 do
			zi = 2.0 * zr * zi + ci
			zr = r2 - i2 + cr
			r2, i2, i = zr * zr, zi * zi, i + 1
		end
		if i == 50 then inside = inside + 1 end
	end
end
assert(inside > 3000 and inside < 5000)
