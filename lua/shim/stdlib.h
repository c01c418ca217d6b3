/* SPDX-License-Identifier: GPL-2.0-only */
/* lua/host.h has what Lua needs of <stdlib.h>. */
