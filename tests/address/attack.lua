-- SPDX-License-Identifier: GPL-2.0-only
-- Where a pointer lies in a table, by the order in which next() finds it and an
-- integer, which lies at its value modulo the table's size. With the position
-- taken from the address modulo 2^k - 1, some sizes and the Chinese remainder
-- theorem give its low 32 bits. Returns those of the functions, tables,
-- coroutines and userdata in the global "targets", as far as that tells.

-- An empty table of 2^k nodes.
local function empty(k)
	return load("return {" .. ("x = nil, "):rep(1 << k) .. "}")
end

-- Does the integer at position q come before the key?
local function before(make, key, k, q)
	local t = make()
	t[key] = true
	t[(1 << 40) + q] = true
	-- next() finds the key after the integer, or finds nothing of the sort.
	local at = (1 << 40) + q
	repeat
		local ok, found = pcall(next, t, at)
		at = found
		if at == key then return true end
	until at == nil
	return false
end

-- The number of positions before the key's
local function position(key, k)
	local make = empty(k)
	local low, high = 0, (1 << k) - 1
	while low < high do
		local mid = (low + high) // 2
		if before(make, key, k, mid) then low = mid + 1 else high = mid end
	end
	return low
end

-- a * x = 1 modulo m
local function inverse(a, m)
	local r, s, t, u = m, a % m, 0, 1
	while s ~= 0 do
		local q = r // s
		r, s = s, r - q * s
		t, u = u, t - q * u
	end
	return t % m
end

local function low32(key)
	local x, m = 0, 1
	for _, k in ipairs { 3, 4, 5, 7, 11, 13 } do
		local n = (1 << k) - 1
		local p = position(key, k)
		x = x + m * ((p - x) * inverse(m, n) % n)
		m = m * n
	end
	return x
end

local found = {}
for i, target in ipairs(targets) do found[i] = low32(target) end
return table.unpack(found)
