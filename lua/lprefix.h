/* SPDX-License-Identifier: GPL-2.0-only */
/* Upstream sets POSIX feature macros here; a kernel has none. */
