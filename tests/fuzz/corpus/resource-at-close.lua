-- SPDX-License-Identifier: GPL-2.0-only
-- Objects that finalizers make while the state is closed (patch 11).
T = setmetatable({}, {__gc = resource})
U = setmetatable({}, {__gc = function()
	resource()
	setmetatable({}, {__gc = function() resource() end})
end})
