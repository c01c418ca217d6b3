/* SPDX-License-Identifier: GPL-2.0-only */
/* Constants of <limits.h> that Lua needs and linux/limits.h does not have */
#ifndef CHAR_BIT
#define CHAR_BIT	8
#define UCHAR_MAX	255
#endif
