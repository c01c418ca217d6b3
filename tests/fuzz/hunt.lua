-- SPDX-License-Identifier: GPL-2.0-only
-- What the hunt for time calls, and with what: see hunt.c. Everything has to be in
-- the same order in each state.

local BYTES, SLOTS = 1 << 17, 4000

local function filled(text)
	return text:rep(BYTES // #text)
end

local function list(make)
	local t = {}
	for i = 1, SLOTS do
		t[i] = make(i)
	end
	return t
end

local function set(make)
	local t = {}
	for i = 1, SLOTS do
		t[make(i)] = i
	end
	return t
end

local function emptied(t)
	for k in pairs(t) do
		t[k] = nil
	end
	return t
end

local chain = {}
for _ = 1, 2000 do
	chain = setmetatable({}, { __index = chain })
end

local values = {
	-- numbers
	0, 1, -1, 3, 64, 1000, SLOTS, BYTES, 1 << 31, math.maxinteger, math.mininteger,
	0.5, -0.0, 1e15, 1e308, 5e-324, 1 / 0, 0 / 0, 2 ^ 53,
	-- short strings: patterns, formats, options
	"", "a", "x=1", ".", "%", "a*", ".-b", "(.-)%s", "[^a]*b", "%b()", "%f[%w]%w+",
	"a*a*a*a*b", "a?a?a?a?a?aaaa", "()", "%1", "$", "^a", "%d", "%s", "%99.99f",
	"%a", "%q", "%5.20s", "%.14g", "n", "*t", "!%c %A %B", "k", "v", "<i8", "s4", "z",
	"!16 d j", "c1000", "collect", "step", "count", "l", "0x", "nan", "\xf0\x9f\x92\xa9",
	-- long ones
	filled(" "), filled("9"), "0x" .. filled("f"), "1e" .. filled("9"), "0." .. filled("0"),
	filled("a"), filled("a") .. "b", filled("("), filled("()"), filled("%d"), filled("%"),
	filled("[a"), filled("\0"), filled("\n"), filled("\xc3\xa9"), filled("\xff"),
	filled("x=1 "), filled("x=1\n"), filled("a,") .. "a=1", "return " .. filled("{},"),
	"return " .. filled("1+"), "return " .. filled("a.."), "return '" .. filled("a") .. "'",
	"--[[" .. filled("="), "--" .. filled("-"), "[" .. filled("="), "return " .. filled("9"),
	"return 0x" .. filled("0"), "return 1e" .. filled("0"), filled("local a "),
	filled("::a:: "), filled("goto a "), filled("do "), filled("if a then "),
	filled("b") .. filled("a"), filled("!1"), filled("s8"), filled("<"), filled("<i3 "),
	-- tables
	{}, list(function(i) return i end), list(function(i) return SLOTS - i end),
	list(function(i) return "key" .. i end), list(function() return filled end),
	list(function(i) return {} end), list(function() return 1.5 end),
	set(function(i) return "key" .. i end), set(function(i) return i * 1024 end),
	set(function(i) return i + 0.5 end), set(function() return {} end),
	emptied(list(function(i) return i end)),
	emptied(set(function(i) return "key" .. i end)),
	setmetatable(set(function() return {} end), { __mode = "k" }),
	setmetatable(list(function() return {} end), { __mode = "v" }),
	setmetatable({}, { __len = function() return math.maxinteger end }),
	setmetatable({}, { __index = function(_, k) return k end,
			   __len = function() return SLOTS end }),
	setmetatable({}, { __index = string, __newindex = rawset, __call = rawequal,
			   __concat = rawequal, __tostring = function() return "x" end }),
	{ __gc = tostring }, { __mode = "kv" }, { __index = table }, { year = 1 << 40 },
	{ year = 2000, month = 1 << 30, day = 1 << 30, hour = 1 << 30 }, chain,
	-- functions and coroutines
	print, type, rawequal, next, function() end, function(...) return ... end,
	function(a, b) return a < b end, function() return "x=1 " end, coroutine.yield,
	coroutine.create(function(...) while true do coroutine.yield(...) end end),
	coroutine.wrap(function(...) while true do coroutine.yield(...) end end),
	true, false,
}
local count = #values

-- What the language itself does, as functions of three values
local texts = {
	"return a .. b", "return a .. b .. c .. a", "return a == b", "return a < b",
	"return a <= b", "return a + b", "return a // b", "return a % b", "return a ^ b",
	"return a >> b", "return a | b", "return -a", "return ~a", "return #a",
	"return a[b]", "a[b] = c", "return a(b, c)", "return a:rep(b)", "return a:key1(b)",
	"for k in pairs(a) do end", "for i, v in ipairs(a) do end", "for k in a, b, c do end",
	"for k in string.gmatch(a, b) do end", "for p, c in utf8.codes(a) do end",
	"return { a, b, c }", "return { table.unpack(a) }", "return { a, [b] = c }",
	"return select('#', table.unpack(a))", "return (table.unpack(a))",
	"return math.max(table.unpack(a))", "return a(table.unpack(b))",
	"return string.char(table.unpack(a))", "return print(table.unpack(a))",
	"return pcall(a, table.unpack(b))", "local t = {} for i = 1, 500 do t[i] = a end return t",
	"local t = {} t[a] = b t[c] = a return t", "return function() return a end",
	"return coroutine.wrap(function(...) a(...) end)", "return load(a)",
	"return load(a .. b)", "local t = load(a) return t and t(b)",
	"for i = 1, 100 do local x = a == b end", "for i = 1, 100 do local x = a < b end",
	"return table.concat({ a, b, c }, a)", "return tostring(a) .. tostring(b)",
	"for i = 1, 100 do tonumber(a) end", "for i = 1, 100 do next(a, b) end",
	"return setmetatable(a, b)", "a.x = nil a.y = b a.z = c", "error(a)", "error({ a })",
	"return pcall(error, a, b)", "return xpcall(a, b, c)", "return xpcall(error, a, b)",
}
local functions, names = {}, {}

local function add(name, f)
	functions[#functions + 1] = f
	names[#names + 1] = name
end

local function add_library(prefix, library)
	local sorted = {}
	for name, f in pairs(library) do
		if type(f) == "function" then
			sorted[#sorted + 1] = name
		end
	end
	table.sort(sorted)
	for _, name in ipairs(sorted) do
		add(prefix .. name, library[name])
	end
end

add_library("", _G)
for _, name in ipairs({ "string", "table", "utf8", "math", "coroutine", "os", "io",
			"debug" }) do
	add_library(name .. ".", _G[name] or {})
end
for _, text in ipairs(texts) do
	add(text, assert(load("local a, b, c = ... " .. text)))
end

local function shown(value)
	if type(value) ~= "string" then
		return tostring(value)
	end
	if #value > 40 then
		return ("%q... (%d bytes)"):format(value:sub(1, 20), #value)
	end
	return ("%q"):format(value)
end

local pcall, print, byte, pack = pcall, print, string.byte, table.pack
local concat, unpack, collectgarbage = table.concat, table.unpack, collectgarbage

-- A call is five bytes: the function, how many arguments, three arguments. From 192
-- an argument is what an earlier call has returned.
function hunt(input, show)
	local results, n = {}, 0

	local function argument(at)
		local choice = byte(input, at) or 0
		if choice >= 192 and n > 0 then
			return results[choice % n + 1]
		end
		return values[choice % (count + 1) + 1]	-- the last one is nil
	end

	for at = 1, #input, 5 do
		local f = byte(input, at) % #functions + 1
		local args = (byte(input, at + 1) or 3) % 4
		local a, b, c = argument(at + 2), argument(at + 3), argument(at + 4)
		if show then
			local list = { shown(a), shown(b), shown(c) }
			print(names[f] .. ": " .. concat(list, ", ", 1, args))
		end
		local r = pack(pcall(functions[f], unpack({ a, b, c }, 1, args)))
		for i = 2, r.n < 4 and r.n or 4 do
			n = n + 1
			results[n] = r[i]
		end
	end
	collectgarbage("restart")
end
