-- SPDX-License-Identifier: GPL-2.0-only
-- A template engine that compiles to Lua: {{ expression }}, {% code %}, {# remark #},
-- filters after |, includes, and an environment of its own.
local template = { cache = {}, sources = {} }

local filters = {}
function filters.upper(s) return tostring(s):upper() end
function filters.escape(s)
	return (tostring(s):gsub("[<>&\"']", { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;", ['"'] = "&quot;", ["'"] = "&#39;" }))
end
function filters.money(n) return ("%.2f"):format(n) end
function filters.date(t) return os.date("!%Y-%m-%d %H:%M", t) end
function filters.join(t, sep) return table.concat(t, sep or ", ") end

local function compile_expression(expression)
	local code, rest = expression:match("^(.-)%s*(|.*)$")
	code = code or expression
	for name, args in (rest or ""):gmatch("|%s*([%a_]+)%s*(%b())") do
		code = ("filters.%s(%s%s)"):format(name, code, args == "()" and "" or ", " .. args:sub(2, -2))
	end
	for name in (rest or ""):gsub("%b()", "\0"):gmatch("|%s*([%a_]+)%s*%f[|\1-\31 %z]?") do
		if not (rest:find(name .. "%s*%(")) then code = ("filters.%s(%s)"):format(name, code) end
	end
	return code
end

function template.compile(source, name)
	local code, at = { "local out, filters, include = ..." }, 1
	local function text(s) if s ~= "" then code[#code + 1] = ("out(%q)"):format(s) end end
	while true do
		local from, kind = source:match("(){([{%%#])", at)
		if not from then break end
		text(source:sub(at, from - 1))
		local close = ({ ["{"] = "}}", ["%"] = "%}", ["#"] = "#}" })[kind]
		local stop = source:find(close, from + 2, true)
		if not stop then error(("%s: '{%s' without its end"):format(name, kind), 0) end
		local inner = source:sub(from + 2, stop - 1):match("^%s*(.-)%s*$")
		if kind == "{" then code[#code + 1] = "out(" .. compile_expression(inner) .. ")"
		elseif kind == "%" then code[#code + 1] = inner end
		at = stop + 2
	end
	text(source:sub(at))
	return table.concat(code, "\n")
end

function template.render(name, values)
	local env = setmetatable({}, { __index = function(_, k)
		local v = values[k]
		if v == nil then return _G[k] end
		return v
	end })
	local code = template.cache[name]
	if not code then
		code = template.compile(template.sources[name] or error("no template " .. name, 0), name)
		template.cache[name] = code
	end
	local parts = {}
	local function out(v) parts[#parts + 1] = v == nil and "" or tostring(v) end
	local f = assert(load(code, "=" .. name, "t", env))
	f(out, filters, function(other, more) out(template.render(other, setmetatable(more or {}, { __index = values }))) end)
	return table.concat(parts)
end

template.sources.page = [[
<h1>{{ title | escape }}</h1>{# a remark #}
{% for i, item in ipairs(items) do %}{% include("row", { i = i, item = item }) %}{% end %}
Total: {{ total() | money }} on {{ when | date }}; {{ tags | join("/") }}, {{ missing }}.]]
template.sources.row = "<li>{{ i }}. {{ item.name | upper }}{% if item.price > 1 then %} for {{ item.price | money }}{% end %}</li>\n"
template.sources.open = "{{ never"
template.sources.wrong = "{% if %}"
template.sources.fails = "{{ nothing.here }}"

local items = { { name = "nail", price = 0.05 }, { name = "hammer", price = 12.5 }, { name = "<saw>", price = 1e3 / 3 } }
print(template.render("page", {
	title = "Tools & 'more'", items = items, when = 1000000000, tags = { "a", "b", 3, 4.5 },
	total = function() local sum = 0 for _, i in ipairs(items) do sum = sum + i.price end return sum end,
}))
for _, name in ipairs { "open", "wrong", "fails", "none" } do
	local ok, message = pcall(template.render, name, {})
	print(ok, (message:gsub("^.-:%d+: ", "")))
end
