-- SPDX-License-Identifier: GPL-2.0-only
-- A megabyte of whatever texts a script can make of things that have addresses,
-- and of bytes that might not have been written before they are read.
local unpack = table.unpack
local objects = {}
for i = 1, 40 do
	objects[i] = ({
		function() return i end, {}, coroutine.create(print),
		setmetatable({}, { __name = "thing" }), print, string.gsub,
		("x"):rep(100 + i), coroutine.wrap(print), ("y"):gmatch("y"),
		targets[1 + i % #targets],
	})[1 + i % 10]
end

local function errors(o)
	local bad = {
		function() return o + 1 end, function() return o .. "x" end,
		function() return o < {} end, function() return #o end,
		function() return o() end, function() return o.x.y end,
		function() return math.abs(o) end, function() return ("x"):rep(o) end,
		function() return string.format("%d", o) end,
		function() return string.format("%p", o) end,
		function() return string.format("%q", o) end,
		function() error(o) end, function() return setmetatable(o, o) end,
		function() return load("x = ", tostring(o)) end,
		function() return next({}, o) end, function() return table.concat { o } end,
		function() return ("x"):gsub("x", function() return o end) end,
		function() return utf8.char(o) end, function() return select(o) end,
		function() return coroutine.resume(o) end,
	}
	for _, f in ipairs(bad) do
		local ok, text = pcall(f)
		print(ok, text, tostring(text))
	end
end

-- The order in which next() finds them, as far as that can be written down
local function orders(n)
	local t = {}
	for i = 1, n do t[objects[i]] = i end
	local order, bits = {}, {}
	for _, i in pairs(t) do order[#order + 1] = i end
	for i = 1, #order - 1 do bits[i] = order[i] < order[i + 1] and 1 or 0 end
	print(table.concat(order, " "), string.pack(("B"):rep(#order), unpack(order)),
	      table.concat(bits))
end

local function bytes(n)
	print(string.pack("!16 b i16 x Xi16 z s8 c64", 1, n, "z", "s", "c"),
	      ("z"):rep(n), ("%5.3s|%20d|%-9s|%q"):format("abc", n, "x", "\0\1"),
	      ("abc"):rep(n % 300):reverse(), ("x"):rep(n % 500, "\0"),
	      string.char(unpack({ ("abc"):byte(1, -1) })),
	      ("a b c"):gsub("%w", "%0%0"), utf8.char(n, 8364), n * 2654435761,
	      math.random(1 << 62), math.random(1, 1 << 40), collectgarbage("count"))
end

-- What is told of the machine and of what runs
local function system(o)
	print(os.time(), os.clock(), os.date(), os.date("!%c", 0), os.getenv("HOME"),
	      io.stdout, io.write, debug.traceback("text", 1), debug.traceback(o),
	      collectgarbage("step"), collectgarbage("count"), select("#", o))
	for _, f in ipairs { o, 0, 1, 2 } do
		local ok, info = pcall(debug.getinfo, f)
		for key, value in pairs(ok and info or {}) do print(key, value) end
	end
	for name, value in pairs(_ENV) do
		print(name, value)
		if type(value) == "table" then
			for key, member in pairs(value) do print(key, member) end
		end
	end
end

for i = 1, rounds do
	for _, o in ipairs(objects) do print(o, tostring(o)) end
	errors(objects[1 + i % #objects])
	for n = 2, 40, 7 do orders(n) end
	for n = 1, 60 do bytes(n * i) end
	system(objects[1 + i % #objects])
end
