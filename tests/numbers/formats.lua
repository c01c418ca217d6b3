-- SPDX-License-Identifier: GPL-2.0-only
-- Integers and strings in all formats of them: lua5.3 and the core print the same.
local integers = { 0, 1, -1, 8, 255, -4096, math.maxinteger, math.mininteger }
local strings = { "", "a", "abc", ("x"):rep(99) }
local flags = { "" }
for _, flag in ipairs({ "-", "+", " ", "#", "0" }) do
	for i = 1, #flags do
		flags[#flags + 1] = flags[i] .. flag
	end
end

local function show(conversion, values)
	for _, flag in ipairs(flags) do
		for _, width in ipairs({ "", "1", "8", "30", "99" }) do
			for _, precision in ipairs({ "", ".", ".0", ".1", ".7", ".40", ".99" }) do
				local form = "%" .. flag .. width .. precision .. conversion
				for _, value in ipairs(values) do
					print(form, value, "[" .. form:format(value) .. "]")
				end
			end
		end
	end
end

for conversion in ("dioxXu"):gmatch(".") do
	show(conversion, integers)
end
-- C leaves open what # and 0 are for strings.
flags = { "", "-" }
show("s", strings)
