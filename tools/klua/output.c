// SPDX-License-Identifier: GPL-2.0-only
/*
 * Output: messages, text for people, JSON for programs. If it cannot be written, the
 * program ends with a message and a status.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../utf8.h"
#include "tool.h"

/* File and line of the batch command in progress, for messages */
static const char *where_path;
static unsigned int where_line;

/* Failures are told as JSON, with json_doing as what was being done. */
static bool json_errors;
static const char *json_doing = "klua";

/* The state that a command is about, as it was given, or NULL. */
static const char *subject;
static bool subject_is_id;

/* JSON is written in lines and indented, for people. */
static bool json_pretty;

/* Why the last write to standard output failed. */
static int output_errno;

/*
 * Whoever shares a pipe with us may have made it one that nobody waits for: then its
 * reader is waited for here. What is written so is a part of @buf when it fails.
 */
static ssize_t write_waiting(int fd, const char *buf, size_t size)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = write(fd, buf + done, size - done);
		if (n >= 0)
			done += n;
		else if (errno == EAGAIN)
			poll(&ready, 1, -1);
		else if (errno != EINTR)
			break;
	}
	return done;
}

static ssize_t write_output(void *unused, const char *buf, size_t size)
{
	ssize_t done = write_waiting(STDOUT_FILENO, buf, size);

	if ((size_t)done < size)
		output_errno = errno;
	return done;
}

static ssize_t write_message(void *unused, const char *buf, size_t size)
{
	return write_waiting(STDERR_FILENO, buf, size);
}

/* Likewise a pipe or terminal that is read: its writer is waited for. */
static ssize_t read_input(void *unused, char *buf, size_t size)
{
	struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t n;

	while ((n = read(STDIN_FILENO, buf, size)) < 0 && errno == EAGAIN)
		if (poll(&ready, 1, -1) < 0)
			break;
	return n;
}

/* The library's own ones, for what has to know their descriptors. */
FILE *plain_input;
FILE *plain_output;

/*
 * The library's own streams lose what a descriptor does not take at once, and end where
 * it has nothing yet.
 */
static void open_streams(void)
{
	cookie_io_functions_t input = { .read = read_input };
	cookie_io_functions_t output = { .write = write_output };
	cookie_io_functions_t message = { .write = write_message };
	FILE *in = fopencookie(NULL, "r", input);
	FILE *out = fopencookie(NULL, "w", output);
	FILE *err = fopencookie(NULL, "w", message);

	if (!in || !out || !err)
		_exit(EXIT_OUTPUT);
	/* Lines at once: others may write to the same log. */
	setvbuf(err, NULL, _IOLBF, BUFSIZ);
	if (isatty(STDOUT_FILENO))
		setvbuf(out, NULL, _IOLBF, BUFSIZ);
	plain_input = stdin;
	plain_output = stdout;
	stdin = in;
	stdout = out;
	stderr = err;
}

/*
 * Called before anything else is opened. A socket that was opened as descriptor 1 would
 * get the script's output as a request. A closed descriptor is replaced by /dev/null
 * for reading: reads from it end, and writes fail.
 */
void open_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", O_RDONLY) != fd)
			_exit(EXIT_OUTPUT);
	open_streams();
	signal(SIGPIPE, SIG_IGN);
}

void set_where(const char *path, unsigned int line)
{
	where_path = path;
	where_line = line;
}

/* What fails is told of this state from now on: a name, or a number. */
void set_subject(const char *word, bool is_id)
{
	subject = word;
	subject_is_id = is_id;
}

/* Tell failures as JSON from now on, or not any more. */
void set_json(bool json, const char *command)
{
	json_errors = json;
	json_doing = command;
}

void set_pretty(bool pretty)
{
	json_pretty = pretty;
}

bool json_is_pretty(void)
{
	return json_pretty;
}

bool json_wanted(void)
{
	return json_errors;
}

void begin_message(void)
{
	fputs("klua: ", stderr);
	if (!where_path)
		return;
	show_name(stderr, (struct bytes){ where_path, strlen(where_path) });
	fprintf(stderr, ":%u: ", where_line);
}

/* The text may have parts of a file by somebody else, so it is escaped. */
void warn(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	begin_message();
	show_text(stderr, (struct bytes){ text, strlen(text) });
	fputc('\n', stderr);
}

/* Flush the output. Ends the program if that fails. */
void check_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	warn("cannot write the output: %s", strerror(output_errno));
	_exit(EXIT_OUTPUT);
}

/*
 * Wait until there is something to read. Ends the program when nobody is left to read its
 * output, which a write would notice only when there is something to tell.
 */
void wait_for_input(int fd)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0 ||
	    !(fds[1].revents & (POLLERR | POLLHUP)))
		return;
	warn("cannot write the output: %s", strerror(EPIPE));
	_exit(EXIT_OUTPUT);
}

/*
 * End the program without exit(), which would set back the offset of an input file that
 * a parent or a sibling reads on.
 */
void finish(int status)
{
	check_output();
	_exit(status);
}

void fail(int status, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (json_errors)
		failure(true, status, 0, json_doing, text);
	else
		warn("%s", text);
	finish(status);
}

void *allocate(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p)
		fail(EXIT_REFUSED, "%s", strerror(ENOMEM));
	return p;
}

/* Decode the UTF-8 sequence of @n bytes. */
static u32 character(const unsigned char *p, size_t n)
{
	u32 c = n == 1 ? p[0] : p[0] & (0x7f >> n);
	size_t i;

	for (i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/*
 * Would the character move the cursor, start a line, turn the text around, or be
 * invisible, so that two names look the same?
 */
static bool controls(u32 c)
{
	static const struct {
		u32 first, last;
	} ranges[] = {
		{ 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x34f, 0x34f },
		{ 0x61c, 0x61c }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/*
 * Write bytes that come from others. Characters that control a terminal are escaped,
 * unless @allowed has them.
 */
static void show_escaped(FILE *to, struct bytes bytes, const char *allowed)
{
	const unsigned char *p = (const unsigned char *)bytes.data;
	size_t len = bytes.len, n, i;

	for (; len; p += n, len -= n) {
		n = klua_utf8_sequence(p, len);
		if (n && ((n == 1 && *p && strchr(allowed, *p)) ||
			  (*p != '\\' && !controls(character(p, n))))) {
			fwrite(p, 1, n, to);
			continue;
		}
		n = n ?: 1;
		for (i = 0; i < n; i++)
			fprintf(to, "\\%03o", p[i]);
	}
}

/* Write a name, which has to stay in its line. */
void show_name(FILE *to, struct bytes name)
{
	show_escaped(to, name, "");
}

/* Write a message. Tabs, newlines and backslashes are part of it. */
void show_text(FILE *to, struct bytes text)
{
	show_escaped(to, text, "\t\n\\");
}

/*
 * A JSON string of any bytes. Those that are not UTF-8 become U+FFFD: JSON cannot have
 * them.
 */
struct json_object *json_bytes(struct bytes bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.data;
	char *text = allocate(NULL, 3 * bytes.len + 1);
	struct json_object *string;
	size_t left = bytes.len, len = 0, n;

	for (; left; p += n, left -= n) {
		n = klua_utf8_sequence(p, left);
		if (n) {
			memcpy(text + len, p, n);
			len += n;
		} else {
			memcpy(text + len, "\xef\xbf\xbd", 3);
			len += 3;
			n = 1;
		}
	}
	string = json_object_new_string_len(text, len);
	free(text);
	return string;
}

void json_add(struct json_object *object, const char *key,
	      struct json_object *value)
{
	json_object_object_add(object, key, value);
}

/* A JSON value from its text, which has no NUL; from "", null. */
struct json_object *json_text(struct bytes text)
{
	struct json_object *object = json_object_new_object();
	struct json_object *clean = json_bytes(text);
	char *copy;

	if (!text.len) {
		json_object_put(clean);
		json_object_put(object);
		return NULL;
	}
	copy = strdup(json_object_get_string(clean));
	json_object_put(clean);
	if (!copy)
		fail(EXIT_REFUSED, "%s", strerror(ENOMEM));
	json_object_set_serializer(object, json_object_userdata_to_json_string,
				   copy, json_object_free_userdata);
	return object;
}

/* Write a character as \u and its UTF-16 unit, or two units if it needs them. */
static void show_unicode(u32 c)
{
	if (c > 0xffff)
		printf("\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 | (c & 0x3ff));
	else
		printf("\\u%04x", c);
}

/*
 * Write a JSON value, in one line or in lines, and free it. Characters that control a
 * terminal occur in strings only, where they can be written as \u.
 */
void json_show(struct json_object *object)
{
	int form = json_pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED :
				 JSON_C_TO_STRING_PLAIN;
	const char *text = json_object_to_json_string_ext(object,
		form | JSON_C_TO_STRING_NOSLASHESCAPE);
	const unsigned char *p = (const unsigned char *)text, *from = p;
	size_t left = strlen(text), n;

	for (; left; p += n, left -= n) {
		n = klua_utf8_sequence(p, left) ?: 1;
		if (!controls(character(p, n)) || *p == '\n')
			continue;
		fwrite(from, 1, p - from, stdout);
		show_unicode(character(p, n));
		from = p + n;
	}
	fwrite(from, 1, p - from, stdout);
	putchar('\n');
	json_object_put(object);
}

/* Answer for a command that has succeeded and has nothing to show. */
int nothing_to_say(bool json)
{
	if (json)
		json_show(json_object_new_object());
	return EXIT_OK;
}

static void show_subject(void)
{
	if (!subject)
		return;
	if (subject_is_id)
		fputs("state ", stderr);
	show_name(stderr, (struct bytes){ subject, strlen(subject) });
	fputs(": ", stderr);
}

/* Where in a batch that was, if it was in one. */
void json_add_where(struct json_object *object)
{
	struct bytes path = { where_path, where_path ? strlen(where_path) : 0 };

	if (!where_path)
		return;
	json_add(object, "file", json_bytes(path));
	json_add(object, "line", json_object_new_int64(where_line));
}

/* Tell that a command failed, as a message or as JSON, and return @status. */
int failure(bool json, int status, int err, const char *what, const char *why)
{
	struct bytes words = { why, strlen(why) };
	struct json_object *object;

	if (!json && !json_errors) {
		begin_message();
		show_subject();
		fprintf(stderr, "%s: ", what);
		show_text(stderr, words);
		fputc('\n', stderr);
		return status;
	}
	object = json_object_new_object();
	json_add(object, "error", json_bytes(words));
	json_add(object, "doing",
		 json_bytes((struct bytes){ what, strlen(what) }));
	if (subject)
		json_add(object, "state",
			 json_bytes((struct bytes){ subject, strlen(subject) }));
	json_add(object, "errno", json_object_new_int(err));
	json_add(object, "status", json_object_new_int(status));
	json_add_where(object);
	json_show(object);
	return status;
}
