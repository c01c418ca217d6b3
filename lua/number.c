// SPDX-License-Identifier: GPL-2.0-only
/*
 * Floats for modules, which have no double to compute with. Part of core.c.
 */

lua_Number klua_number_from_integer(s64 i)
{
	return float_from_int(i);
}

lua_Number klua_number_from_ratio(s64 numerator, s64 denominator)
{
	return float_div(float_from_int(numerator), float_from_int(denominator));
}

bool klua_number_round(lua_Number n, s64 *i)
{
	const lua_Number half = float_ldexp(FLOAT_ONE, -1);
	lua_Number below = float_floor(n);
	lua_Number rest = float_sub(n, below);
	long long down;

	*i = 0;
	if (float_isnan(n) || !float_to_int(below, &down))
		return false;
	/* From 2^52 on there is no rest, so that nothing is added to the largest. */
	*i = down + (float_lt(half, rest) ||
		     (float_eq(half, rest) && (down & 1)));
	return true;
}
