-- SPDX-License-Identifier: GPL-2.0-only
local sqrt = math.sqrt
local day = 365.24
local mass = 4 * math.pi * math.pi
local bodies = {
	{ x = 0, y = 0, z = 0, u = 0, v = 0, w = 0, m = mass },
	{ x = 4.8414, y = -1.1603, z = -0.1036, u = 0.00166 * day, v = 0.0077 * day, w = -0.000069 * day, m = 0.000955 * mass },
	{ x = 8.3434, y = 4.1248, z = -0.4035, u = -0.002767 * day, v = 0.004998 * day, w = 0.000023 * day, m = 0.000286 * mass },
	{ x = 12.8944, y = -15.1112, z = -0.2233, u = 0.002965 * day, v = 0.002378 * day, w = -0.00003 * day, m = 0.000044 * mass },
	{ x = 15.3797, y = -25.9193, z = 0.1792, u = 0.002681 * day, v = 0.001628 * day, w = -0.000095 * day, m = 0.000052 * mass },
}
local function advance(dt)
	for i = 1, #bodies do
		local a = bodies[i]
		for j = i + 1, #bodies do
			local b = bodies[j]
			local x, y, z = a.x - b.x, a.y - b.y, a.z - b.z
			local d = x * x + y * y + z * z
			local f = dt / (d * sqrt(d))
			a.u, a.v, a.w = a.u - x * b.m * f, a.v - y * b.m * f, a.w - z * b.m * f
			b.u, b.v, b.w = b.u + x * a.m * f, b.v + y * a.m * f, b.w + z * a.m * f
		end
	end
	for i = 1, #bodies do
		local a = bodies[i]
		a.x, a.y, a.z = a.x + dt * a.u, a.y + dt * a.v, a.z + dt * a.w
	end
end
for i = 1, 5000 do advance(0.01) end
assert(math.abs(bodies[2].x) < 10)
