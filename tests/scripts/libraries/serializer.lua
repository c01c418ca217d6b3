-- SPDX-License-Identifier: GPL-2.0-only
-- A serializer of tables, cycles and shared ones included, read back by load().
local function is_name(k)
	return type(k) == "string" and k:find("^[%a_][%w_]*$") and load("local " .. k) ~= nil
end

local function literal(v)
	if type(v) == "string" then return (("%q"):format(v):gsub("\\\n", "\\n")) end
	if v ~= v then return "0/0" end
	if v == math.huge then return "math.huge" end
	if v == -math.huge then return "-math.huge" end
	if math.type(v) == "float" then
		local short = ("%.14g"):format(v)
		if tonumber(short) ~= v then short = ("%.17g"):format(v) end
		return short:find("[%.eE]") and short or short .. ".0"
	end
	return tostring(v)
end

local order = { boolean = 1, number = 2, string = 3 }
local function before(a, b)
	local x, y = type(a), type(b)
	if x ~= y then return order[x] < order[y] end
	if x == "boolean" then return a and not b end
	return a < b
end

local function sorted(t)
	local keys = {}
	for k in pairs(t) do if order[type(k)] then keys[#keys + 1] = k end end
	table.sort(keys, before)
	return keys
end

local function serialize(value)
	local names, lines, n = {}, {}, 0
	local function name_of(t)
		if type(t) ~= "table" then return literal(t) end
		if names[t] then return names[t] end
		n = n + 1
		local name = "t[" .. n .. "]"
		names[t] = name
		lines[#lines + 1] = name .. " = {}"
		for _, k in ipairs(sorted(t)) do
			local place = is_name(k) and "." .. k or "[" .. literal(k) .. "]"
			local text = name_of(t[k])
			lines[#lines + 1] = name .. place .. " = " .. text
		end
		return name
	end
	local result = name_of(value)
	return "local t = {}\n" .. table.concat(lines, "\n") .. "\nreturn " .. result
end

local shared = { 1, 2.5, "three", [-1] = false }
local data = {
	name = "it's \"quoted\"\n\0end", shared = shared, again = shared,
	numbers = { 0.1, 1e300, -2^63, 1 / 3, math.pi, 100, 100.0, 5e-324, math.huge, -math.huge },
	["not a name"] = true, [true] = "yes", [2.5] = "key", ["end"] = 1, nested = { { { {} } } },
}
data.self = data

local text = serialize(data)
print(text)
local copy = assert(load(text, "=data", "t", { math = math }))()
print(copy.self == copy, copy.shared == copy.again, copy ~= data, serialize(copy) == text)
for i, v in ipairs(data.numbers) do io.write(tostring(copy.numbers[i] == v), math.type(copy.numbers[i]):sub(1, 1), " ") end
print()
print(load("return x", "=env", "t", { x = 42 })(), pcall(load("return y.z", "=env", "t", {})))
