-- SPDX-License-Identifier: GPL-2.0-only
-- A test framework: nested groups, hooks, deep comparison, and a report.
local testing = { passed = 0, failed = {}, path = {}, hooks = {} }

local function show(v, depth)
	if type(v) == "string" then return ("%q"):format(v) end
	if type(v) ~= "table" then return tostring(v) end
	if (depth or 0) > 3 then return "{...}" end
	local parts, keys = {}, {}
	for k in pairs(v) do keys[#keys + 1] = k end
	table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
	for _, k in ipairs(keys) do parts[#parts + 1] = tostring(k) .. "=" .. show(v[k], (depth or 0) + 1) end
	return "{" .. table.concat(parts, " ") .. "}"
end

local function same(a, b, seen)
	if a == b then return true end
	if type(a) ~= "table" or type(b) ~= "table" then return a ~= a and b ~= b end
	seen = seen or {}
	if seen[a] == b then return true end
	seen[a] = b
	for k, v in pairs(a) do if not same(v, b[k], seen) then return false end end
	for k in pairs(b) do if a[k] == nil then return false end end
	return true
end

local expectation = {}
expectation.__index = expectation
function testing.expect(value) return setmetatable({ value = value }, expectation) end
function expectation:to_be(other) if not rawequal(self.value, other) then error(show(self.value) .. " is not " .. show(other), 2) end end
function expectation:to_equal(other) if not same(self.value, other) then error(show(self.value) .. " differs from " .. show(other), 2) end end
function expectation:to_be_near(other, by)
	if math.abs(self.value - other) > (by or 1e-9) then error(("%.17g is not near %.17g"):format(self.value, other), 2) end
end
function expectation:to_fail(pattern)
	local ok, message = pcall(self.value)
	if ok then error("did not fail", 2) end
	if pattern and not tostring(message):find(pattern) then error("failed with " .. tostring(message), 2) end
end

function testing.describe(name, body)
	table.insert(testing.path, name)
	table.insert(testing.hooks, {})
	body()
	table.remove(testing.hooks)
	table.remove(testing.path)
end

function testing.before_each(f) table.insert(testing.hooks[#testing.hooks], f) end

function testing.it(name, body)
	for _, hooks in ipairs(testing.hooks) do for _, f in ipairs(hooks) do f() end end
	local ok, trace = xpcall(body, function(e)
		return { message = tostring(e), where = debug.traceback("", 2):match("\n\t(.-):%d+:") }
	end)
	if ok then
		testing.passed = testing.passed + 1
	else
		trace.name = table.concat(testing.path, " ") .. " " .. name
		table.insert(testing.failed, trace)
	end
	io.write(ok and "." or "F")
end

function testing.report()
	io.write("\n")
	for i, f in ipairs(testing.failed) do
		print(i .. ") " .. f.name .. ": " .. f.message:gsub("^.-:%d+: ", ""))
	end
	print(("%d passed, %d failed"):format(testing.passed, #testing.failed))
end

local describe, it, expect = testing.describe, testing.it, testing.expect
describe("numbers", function()
	local x
	testing.before_each(function() x = 10 end)
	it("divide to floats", function() expect(x / 4):to_be(2.5) x = 0 end)
	it("begin anew", function() expect(x):to_be(10) end)
	it("are near", function() expect(0.1 + 0.2):to_be_near(0.3) end)
	it("are not equal", function() expect(0.1 + 0.2):to_be(0.3) end)
	it("know nan", function() expect({ 0 / 0 }):to_equal { 0 / 0 } end)
	describe("of math", function()
		it("have a sine", function() expect(math.sin(math.pi / 6)):to_be_near(0.5) end)
		it("have roots", function() expect(math.sqrt(2) ^ 2):to_be_near(2) end)
		it("have logarithms", function() expect(math.log(8, 2)):to_be(3.0) end)
		it("differ", function() expect(math.exp(1)):to_be_near(2.718, 1e-4) end)
	end)
end)
describe("tables", function()
	it("compare deeply", function() expect { a = { 1, { 2 } } }:to_equal { a = { 1, { 2 } } } end)
	it("tell what differs", function() expect { 1, { b = 2 } }:to_equal { 1, { b = 3 } } end)
	it("have cycles", function()
		local a, b = {}, {}
		a.x, b.x = a, b
		expect(a):to_equal(b)
	end)
end)
describe("errors", function()
	it("are caught", function() expect(function() error("oh no") end):to_fail("oh no$") end)
	it("have to come", function() expect(function() end):to_fail() end)
	it("may be tables", function() expect(function() error(setmetatable({}, { __tostring = function() return "odd" end })) end):to_fail("^odd$") end)
end)
testing.report()
