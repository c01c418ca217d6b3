// SPDX-License-Identifier: GPL-2.0-only
/*
 * failrun: uses the device while the kernel fails each of its allocations in turn, on a
 * kernel with fault injection that is set up as in tests/guest/60-faults.sh.
 *
 * A failed allocation either makes the call fail or makes no difference. If a build
 * fails, the state that it should have replaced is still there. Prints for each call
 * how many allocations failed, and a line with "!!!" for each fault.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../uapi/klua.h"

#define DEVICE	"/dev/" KLUA_DEVICE_NAME
#define NAME	"user/failrun"

/* More allocations than any call makes */
#define NTH_MAX	5000

static int nth_fd;

/* Arm a failure of allocation number @nth; 0: none fails. */
static void arm(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	if (pwrite(nth_fd, text, len, 0) != len) {
		perror("fail-nth");
		exit(2);
	}
}

/* Disarm the failure. Returns true if it has happened. */
static int disarm(void)
{
	char text[16] = "";

	if (pread(nth_fd, text, sizeof(text) - 1, 0) < 0) {
		perror("fail-nth");
		exit(2);
	}
	arm(0);
	return !atoi(text);
}

/*
 * Run a script that reads x of the state. Returns the errno of the run, or of reading
 * the output.
 */
static int run(int *x)
{
	static const char script[] = "print(x) return x";
	static char message[4096], record[4096];
	struct klua_run run = {
		.name = NAME,
		.chunkname = "=failrun",
		.script = (uintptr_t)script,
		.script_len = sizeof(script) - 1,
		.message = (uintptr_t)message,
		.message_size = sizeof(message),
		.room = 4096,
	};
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	struct klua_record *head = (struct klua_record *)record;
	int err = 0;
	ssize_t n;

	if (fd < 0)
		return errno;
	if (ioctl(fd, KLUA_IOC_RUN, &run))
		err = errno;
	else
		err = run.error;
	n = err ? 0 : read(fd, record, sizeof(record) - 1);
	close(fd);
	if (err || n < (ssize_t)sizeof(*head))
		return err ? err : EIO;
	record[n] = '\0';
	*x = atoi(record + sizeof(*head));
	return 0;
}

static int build(int x)
{
	static char text[64], message[4096];
	struct klua_source source = { .text = (uintptr_t)text, .name = "=x" };
	struct klua_build build = {
		.flags = KLUA_BUILD_REPLACE,
		.kind = KLUA_BUILD_KIND_SAME,
		.name = NAME,
		.sources = (uintptr_t)&source,
		.sources_count = 1,
		.message = (uintptr_t)message,
		.message_size = sizeof(message),
	};
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	source.len = snprintf(text, sizeof(text), "x = %d", x);
	if (ioctl(fd, KLUA_IOC_BUILD, &build))
		err = errno;
	close(fd);
	return err;
}

/* The value that x of the state should have */
static int version;

static int try_run(void)
{
	int x = -1;
	int err = run(&x);

	if (!err && x != version)
		printf("!!! run: x is %d, not %d\n", x, version);
	return err;
}

static int try_build(void)
{
	int err = build(version + 1);

	version += !err;
	return err;
}

static void fail_each(const char *name, int (*act)(void))
{
	int nth, err, failed, x, errors = 0;

	for (nth = 1; nth < NTH_MAX; nth++) {
		arm(nth);
		err = act();
		failed = disarm();
		if (err && (!failed || err != ENOMEM))
			printf("!!! %s: %s at allocation %d\n", name,
			       strerror(err), nth);
		errors += !!err;
		x = -1;
		err = run(&x);
		if (err || x != version)
			printf("!!! %s: afterwards x is %d, not %d: %s\n", name,
			       x, version, strerror(err));
		if (!failed)
			break;
	}
	printf("%s: %d allocations failed, %d errors\n", name, nth - 1, errors);
}

int main(void)
{
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0) {
		perror("/proc/thread-self/fail-nth");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	/* Allocations for this program's own pages should not fail. */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	if (try_build()) {
		printf("!!! no state to begin with\n");
		return 1;
	}
	fail_each("build", try_build);
	fail_each("run", try_run);
	return 0;
}
