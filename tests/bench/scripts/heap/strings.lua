-- SPDX-License-Identifier: GPL-2.0-only
local i = 0
while not full() do
	i = i + 1
	keep("string number " .. i)
end
