-- SPDX-License-Identifier: GPL-2.0-only
--
-- How deep each form of nesting goes: a line with its name and a number. What
-- runs is nested in one pcall, and what is compiled in load() and a pcall.

local lines = {}

-- The largest number for which f succeeds: up to there it does for each.
local function most(name, f)
	local low, high = 0, 256
	while high - low > 1 do
		local middle = (low + high) // 2
		if pcall(f, middle) then low = middle else high = middle end
	end
	lines[#lines + 1] = name .. " " .. low
end

-- Source that begins with n times the one text and ends with n times the other
local function source(name, before, left, middle, right)
	most(name, function(n)
		assert(load(before .. left:rep(n) .. middle .. right:rep(n)))
	end)
end

-- Calls

most("pcall", function(n)
	local function f(n)
		if n > 1 then
			local ok, err = pcall(f, n - 1)
			if not ok then error(err, 0) end
		end
	end
	f(n)
end)
most("pcall-of-pcall", function(n)
	local f = {}
	for i = 1, n do f[i] = pcall end
	f[n + 1] = type
	f[n + 2] = 1
	local result = {pcall(table.unpack(f))}
	assert(result[n + 2] == "number")
end)
most("coroutine.wrap", function(n)
	local function f(n)
		if n > 0 then coroutine.wrap(f)(n - 1) end
	end
	f(n)
end)
most("coroutine.resume", function(n)
	local function f(n)
		if n > 0 then
			assert(coroutine.resume(coroutine.create(f), n - 1))
		end
	end
	f(n)
end)
most("generators", function(n)
	local function f(n)
		return coroutine.wrap(function()
			if n == 1 then
				coroutine.yield(1)
				coroutine.yield(2)
			else
				for v in f(n - 1) do coroutine.yield(v) end
			end
		end)
	end
	for v in f(n) do end
end)
most("gsub", function(n)
	local function f(n)
		if n > 0 then
			return (("a"):gsub("a", function() return f(n - 1) end))
		end
	end
	f(n)
end)
most("gsub-reverse", function(n)
	local function reverse(s)
		return (s:gsub("(.)(.+)", function(c, rest)
			return reverse(rest) .. c
		end))
	end
	local s = ("x"):rep(n) .. "y"
	assert(reverse(s) == s:reverse())
end)
most("sort", function(n)
	local function f(n)
		if n > 0 then
			table.sort({1, 2}, function(a, b)
				f(n - 1)
				return a < b
			end)
		end
	end
	f(n)
end)
most("tostring", function(n)
	local function object(n)
		return setmetatable({}, {__tostring = function()
			return n == 0 and "x" or tostring(object(n - 1))
		end})
	end
	tostring(object(n))
end)
most("index", function(n)
	local function object(n)
		return setmetatable({}, {__index = function(_, key)
			return n == 0 and key or object(n - 1)[key]
		end})
	end
	return object(n).x
end)
most("add", function(n)
	local function object(n)
		return setmetatable({}, {__add = function(a, b)
			return n == 0 and b or object(n - 1) + b
		end})
	end
	return object(n) + 1
end)
most("reader", function(n)
	local function f(n)
		if n > 0 then assert(load(function() f(n - 1) end)) end
	end
	f(n)
end)

-- Source

source("parentheses", "return ", "(", "1", ")")
source("tables", "return ", "{", "", "}")
source("tables-of-values", "return ", "{x = ", "1", "}")
source("tables-of-keys", "return ", "{[", "1", "] = 1}")
source("concatenation", "local a return a", " .. a", "", "")
source("power", "local a return a", " ^ a", "", "")
source("unary", "local a return ", "- ", "a", "")
source("arguments", "local f return ", "f(", "", ")")
source("indices", "local a return ", "a[", "1", "]")
source("functions", "", "local function f() ", "", "end ")
source("functions-global", "", "function f() ", "", "end ")
source("functions-assigned", "", "f = function() ", "", "end ")
source("functions-local", "", "local f = function() ", "", "end ")
source("functions-returned", "", "return function() ", "", "end ")
source("functions-passed", "local f ", "f(function() ", "", "end) ")
source("functions-in-tables", "return ", "{f = function() return ", "1", " end}")
source("upvalues", "local a ", "return function() ", "return a ", "end ")
source("do", "", "do ", "", "end ")
source("if", "local a ", "if a then ", "", "end ")
source("if-else", "local a ", "if a then else ", "", "end ")
source("while", "local a ", "while a do ", "", "end ")
source("repeat", "local a ", "repeat ", "", "until a ")
source("for", "", "for i = 1, 2 do ", "", "end ")
source("for-in", "local a ", "for i in a do ", "", "end ")
source("variables", "local a ", "a, ", "a = 1", "")

return table.concat(lines, "\n")
