-- SPDX-License-Identifier: GPL-2.0-only
-- Matrices, complex numbers, quaternions, polynomials, statistics.
local M = {} M.__index = M
local function matrix(rows) return setmetatable(rows, M) end
function M.id(n) local r = {} for i = 1, n do r[i] = {} for j = 1, n do r[i][j] = i == j and 1 or 0 end end return matrix(r) end
function M.__mul(a, b)
	if type(b) == "number" then a, b = b, a end
	if type(a) == "number" then local r = {} for i = 1, #b do r[i] = {} for j = 1, #b[1] do r[i][j] = a * b[i][j] end end return matrix(r) end
	local r = {}
	for i = 1, #a do r[i] = {} for j = 1, #b[1] do local s = 0 for k = 1, #b do s = s + a[i][k] * b[k][j] end r[i][j] = s end end
	return matrix(r)
end
function M.__add(a, b) local r = {} for i = 1, #a do r[i] = {} for j = 1, #a[1] do r[i][j] = a[i][j] + b[i][j] end end return matrix(r) end
function M.__pow(a, n) if n < 0 then return a:invert() ^ -n end local r = M.id(#a) for _ = 1, n do r = r * a end return r end
function M.__tostring(a) local t = {} for i = 1, #a do t[i] = table.concat(a[i], "\t") end return table.concat(t, "\n") end
function M.__eq(a, b) for i = 1, #a do for j = 1, #a[1] do if a[i][j] ~= b[i][j] then return false end end end return true end
function M.transpose(a) local r = {} for j = 1, #a[1] do r[j] = {} for i = 1, #a do r[j][i] = a[i][j] end end return matrix(r) end
function M.det(a)
	local m, d = {}, 1
	for i = 1, #a do m[i] = { table.unpack(a[i]) } end
	for i = 1, #m do
		local p = i
		for k = i + 1, #m do if math.abs(m[k][i]) > math.abs(m[p][i]) then p = k end end
		if m[p][i] == 0 then return 0 end
		if p ~= i then m[p], m[i], d = m[i], m[p], -d end
		d = d * m[i][i]
		for k = i + 1, #m do local f = m[k][i] / m[i][i] for j = i, #m do m[k][j] = m[k][j] - f * m[i][j] end end
	end
	return d
end
function M.invert(a)
	local n, m = #a, {}
	for i = 1, n do m[i] = { table.unpack(a[i]) } for j = 1, n do m[i][n + j] = i == j and 1 or 0 end end
	for i = 1, n do
		local p = i
		for k = i + 1, n do if math.abs(m[k][i]) > math.abs(m[p][i]) then p = k end end
		if m[p][i] == 0 then return nil, "singular" end
		m[p], m[i] = m[i], m[p]
		local f = m[i][i]
		for j = 1, 2 * n do m[i][j] = m[i][j] / f end
		for k = 1, n do if k ~= i then local g = m[k][i] for j = 1, 2 * n do m[k][j] = m[k][j] - g * m[i][j] end end end
	end
	local r = {} for i = 1, n do r[i] = { table.unpack(m[i], n + 1) } end
	return matrix(r)
end
local a = matrix { { 2, 1 }, { 1, 3 } }
print(a * a) print(a ^ 10) print(a ^ -1) print(a:det(), a:transpose() == a, 0.5 * a, a * 2)
print(matrix { { 1, 2, 3 }, { 4, 5, 6 } } * matrix { { 1 }, { 0.5 }, { -1 } })
local hilbert = {} for i = 1, 6 do hilbert[i] = {} for j = 1, 6 do hilbert[i][j] = 1 / (i + j - 1) end end
hilbert = matrix(hilbert) print(("%.17g"):format(hilbert:det())) print((hilbert * hilbert:invert())[3][3])
print(matrix { { 1, 2 }, { 2, 4 } }:invert())
local C = {} C.__index = C
local function complex(re, im) return setmetatable({ re = re, im = im or 0 }, C) end
local function c(x) return type(x) == "number" and complex(x) or x end
C.__add = function(a, b) a, b = c(a), c(b) return complex(a.re + b.re, a.im + b.im) end
C.__sub = function(a, b) a, b = c(a), c(b) return complex(a.re - b.re, a.im - b.im) end
C.__mul = function(a, b) a, b = c(a), c(b) return complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re) end
C.__div = function(a, b) a, b = c(a), c(b) local d = b.re ^ 2 + b.im ^ 2 return complex((a.re * b.re + a.im * b.im) / d, (a.im * b.re - a.re * b.im) / d) end
C.__unm = function(a) return complex(-a.re, -a.im) end
C.__eq = function(a, b) return a.re == b.re and a.im == b.im end
C.__tostring = function(a) return ("%.12g%+.12gi"):format(a.re, a.im) end
function C.abs(a) return math.sqrt(a.re * a.re + a.im * a.im) end
function C.arg(a) return math.atan(a.im, a.re) end
function C.exp(a) local e = math.exp(a.re) return complex(e * math.cos(a.im), e * math.sin(a.im)) end
function C.log(a) return complex(math.log(a:abs()), a:arg()) end
C.__pow = function(a, b) return C.exp(C.log(c(a)) * c(b)) end
local i = complex(0, 1)
print(i * i, (1 + 2 * i) / (3 - i), (1 + i) ^ 8, i ^ i, C.exp(i * math.pi), (-1 + 0 * i):arg(), complex(3, 4):abs(), 1 + i == complex(1, 1))
local z, n = complex(0), 0 while z:abs() < 2 and n < 100 do z = z * z + complex(-0.75, 0.1) n = n + 1 end print(n, z)
-- fast Fourier transform
local function fft(x)
	local n = #x
	if n == 1 then return { x[1] } end
	local even, odd = {}, {}
	for k = 1, n, 2 do even[#even + 1] = x[k] odd[#odd + 1] = x[k + 1] end
	even, odd = fft(even), fft(odd)
	local r = {}
	for k = 1, n // 2 do local t = C.exp(complex(0, -2 * math.pi * (k - 1) / n)) * odd[k] r[k] = even[k] + t r[k + n // 2] = even[k] - t end
	return r
end
local s = {} for k = 1, 16 do s[k] = complex(math.sin(k) + k % 3) end
for k, v in ipairs(fft(s)) do io.write(("%.9f %.9f; "):format(v.re, v.im):gsub("%-0%.0+ ", "0.000000000 "), "") end print()
local function stats(t)
	local mean, m2, n = 0.0, 0.0, 0
	for _, x in ipairs(t) do n = n + 1 local d = x - mean mean = mean + d / n m2 = m2 + d * (x - mean) end
	table.sort(t)
	local median = n % 2 == 1 and t[n // 2 + 1] or (t[n // 2] + t[n // 2 + 1]) / 2
	return mean, math.sqrt(m2 / (n - 1)), median, t[1], t[n]
end
print(stats { 3, 1.5, 4, 1, 5, 9, 2, 6 })
local function poly(p, x) local r = 0 for k = #p, 1, -1 do r = r * x + p[k] end return r end
print(poly({ 1, -2, 3 }, 2), poly({ 1, -2, 3 }, 2.0), poly({ 0.5 }, 9))
local x = 1.0 for _ = 1, 20 do x = x - poly({ -2, 0, 1 }, x) / poly({ 0, 2 }, x) end print(("%.17g"):format(x), x == math.sqrt(2))
