/* SPDX-License-Identifier: GPL-2.0-only */
/* lua/host.h has what Lua needs of <stdarg.h>; before 5.15 the kernel has, too. */
#ifdef __KERNEL__
#include <linux/version.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 15, 0)
#include_next <stdarg.h>
#endif
#endif
