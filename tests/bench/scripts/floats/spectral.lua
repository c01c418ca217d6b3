-- SPDX-License-Identifier: GPL-2.0-only
local n = 100
local function a(i, j)
	local ij = i + j - 1
	return 1.0 / (ij * (ij - 1) * 0.5 + i)
end
local function times(x, y)
	for i = 1, n do
		local sum = 0
		for j = 1, n do sum = sum + x[j] * a(i, j) end
		y[i] = sum
	end
end
local function transposed(x, y)
	for i = 1, n do
		local sum = 0
		for j = 1, n do sum = sum + x[j] * a(j, i) end
		y[i] = sum
	end
end
local u, v, t = {}, {}, {}
for i = 1, n do u[i] = 1 end
for i = 1, 10 do
	times(u, t) transposed(t, v)
	times(v, t) transposed(t, u)
end
local uv, vv = 0, 0
for i = 1, n do
	uv, vv = uv + u[i] * v[i], vv + v[i] * v[i]
end
assert(("%.9f"):format(math.sqrt(uv / vv)) == "1.274219991")
