-- SPDX-License-Identifier: GPL-2.0-only
-- usage: lua5.3 programs.lua SEED COUNT
--
-- Writes a program that computes COUNT random things and prints each: the same
-- whoever runs it. Functions that nobody rounds right (exp and the like) are
-- printed to 12 digits.
local seed, count = tonumber(arg[1]), tonumber(arg[2])

local function random(n)
	seed = seed * 6364136223846793005 + 1442695040888963407
	return (seed >> 33) % n + 1
end

local function pick(list) return list[random(#list)] end

local specials = {
	"0", "-0.0", "0.0", "1", "-1", "1.0", "2", "0.5", "-0.5", "3", "10", "1e15", "1e16", "1e308",
	"-1e308", "5e-324", "2.2250738585072014e-308", "(1/0)", "(-1/0)", "(0/0)", "math.maxinteger",
	"math.mininteger", "math.pi", "2^53", "2^63", "-2^63", "0x7fffffff", "1e100", "0.1", "0x.8p1",
	"0xA.8p-3", "'10'", "'0x1p4'", "' 5 '", "'1e2'", "'-0'", "math.huge", "1 << 62",
}

local function literal()
	local kind = random(6)
	if kind == 1 then return tostring(random(200) - 100) end
	if kind == 2 then return ("%d.%d"):format(random(1000) - 500, random(10000) - 1) end
	if kind == 3 then return ("%de%d"):format(random(99999), random(40) - 20) end
	if kind == 4 then return ("0x%x.%xp%d"):format(random(65536), random(4096), random(60) - 30) end
	return pick(specials)
end

local arithmetic = { "+", "-", "*", "/", "//", "%", "+", "*" }
local bitwise = { "&", "|", "~", "<<", ">>" }
local compare = { "<", "<=", ">", ">=", "==", "~=" }
local unary = { "-", "-", "not ", "~", "#" }
local functions = {
	"math.floor", "math.ceil", "math.abs", "math.sqrt", "math.tointeger", "math.type", "tostring",
	"tonumber", "math.modf",
}
local inexact = { "math.exp", "math.sin", "math.cos", "math.tan", "math.log", "math.atan", "math.asin" }
local formats = {
	"%d", "%5d", "%-8d", "%+d", "%05d", "%x", "%X", "%o", "%c", "%e", "%.3e", "%E", "%f", "%.0f",
	"%10.2f", "%-12.4f|", "%+f", "% f", "%#.0f", "%g", "%.17g", "%.3g", "%G", "%#g", "%a", "%A", "%.2a",
	"%s", "%10s", "%.5s", "%q", "%i", "%.99f", "%.20e", "%099.3f",
}
local packs = { "d", "f", "n", "<d", ">d", ">f", "i4", "<i8", "j", "I2", "b", "B", "=I3", "s1", "z" }

local expression

local function call(depth)
	local kind = random(8)
	if kind == 1 then
		return ("math.fmod(tonumber(%s) or 1, tonumber(%s) or 2)"):format(expression(depth - 1), expression(depth - 1))
	elseif kind == 2 then
		return ("math.%s(%s, %s)"):format(pick { "max", "min", "ult" }, expression(depth - 1), expression(depth - 1))
	elseif kind == 3 then
		return ("string.format(%q, %s(%s))"):format("%.12g", pick(inexact), expression(depth - 1))
	elseif kind == 4 then
		return ("string.format(%q, %s)"):format(pick(formats), expression(depth - 1))
	elseif kind == 5 then
		local p = pick(packs)
		return ("(string.unpack(%q, string.pack(%q, %s)))"):format(p, p, expression(depth - 1))
	end
	return ("%s(%s)"):format(pick(functions), expression(depth - 1))
end

function expression(depth)
	local kind = depth > 0 and random(12) or 1
	if kind <= 2 then return literal() end
	if kind == 3 then return call(depth) end
	if kind == 4 then return ("(%s%s)"):format(pick(unary), expression(depth - 1)) end
	if kind == 5 then return ("(%s %s %s)"):format(expression(depth - 1), pick(bitwise), expression(depth - 1)) end
	if kind == 6 then return ("(%s %s %s)"):format(expression(depth - 1), pick(compare), expression(depth - 1)) end
	if kind == 7 then return ("(%s .. %s)"):format(expression(depth - 1), expression(depth - 1)) end
	return ("(%s %s %s)"):format(expression(depth - 1), pick(arithmetic), expression(depth - 1))
end

local function statement()
	local kind = random(8)
	if kind == 1 then
		return ("local n, step = 0, %s if tonumber(step) == 0 then step = 1 end " ..
			"for i = %s, %s, step do n = n + 1 put(i) if n > 4 then break end end"):format(
			literal(), literal(), literal())
	elseif kind == 2 then
		return ("local t = {} t[%s] = 1 for k in pairs(t) do put(k, math.type(k), t[%s]) end"):format(
			expression(1), expression(1))
	elseif kind == 3 then
		return ("local x = %s for i = 1, 5 do x = x %s %s end put(x)"):format(
			literal(), pick(arithmetic), expression(1))
	end
	return ("put(%s)"):format(expression(4))
end

print [[
local function show(x)
	if math.type(x) == "float" then
		return x ~= x and "nan" or ("%a %.14g"):format(x, x)
	end
	return tostring(x)
end
local function put(...)
	local t = table.pack(...)
	for i = 1, t.n do t[i] = show(t[i]):gsub("%-?nan", "nan") end
	print(table.concat(t, "\t"))
end
local function try(code)
	local f, message = load("local put = ... " .. code, "=try")
	if not f then return print(message) end
	local ok, message = pcall(f, put)
	if not ok then print("error: " .. tostring(message)) end
end]]
for _ = 1, count do print(("try(%q)"):format(statement())) end
