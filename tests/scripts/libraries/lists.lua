-- SPDX-License-Identifier: GPL-2.0-only
-- Lists, sets, ordered maps, functional streams and string helpers.
local List = {} List.__index = List
setmetatable(List, { __call = function(_, t) return setmetatable({ table.unpack(t or {}) }, List) end })
function List:map(f, ...) local r = List() for i, v in ipairs(self) do r[i] = f(v, ...) end return r end
function List:filter(f) local r = List() for _, v in ipairs(self) do if f(v) then r[#r + 1] = v end end return r end
function List:reduce(f, a)
	local s = 1
	if a == nil then a, s = self[1], 2 end
	for i = s, #self do a = f(a, self[i]) end
	return a
end
function List:slice(a, b)
	a, b = a < 0 and #self + a + 1 or a, b or #self
	return List(table.move(self, a, b < 0 and #self + b + 1 or b, 1, {}))
end
function List:sorted(f) local r = List(self) table.sort(r, f) return r end
function List:reverse() local r = List() for i = #self, 1, -1 do r[#r + 1] = self[i] end return r end
function List.range(a, b, s) local r = List() for i = a, b, s or 1 do r[#r + 1] = i end return r end
function List:group(f) local g = {} for _, v in ipairs(self) do local k = f(v) g[k] = g[k] or List() table.insert(g[k], v) end return g end
List.__concat = function(a, b) local r = List(a) for _, v in ipairs(b) do r[#r + 1] = v end return r end
List.__eq = function(a, b) if #a ~= #b then return false end for i = 1, #a do if a[i] ~= b[i] then return false end end return true end
List.__tostring = function(l) return "{" .. table.concat(l:map(tostring), ",") .. "}" end
List.__len = nil
print(List.range(1, 5), List.range(0, 1, 0.25), List.range(5, 1, -2), List { 3, 1, 2 }:sorted(), List { 1, 2 } .. { 3 }, List { 1, 2 } == List { 1.0, 2.0 })
print(List.range(1, 10):filter(function(x) return x % 3 == 0 end):map(math.sqrt), List.range(1, 6):reduce(math.max), List { "a", "b" }:reduce(function(a, b) return a .. b end, ""))
print(List.range(1, 6):slice(-3), List.range(1, 6):slice(2, -2), List { 1, 2, 3 }:reverse())
local g = List { "apple", "avocado", "bean", "cherry", "corn" }:group(function(s) return s:sub(1, 1) end) print(g.a, g.b, g.c, g.d)
local Set = {} Set.__index = Set
local function set(t) local s = setmetatable({}, Set) for _, v in ipairs(t) do s[v] = true end return s end
local function values(s) local r = {} for v in pairs(s) do r[#r + 1] = v end table.sort(r) return r end
Set.__add = function(a, b) local r = set(values(a)) for v in pairs(b) do r[v] = true end return r end
Set.__mul = function(a, b) local r = set {} for v in pairs(a) do r[v] = b[v] end return r end
Set.__sub = function(a, b) local r = set {} for v in pairs(a) do if not b[v] then r[v] = true end end return r end
Set.__band, Set.__bor = Set.__mul, Set.__add
Set.__bxor = function(a, b) return (a - b) + (b - a) end
Set.__le = function(a, b) for v in pairs(a) do if not b[v] then return false end end return true end
Set.__lt = function(a, b) return a <= b and not (b <= a) end
Set.__len = function(s) return #values(s) end
Set.__tostring = function(s) return "[" .. table.concat(values(s), " ") .. "]" end
local a, b = set { 1, 2, 3, 2^53 }, set { 3.0, 4 }
print(a + b, a * b, a - b, a & b, a | b, a ~ b, #a, set { 3 } <= b, b < b, set { 3 } < b)
local function ordered()
	local keys, vals = {}, {}
	return setmetatable({}, { __newindex = function(_, k, v)
			if vals[k] == nil then
				keys[#keys + 1] = k
			elseif v == nil then
				for i, x in ipairs(keys) do if x == k then table.remove(keys, i) break end end
			end
			vals[k] = v
		end,
		__index = vals, __len = function() return #keys end,
		__pairs = function() local i = 0 return function() i = i + 1 local k = keys[i] if k ~= nil then return k, vals[k] end end end })
end
local o = ordered() o.z, o.a, o.m = 1, 2, 3 o.a = nil o[1.5] = "f" o.a = 4
for k, v in pairs(o) do io.write(tostring(k), "=", v, " ") end print(#o)
-- lazy streams
local S = {} S.__index = S
local function stream(gen) return setmetatable({ gen = gen }, S) end
local function iota(n) n = n or 1 return stream(function() n = n + 1 return n - 1 end) end
function S:map(f) return stream(function() local v = self.gen() if v ~= nil then return f(v) end end) end
function S:filter(f) return stream(function() local v repeat v = self.gen() until v == nil or f(v) return v end) end
function S:take(n) return stream(function() n = n - 1 if n >= 0 then return self.gen() end end) end
function S:zip(o) return stream(function() local a, b = self.gen(), o.gen() if a and b then return { a, b } end end) end
S.__call = function(self) return self.gen() end
local sum, odd = 0, iota():filter(function(n) return n % 2 == 1 end)
for v in odd:map(function(n) return 1 / (n * n) end):take(200) do sum = sum + v end
print(("%.12f %.12f"):format(sum, math.pi ^ 2 / 8))
for p in iota(10):zip(iota(0.5)):take(3) do io.write(p[1], "/", p[2], " ") end print()
local function split(s, sep, plain)
	local t, p = {}, 1
	while true do
		local b, e = s:find(sep, p, plain)
		t[#t + 1] = s:sub(p, b and b - 1)
		if not b then return t end
		p = e + 1
	end
end
local function strip(s) return s:match "^%s*(.-)%s*$" end
local function title(s) return (s:gsub("(%a)([%w_']*)", function(f, r) return f:upper() .. r:lower() end)) end
local function wrap(s, w)
	local l, out = "", {}
	for word in s:gmatch "%S+" do
		if #l + #word >= w then out[#out + 1] = l l = word else l = l == "" and word or l .. " " .. word end
	end
	out[#out + 1] = l
	return table.concat(out, "\n")
end
print(table.concat(split("a, b,, c", "%s*,%s*"), "|"), table.concat(split("1.2.3", ".", true), "|"), "[" .. strip "  x y \n" .. "]", title "hello wORLD don't")
print(wrap("The quick brown fox jumps over the lazy dog and runs away", 20))
local function interp(s, t)
	return (s:gsub("%${([%w_%.]+):?([^}]*)}", function(k, f)
		local v = t
		for part in k:gmatch "[^%.]+" do v = v[tonumber(part) or part] end
		return f ~= "" and ("%" .. f):format(v) or tostring(v)
	end))
end
print(interp("${name} costs ${p.price:.2f} (${p.list.2:05d}, ${r:g})", { name = "It", p = { price = 2.5, list = { 1, 42.0 } }, r = 1/3 }))
local function compose(...)
	local f = { ... }
	return function(...)
		local r = table.pack(...)
		for i = #f, 1, -1 do r = table.pack(f[i](table.unpack(r, 1, r.n))) end
		return table.unpack(r, 1, r.n)
	end
end
local function curry(f, n)
	local function go(args, k)
		return function(x)
			local t = { table.unpack(args) }
			t[#t + 1] = x
			if k == 1 then return f(table.unpack(t)) end
			return go(t, k - 1)
		end
	end
	return go({}, n)
end
print(compose(math.floor, math.sqrt, function(a, b) return a + b end)(10, 7), curry(math.max, 3)(1)(3.5)(2), pcall(curry(function(e) error(e, 0) end, 1), "e"))
local memo = setmetatable({}, { __mode = "k" })
local function fib(n)
	memo[n] = memo[n] or n < 2 and n or fib(n - 1) + fib(n - 2)
	return memo[n]
end
print(fib(80), fib(90))
local L = setmetatable({}, { __index = function(_, body)
	local args, expr = body:match "^(.-)%->(.*)$"
	return assert(load(("return function(%s) return %s end"):format(args, expr)))()
end })
print(L["x, y -> x ^ y"](2, 10), L["s -> #s"] "four")
print((select(2, pcall(function() return L["x -> ="] end)):gsub("^.-:%d+: ", "")))
print(("%s"):rep(3, "-"):format(1, 1.0, "x"), ("x"):rep(0), ("héllo"):upper(), #"héllo", utf8.len "héllo", utf8.char(228, 8364, 0x10FFFF), table.concat({ utf8.codepoint("aé€", 1, -1) }, " "))
