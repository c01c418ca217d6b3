// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plays a person at a terminal.
 *
 *   dialog COMMAND [ARGUMENT]...
 *	Runs COMMAND on a terminal of its own, and follows the lines of standard
 *	input:
 *	  wait TEXT	reads the output until TEXT was in it
 *	  line TEXT	reads the output until a line that ends with TEXT was in it
 *	  type TEXT	sends TEXT, in which \r, \e and \NNN (octal) stand for keys
 *	  tell FILE	creates FILE, so that others know that the lines before are
 *			done
 *	Then it reads the output to its end, and prints all of it without carriage
 *	returns and NULs. Exit status: that of COMMAND, 128 plus the number of the
 *	signal that ended it, or 99 if an awaited text or the end did not come within
 *	half a minute.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE	30	/* seconds */
#define STATUS_LATE	99

static int terminal;
static pid_t child;

/* The command's output, its length, and the part of it that "wait" has passed */
static char seen[1 << 20];
static size_t length, waited;

static void late(const char *text)
{
	fprintf(stderr, "dialog: waited in vain for '%s'\n", text);
	fwrite(seen, 1, length, stdout);
	kill(child, SIGKILL);
	exit(STATUS_LATE);
}

/* Read more output. False: the last process has closed the terminal. */
static bool read_more(const char *what, time_t until)
{
	struct pollfd poll_for = { .fd = terminal, .events = POLLIN };
	char buf[4096];
	ssize_t n, i;

	if (time(NULL) > until || poll(&poll_for, 1, PATIENCE * 1000) <= 0)
		late(what);
	n = read(terminal, buf, sizeof(buf));
	for (i = 0; i < n; i++)
		if (buf[i] && buf[i] != '\r' && length < sizeof(seen) - 1)
			seen[length++] = buf[i];
	return n > 0;
}

static void wait_for(const char *text)
{
	time_t until = time(NULL) + PATIENCE;
	const char *found;

	for (;;) {
		seen[length] = '\0';
		found = strstr(seen + waited, text);
		if (found)
			break;
		if (!read_more(text, until))
			late(text);
	}
	waited = found - seen + strlen(text);
}

static char key(const char **p)
{
	char c = *(*p)++;
	int i, value = 0;

	if (c != '\\')
		return c;
	c = *(*p)++;
	if (c == 'r')
		return '\r';
	if (c == 'e')
		return '\033';
	if (!isdigit((unsigned char)c))
		return c;
	for (i = 0; i < 3 && isdigit((unsigned char)c); i++, c = *(*p)++)
		value = value * 8 + c - '0';
	(*p)--;
	return value;
}

static void type(const char *text)
{
	char c;

	while (*text) {
		c = key(&text);
		if (write(terminal, &c, 1) != 1)
			late(text);
	}
}

static void tell(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file || fclose(file)) {
		perror(path);
		kill(child, SIGKILL);
		exit(2);
	}
}

static void follow(char *line)
{
	/* An awaited line keeps its end. */
	if (!strncmp(line, "line ", 5)) {
		wait_for(line + 5);
		return;
	}
	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(line, "wait ", 5)) {
		wait_for(line + 5);
	} else if (!strncmp(line, "type ", 5)) {
		type(line + 5);
	} else if (!strncmp(line, "tell ", 5)) {
		tell(line + 5);
	} else {
		fprintf(stderr, "dialog: what is '%s'?\n", line);
		kill(child, SIGKILL);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	char line[1024];
	time_t until;
	int status;

	if (argc < 2)
		return 2;
	child = forkpty(&terminal, NULL, NULL, &size);
	if (child < 0) {
		perror("dialog: forkpty");
		return 2;
	}
	if (!child) {
		/* A shell starts background jobs with SIGINT ignored. */
		signal(SIGINT, SIG_DFL);
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	while (fgets(line, sizeof(line), stdin))
		follow(line);
	until = time(NULL) + PATIENCE;
	while (read_more("its end", until))
		;
	fwrite(seen, 1, length, stdout);
	if (waitpid(child, &status, 0) != child)
		return 2;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}
