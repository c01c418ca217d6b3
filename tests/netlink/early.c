// SPDX-License-Identifier: GPL-2.0-only
/*
 * early.so: loaded by LD_PRELOAD, it raises SIGINT in the last moment that a program
 * can notice by itself: just before it calls the kernel to run a script.
 */
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../uapi/klua.h"

int ioctl(int fd, unsigned long request, ...);

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request == KLUA_IOC_RUN)
		raise(SIGINT);
	return syscall(SYS_ioctl, fd, request, arg);
}
