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

/*
 * Write a finite float with the fewest digits from which the same float is read again,
 * and no fewer than tostring() shows: at most 26 bytes with the NUL. Returns their
 * number without the NUL.
 */
int klua_number_write(lua_Number n, char *out)
{
	static const char * const forms[] = { "%.14g", "%.15g", "%.16g", "%.17g" };
	unsigned int i;
	char *end;
	int len;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		len = float_format(out, forms[i], n);
		if (float_read(out, &end).bits == n.bits)
			break;
	}
	if (!out[strspn(out, "-0123456789")]) {
		memcpy(out + len, ".0", 3);
		len += 2;
	}
	return len;
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
