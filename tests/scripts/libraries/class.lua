-- SPDX-License-Identifier: GPL-2.0-only
-- A class library with inheritance, mixins and metamethods; and shapes with it.
local class = {}

local metamethods = { "__add", "__sub", "__mul", "__div", "__unm", "__eq", "__lt",
	"__le", "__len", "__call", "__concat", "__tostring", "__idiv", "__mod" }

local function include(c, mixin)
	for k, v in pairs(mixin) do if k ~= "included" then c[k] = v end end
	if mixin.included then mixin.included(c) end
	return c
end

local function is_a(self, c)
	local mine = getmetatable(self)
	while mine do
		if mine == c then return true end
		mine = mine.super
	end
	return false
end

function class.new(name, super)
	local c = { name = name, super = super, is_a = is_a, include = include }
	c.__index = c
	if super then
		for _, event in ipairs(metamethods) do c[event] = rawget(super, event) end
	end
	return setmetatable(c, {
		__index = super,
		__tostring = function() return "class " .. name end,
		__call = function(self, ...)
			local object = setmetatable({}, self)
			if self.init then self.init(object, ...) end
			return object
		end,
	})
end

local Vector = class.new "Vector"
function Vector:init(x, y) self.x, self.y = x, y end
function Vector.__add(a, b) return Vector(a.x + b.x, a.y + b.y) end
function Vector.__mul(a, b)
	if type(a) == "number" then a, b = b, a end
	if type(b) == "number" then return Vector(a.x * b, a.y * b) end
	return a.x * b.x + a.y * b.y
end
function Vector.__unm(a) return Vector(-a.x, -a.y) end
function Vector.__eq(a, b) return a.x == b.x and a.y == b.y end
function Vector.__lt(a, b) return a * a < b * b end
function Vector.__le(a, b) return a * a <= b * b end
function Vector:__len() return math.floor(math.sqrt(self * self)) end
function Vector:__tostring() return ("(%g, %g)"):format(self.x, self.y) end
function Vector.__concat(a, b) return tostring(a) .. tostring(b) end

local Shape = class.new "Shape"
function Shape:init(at) self.at = at end
function Shape:area() error("abstract method", 2) end
function Shape:describe()
	return ("%s at %s with area %.3f"):format(getmetatable(self).name, tostring(self.at), self:area())
end

local Circle = class.new("Circle", Shape)
function Circle:init(at, r) Shape.init(self, at) self.r = r end
function Circle:area() return math.pi * self.r ^ 2 end

local Square = class.new("Square", Shape)
function Square:init(at, side) self.super.init(self, at) self.side = side end
function Square:area() return self.side * self.side end
function Square:describe() return "a " .. self.super.describe(self):lower() end

local Scaled = { included = function(c) c.scalable = true end }
function Scaled:scale(f)
	if self.r then self.r = self.r * f end
	if self.side then self.side = self.side * f end
	self.at = self.at * f
	return self
end
Circle:include(Scaled)
Square:include(Scaled)

local a, b = Vector(3, 4), Vector(1.5, -2)
print(a + b, a * b, 2 * a, a * 0.5, -b, #a, a == Vector(3.0, 4), b < a, b <= a, a .. b)
local shapes = { Circle(Vector(0, 0), 1), Square(a, 2), Circle(b, 0.25) }
table.sort(shapes, function(s, t) return s:area() < t:area() end)
for i, s in ipairs(shapes) do print(i, s:describe(), s:is_a(Shape), s:is_a(Circle)) end
for _, s in ipairs(shapes) do io.write(s:scale(3):describe(), "; ") end
print()
print(Circle, Circle.super, Square.scalable, Shape.scalable)
local ok, message = pcall(Shape.area, Shape(a))
print(ok, (message:gsub("^.-:%d+: ", "")))
local count = 0
local proxy = setmetatable({}, {
	__index = function(_, k) count = count + 1 return k .. "!" end,
	__newindex = function(t, k, v) rawset(t, k, v * 2) end,
	__pairs = function() return function(_, i) i = (i or 0) + 1 if i < 4 then return i, i * i end end end,
})
proxy.x = 21
print(proxy.x, proxy.y, count)
for i, v in pairs(proxy) do io.write(i, "=", v, " ") end
print()
