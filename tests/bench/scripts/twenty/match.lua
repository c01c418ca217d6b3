-- SPDX-License-Identifier: GPL-2.0-only
local text = ("name = value; "):rep(200) .. "last = one"
local n = 0
for i = 1, 80 do
	n = n + text:find("last", 1, true)
	for k, v in text:gmatch("(%w+)%s*=%s*(%w+)") do n = n + #k + #v end
	if text:match("^(%w+)") == "name" then n = n + 1 end
end
assert(n > 0)
