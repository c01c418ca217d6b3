-- SPDX-License-Identifier: GPL-2.0-only
--
-- check(cases [, stock]): runs the cases of a file (see ../README) and returns
-- one line for each, "ok - case" or "not ok - case: what came instead". With
-- stock, as stock Lua 5.3 should answer.

-- Does text match expected, in which * stands for anything?
local function matches(text, expected)
	local pattern = expected:gsub("%p", "%%%0"):gsub("%%%*", ".*")
	return text:find("^" .. pattern .. "$") ~= nil
end

local function trim(s)
	return (s:gsub("%s+$", ""))
end

-- A chunk or else an expression
local function compile(code)
	local f, whynot = load("return " .. code, "=case")
	if f then return f end
	local g, whynot2 = load(code, "=case")
	return g, whynot .. " | " .. tostring(whynot2)
end

-- What code results in, as text
local function outcome(code)
	local f, message = compile(code)
	if not f then return "error: " .. message end
	local r = table.pack(pcall(f))
	if not r[1] then return "error: " .. tostring(r[2]) end
	for i = 2, r.n do r[i] = tostring(r[i]) end
	return trim(table.concat(r, ", ", 2, r.n))
end

local function right(got, expected)
	local message = expected:match("^error: (.*)")
	if not message then return matches(got, expected) end
	return got:find("^error: ") and got:find(message, 1, true)
end

local function check_line(line, stock)
	local code, expected = line:match("^(.-) %-%->(.*)$")
	if not code then return "not ok - not a case: " .. line end
	local ours, theirs = expected:match("^(.-) %-%- stock:(.*)$")
	expected = stock and theirs or ours or expected
	expected = trim(expected):gsub("^ ", "")
	if stock and expected == "never ends" then return "ok - " .. code end
	local got = outcome(code)
	if right(got, expected) or expected == "*" then return "ok - " .. code end
	return "not ok - " .. code .. ": " .. got:gsub("[\r\n].*", "...")
end

return function(cases, stock)
	local lines = {}
	for line in cases:gmatch("[^\n]+") do
		if not line:find("^%-%-") then
			lines[#lines + 1] = check_line(line, stock)
		end
	end
	return table.concat(lines, "\n")
end
