-- SPDX-License-Identifier: GPL-2.0-only
-- A cycle has begun and has seen the table of globals, so that it finds the
-- objects only when it looks at that again, at the end of the cycle.
for i = 1, 8 do collectgarbage("step") end
while not full() do list = { next = list, 1, 2 } end
