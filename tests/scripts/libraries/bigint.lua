-- SPDX-License-Identifier: GPL-2.0-only
-- Integers of any size: add, multiply, divide, powers, in base 1e7, and as text.
local Big = {}
Big.__index = Big
local BASE, DIGITS = 10000000, 7
local function norm(a) while #a > 1 and a[#a] == 0 do a[#a] = nil end if #a == 1 and a[1] == 0 then a.sign = 1 end return a end
local function big(x)
	if getmetatable(x) == Big then return x end
	local s = type(x) == "number" and ("%.0f"):format(x) or tostring(x)
	if math.type(x) == "integer" then s = tostring(x) end
	local sign, digits = s:match "^([+-]?)(%d+)$"
	assert(digits, "not a number: " .. s)
	local r = setmetatable({ sign = sign == "-" and -1 or 1 }, Big)
	for i = #digits, 1, -DIGITS do r[#r + 1] = tonumber(digits:sub(math.max(1, i - DIGITS + 1), i)) end
	return norm(r)
end
local function cmpabs(a, b)
	if #a ~= #b then return #a < #b and -1 or 1 end
	for i = #a, 1, -1 do if a[i] ~= b[i] then return a[i] < b[i] and -1 or 1 end end
	return 0
end
local function addabs(a, b)
	local r, c = setmetatable({ sign = 1 }, Big), 0
	for i = 1, math.max(#a, #b) do
		local v = (a[i] or 0) + (b[i] or 0) + c
		r[i], c = v % BASE, v // BASE
	end
	if c > 0 then r[#r + 1] = c end
	return r
end
local function subabs(a, b)
	local r, c = setmetatable({ sign = 1 }, Big), 0
	for i = 1, #a do
		local v = a[i] - (b[i] or 0) - c
		c = v < 0 and 1 or 0
		r[i] = v + c * BASE
	end
	return norm(r)
end
function Big.__unm(a) local r = setmetatable({ sign = -a.sign, table.unpack(a) }, Big) return norm(r) end
function Big.__add(a, b)
	a, b = big(a), big(b)
	if a.sign == b.sign then local r = addabs(a, b) r.sign = a.sign return r end
	local c = cmpabs(a, b)
	if c == 0 then return big(0) end
	local r = c > 0 and subabs(a, b) or subabs(b, a)
	r.sign = c > 0 and a.sign or b.sign
	return r
end
function Big.__sub(a, b) return big(a) + -big(b) end
function Big.__mul(a, b)
	a, b = big(a), big(b)
	local r = setmetatable({ sign = a.sign * b.sign }, Big)
	for i = 1, #a + #b do r[i] = 0 end
	for i = 1, #a do
		local c = 0
		for j = 1, #b do
			local v = r[i + j - 1] + a[i] * b[j] + c
			r[i + j - 1], c = v % BASE, v // BASE
		end
		r[i + #b] = r[i + #b] + c
	end
	return norm(r)
end
local function divsmall(a, n)
	local r, c = setmetatable({ sign = a.sign }, Big), 0
	for i = #a, 1, -1 do c = c * BASE + a[i] r[i] = c // n c = c % n end
	return norm(r), c
end
function Big.divmod(a, b)
	a, b = big(a), big(b)
	if #b == 1 and b[1] == 0 then error("attempt to divide by zero", 2) end
	local q, r = setmetatable({ sign = 1 }, Big), big(0)
	for i = #a, 1, -1 do
		table.insert(r, 1, a[i]) norm(r)
		local lo, hi = 0, BASE - 1
		if #r > #b + 1 or true then	-- guess with floats, then correct
			local top = (r[#b + 1] or 0) * BASE + (r[#b] or 0)
			local est = math.floor((top + (r[#b - 1] or 0) / BASE) / (b[#b] + (b[#b - 1] or 0) / BASE))
			lo, hi = math.max(0, est - 2), math.min(BASE - 1, est + 2)
		end
		while lo < hi do
			local mid = (lo + hi + 1) // 2
			if cmpabs(Big.__mul(setmetatable({ sign = 1, table.unpack(b) }, Big), mid), r) <= 0 then lo = mid else hi = mid - 1 end
		end
		q[i] = lo
		r = subabs(r, Big.__mul(setmetatable({ sign = 1, table.unpack(b) }, Big), lo))
	end
	norm(q)
	q.sign = a.sign * b.sign
	if a.sign < 0 and not (#r == 1 and r[1] == 0) then r.sign = -1 end
	if r.sign ~= b.sign and not (#r == 1 and r[1] == 0) then q = q - 1 r = r + b end
	return norm(q), norm(r)
end
Big.__idiv = function(a, b) return (Big.divmod(a, b)) end
Big.__mod = function(a, b) return select(2, Big.divmod(a, b)) end
function Big.__pow(a, n)
	local r, x = big(1), big(a)
	n = math.tointeger(n)
	while n > 0 do if n & 1 == 1 then r = r * x end n = n >> 1 if n > 0 then x = x * x end end
	return r
end
function Big.__eq(a, b) return a.sign == b.sign and cmpabs(a, b) == 0 end
function Big.__lt(a, b) a, b = big(a), big(b) if a.sign ~= b.sign then return a.sign < b.sign end return cmpabs(a, b) * a.sign < 0 end
function Big.__le(a, b) return not (b < a) end
function Big.__tostring(a)
	local t = { a.sign < 0 and "-" or "", ("%d"):format(a[#a]) }
	for i = #a - 1, 1, -1 do t[#t + 1] = ("%07d"):format(a[i]) end
	return table.concat(t)
end
Big.__concat = function(a, b) return tostring(a) .. tostring(b) end
local f = big(1) for i = 2, 40 do f = f * i end
print("40! = " .. f, #tostring(f))
print(big(2) ^ 128, big(2) ^ 64 - 1, -big(3) ^ 50)
print(f // (big(10) ^ 20), f % 1000000007, big(-7) // 2, big(-7) % 2, big(7) // -2, big(7) % -2)
local a, b = big "123456789012345678901234567890", big "-987654321098765432109876543210"
print(a + b, a - b, a * b, b // a, b % a, (b // a) * a + b % a == b)
print(a < b, a > b, a == a + 0, a <= a, big(1e15), big(-0.0 + 5), pcall(Big.divmod, 1, 0))
local x, y = big(0), big(1) for _ = 1, 300 do x, y = y, x + y end print(x)
local digits = (big(10) ^ 60 * 2) local r = big(10) ^ 30 for _ = 1, 8 do r = (r + digits // r) // 2 end print(r)
