// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records in the kernel's audit log of scripts that user space runs, and of changes
 * that it makes to states.
 */

#include <linux/audit.h>
#include <linux/kconfig.h>

#include "internal.h"
#include KLUA_SHA256_HEADER

#if IS_ENABLED(CONFIG_AUDIT)

/* A name or a path, in hexadecimal, as the audit log has untrusted text. */
static void audit_name(struct audit_buffer *ab, const char *key, const char *name)
{
	size_t len = strlen(name), i;

	audit_log_format(ab, "%s=", key);
	/* %*ph prints at most 64 bytes. */
	for (i = 0; i < len; i += 64)
		audit_log_format(ab, "%*phN", (int)min_t(size_t, len - i, 64), name + i);
}

/* The length and the hash of a text, in fields whose names begin with @prefix. */
static void audit_bytes(struct audit_buffer *ab, const char *prefix,
			const char *text, size_t len)
{
#if IS_REACHABLE(CONFIG_CRYPTO_LIB_SHA256)
	u8 digest[SHA256_DIGEST_SIZE];

	sha256(text, len, digest);
	audit_log_format(ab, " %ssize=%zu %ssha256=%*phN", prefix, len, prefix,
			 SHA256_DIGEST_SIZE, digest);
#else
	audit_log_format(ab, " %ssize=%zu", prefix, len);
#endif
}

static void audit_script(struct audit_buffer *ab, const struct klua_audit *what)
{
	unsigned int count = 0;
	size_t i;

	audit_bytes(ab, "", what->text, what->len);
	for (i = 0; i < what->args_len; i++)
		count += !what->args[i];
	if (!count)
		return;
	audit_log_format(ab, " args=%u", count);
	audit_bytes(ab, "args_", what->args, what->args_len);
}

/*
 * The limits that were asked for. "No limit" is all ones, and shows as the largest
 * number.
 */
static void audit_limits(struct audit_buffer *ab,
			 const struct klua_limits_wanted *limits)
{
	if (limits->memory)
		audit_log_format(ab, " memory=%llu", limits->memory);
	if (limits->steps)
		audit_log_format(ab, " steps=%llu", limits->steps);
	if (limits->us)
		audit_log_format(ab, " time_us=%llu", limits->us);
}

/*
 * Write a record about a request of the current task. Process context; may sleep. While
 * the audit log's queue is full, because its daemon does not read, this waits for up to
 * a minute. With @what->nowait it does not wait: the record is dropped, and counted
 * among those that audit has lost.
 */
void klua_audit(const struct klua_audit *what)
{
	struct audit_buffer *ab;

	if (!audit_enabled)
		return;
	ab = audit_log_start(audit_context(), what->nowait ? GFP_ATOMIC : GFP_KERNEL,
			     AUDIT_KERN_MODULE);
	if (!ab)
		return;
	audit_log_format(ab, "op=klua_%s id=%u", what->op, what->id);
	audit_name(ab, " state", what->name);
	if (what->file)
		audit_name(ab, " file", what->file);
	audit_log_format(ab, " force=%d", what->force);
	if (what->text)
		audit_script(ab, what);
	if (what->limits)
		audit_limits(ab, what->limits);
	audit_log_task_info(ab);
	if (what->change)
		audit_log_format(ab, " res=%d", !what->err);
	audit_log_end(ab);
}

#else

void klua_audit(const struct klua_audit *what)
{
}

#endif
