// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "klua": states seen and driven from user space.
 * netlink/klua.yaml describes it for programs.
 */

/**
 * DOC: rights
 *
 * Everything but the module's own figures needs CAP_SYS_ADMIN in the initial
 * user namespace, of the task that sends and of the one that opened the
 * socket. CAP_NET_ADMIN, which most netlink families ask for, is handed to
 * containers and network daemons, while a script reaches whatever any kernel
 * module registered in the state, be it of the network or not, and its text,
 * names and last error tell about others; nothing weaker than what may load
 * a kernel module's rules fits. There is no read-only half either: names and
 * error texts are data of whoever uses the states. The family exists in the
 * initial network namespace only.
 *
 * Under lockdown no script is run for user space, since what the functions
 * that modules registered do to the kernel is not known here.
 */

#include <linux/capability.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/netlink.h>
#include <linux/security.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "internal.h"

static uint user_states_max = 256;
module_param(user_states_max, uint, 0644);
MODULE_PARM_DESC(user_states_max, "states made from user space that may exist at once (default 256)");

static ulong user_bytes_max = 64UL << 20;
module_param(user_bytes_max, ulong, 0644);
MODULE_PARM_DESC(user_bytes_max, "bytes that all states made from user space may hold together (default 64 MiB)");

/* What a state from user space may hold when its maker does not say. */
#define MEMORY_DEFAULT	SZ_1M

/* Error and limit events of one state that are sent in a second. */
#define EVENTS_MAX	20

/* Bytes of a reply's piece of output: with what surrounds it, four pages. */
#define PIECE		(16384 - 512)

/* The name of a script whose sender does not say. */
#define CHUNKNAME	"=script"
#define CHUNKNAME_LEN	255

static struct genl_family family;

/* False while there is nobody to tell, read and cleared under RCU. */
static bool telling;

/* Guards what states from user space take of their quota. */
static DEFINE_SPINLOCK(quota_lock);
static unsigned int user_states;
static u64 user_bytes;

/* States that end with a socket, and the mutex that guards the list. */
struct tie {
	struct list_head list;
	u32 portid;
	u32 id;
};

static LIST_HEAD(ties);
static DEFINE_MUTEX(ties_mutex);

/* Text that is only known at run time; it has to outlive the request. */
static void say(struct netlink_ext_ack *extack, const char *text)
{
	if (extack)
		extack->_msg = text;
}

static int permitted(struct sk_buff *request, struct netlink_ext_ack *extack)
{
	if (netlink_capable(request, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(extack, "CAP_SYS_ADMIN is needed");
	return -EPERM;
}

/* Take @bytes more and perhaps a state, or give back: false if over the quota. */
static bool account(int states, s64 bytes)
{
	bool fits = true;

	spin_lock_bh(&quota_lock);
	if ((states > 0 && user_states >= READ_ONCE(user_states_max)) ||
	    (bytes > 0 && user_bytes + bytes > READ_ONCE(user_bytes_max))) {
		fits = false;
	} else {
		user_states += states;
		user_bytes += bytes;
	}
	spin_unlock_bh(&quota_lock);
	return fits;
}

int klua_user_charge(struct klua_state *s, struct klua_new *new)
{
	bool fits;

	if (new->origin != KLUA_ORIGIN_USER)
		return 0;
	/* A size that no quota allows would only overflow what counts it. */
	fits = new->maxalloc <= READ_ONCE(user_bytes_max);
	if (fits && !account(1, new->maxalloc)) {
		/* Those destroyed but not closed still count: they hold memory. */
		klua_states_flush();
		fits = account(1, new->maxalloc);
	}
	if (!fits) {
		new->why = "over user_states_max or user_bytes_max";
		return -EDQUOT;
	}
	s->origin = KLUA_ORIGIN_USER;
	s->ephemeral = new->ephemeral;
	return 0;
}

void klua_user_uncharge(struct klua_state *s)
{
	if (s->origin == KLUA_ORIGIN_USER)
		account(-1, -(s64)s->maxalloc);
}

/* Destroy, when their socket closes, the states that were tied to it. */
static int tie_notify(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct netlink_notify *notify = ptr;
	struct tie *tie, *next;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC ||
	    !net_eq(notify->net, &init_net))
		return NOTIFY_DONE;
	mutex_lock(&ties_mutex);
	list_for_each_entry_safe(tie, next, &ties, list) {
		if (tie->portid != notify->portid)
			continue;
		klua_state_remove(tie->id, true);
		list_del(&tie->list);
		kfree(tie);
	}
	mutex_unlock(&ties_mutex);
	return NOTIFY_DONE;
}

static struct notifier_block tie_notifier = {
	.notifier_call = tie_notify,
};

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	BUILD_BUG_ON((int)KLUA_A_STATE_PAD != (int)KLUA_A_RUN_PAD);
	BUILD_BUG_ON((int)KLUA_A_STATE_PAD != (int)KLUA_A_INFO_PAD);
	return nla_put_u64_64bit(skb, type, value, KLUA_A_STATE_PAD);
}

static int put_last_error(struct sk_buff *skb, struct klua_state *s)
{
	u64 age;
	int err = 0;

	spin_lock_bh(&s->error_lock);
	if (s->error) {
		age = div_u64(ktime_get_ns() - s->error_ns, NSEC_PER_MSEC);
		err = nla_put(skb, KLUA_A_STATE_LAST_ERROR,
			      strlen(s->errmsg), s->errmsg) ?:
		      nla_put_u32(skb, KLUA_A_STATE_LAST_ERRNO, -s->error) ?:
		      put_u64(skb, KLUA_A_STATE_LAST_ERROR_AGE, age);
	}
	spin_unlock_bh(&s->error_lock);
	return err;
}

static int put_stats(struct sk_buff *skb, const struct klua_state *s)
{
	static const int limits[] = {
		[KLUA_LIMIT_STEPS] = KLUA_A_STATE_LIMIT_STEPS,
		[KLUA_LIMIT_TIME] = KLUA_A_STATE_LIMIT_TIME,
		[KLUA_LIMIT_MEMORY] = KLUA_A_STATE_LIMIT_MEMORY,
		[KLUA_LIMIT_STACK] = KLUA_A_STATE_LIMIT_STACK,
		[KLUA_LIMIT_CANCEL] = KLUA_A_STATE_CANCELS,
		[KLUA_LIMIT_SIGNAL] = KLUA_A_STATE_SIGNALS,
	};
	const struct klua_stats *stats = &s->stats;
	unsigned int i;

	if (put_u64(skb, KLUA_A_STATE_RUNS, READ_ONCE(s->limits.runs)) ||
	    put_u64(skb, KLUA_A_STATE_STEPS, READ_ONCE(s->limits.steps)) ||
	    put_u64(skb, KLUA_A_STATE_TIME, READ_ONCE(stats->ns)) ||
	    put_u64(skb, KLUA_A_STATE_ERRORS, READ_ONCE(stats->errors)))
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(limits); i++)
		if (put_u64(skb, limits[i], READ_ONCE(stats->limits[i])))
			return -EMSGSIZE;
	return 0;
}

static int put_identity(struct sk_buff *skb, const struct klua_state *s)
{
	BUILD_BUG_ON(sizeof(s->name) != KLUA_NAME_LEN + 1);
	if (nla_put_u32(skb, KLUA_A_STATE_ID, s->id) ||
	    nla_put_string(skb, KLUA_A_STATE_NAME, s->name) ||
	    nla_put_u32(skb, KLUA_A_STATE_ORIGIN, s->origin))
		return -EMSGSIZE;
	if (s->ephemeral && nla_put_flag(skb, KLUA_A_STATE_EPHEMERAL))
		return -EMSGSIZE;
	return 0;
}

/* All about one state, under RCU or with a reference. */
static int put_state(struct sk_buff *skb, struct klua_state *s)
{
	if (put_identity(skb, s) ||
	    nla_put_u32(skb, KLUA_A_STATE_USERS, refcount_read(&s->users)) ||
	    put_u64(skb, KLUA_A_STATE_MEMORY, READ_ONCE(s->curralloc)) ||
	    put_u64(skb, KLUA_A_STATE_MEMORY_PEAK, READ_ONCE(s->peakalloc)) ||
	    put_u64(skb, KLUA_A_STATE_MEMORY_MAX, READ_ONCE(s->maxalloc)) ||
	    put_u64(skb, KLUA_A_STATE_STEPS_MAX, READ_ONCE(s->steps)))
		return -EMSGSIZE;
	if (klua_state_busy(s) && nla_put_flag(skb, KLUA_A_STATE_BUSY))
		return -EMSGSIZE;
	return put_stats(skb, s) ?: put_last_error(skb, s);
}

/* The state that a request means, by number, name or both; under RCU. */
static struct klua_state *find(struct genl_info *info)
{
	struct nlattr *id = info->attrs[KLUA_A_STATE_ID];
	struct nlattr *name = info->attrs[KLUA_A_STATE_NAME];
	struct klua_state *s;

	BUILD_BUG_ON((int)KLUA_A_STATE_ID != (int)KLUA_A_RUN_ID);
	BUILD_BUG_ON((int)KLUA_A_STATE_NAME != (int)KLUA_A_RUN_NAME);
	if (!id && !name) {
		NL_SET_ERR_MSG(info->extack, "a state's id or name is needed");
		return ERR_PTR(-EINVAL);
	}
	s = id ? klua_state_by_id(nla_get_u32(id)) :
		 klua_state_lookup(nla_data(name));
	if (s && id && name && strcmp(s->name, nla_data(name)))
		s = NULL;
	if (s)
		return s;
	NL_SET_ERR_MSG_ATTR(info->extack, id ?: name,
			    "there is no such state");
	return ERR_PTR(-ENOENT);
}

/* The same, held. */
static struct klua_state *find_and_get(struct genl_info *info)
{
	struct klua_state *s;

	rcu_read_lock();
	s = find(info);
	if (!IS_ERR(s) && !klua_state_get(s)) {
		NL_SET_ERR_MSG(info->extack, "the state is being destroyed");
		s = ERR_PTR(-ENOENT);
	}
	rcu_read_unlock();
	return s;
}

/* Give up on a message, in whatever form, and return why. */
static int drop_message(struct sk_buff *skb, int err)
{
	nlmsg_free(skb);
	return err;
}

/* Answer with the state of this number, if it still is there. */
static int reply_state(struct genl_info *info, u8 cmd, u32 id)
{
	struct klua_state *s;
	struct sk_buff *skb;
	int err = -ENOENT;
	void *hdr;

	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	hdr = genlmsg_put_reply(skb, info, &family, 0, cmd);
	if (!hdr)
		return drop_message(skb, -EMSGSIZE);
	rcu_read_lock();
	s = klua_state_by_id(id);
	if (s)
		err = put_state(skb, s);
	else
		NL_SET_ERR_MSG(info->extack, "the state is gone already");
	rcu_read_unlock();
	if (err)
		return drop_message(skb, err);
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static int get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct klua_state *s;
	int err = permitted(request, info->extack);
	u32 id = 0;

	if (err)
		return err;
	rcu_read_lock();
	s = find(info);
	if (IS_ERR(s))
		err = PTR_ERR(s);
	else
		id = s->id;
	rcu_read_unlock();
	return err ?: reply_state(info, KLUA_CMD_STATE_GET, id);
}

/* One state of a dump. */
static int dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    struct klua_state *s)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &family, NLM_F_MULTI,
				KLUA_CMD_STATE_GET);

	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (put_state(skb, s)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* By number, so that a dump goes on after the last one it has shown. */
static int get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long *id = (unsigned long *)cb->ctx;
	struct klua_state *s;
	int err;

	/* Not at the start: Linux 6.1 drops the words of what fails there. */
	err = permitted(cb->skb, cb->extack);
	if (err)
		return err;
	cb->seq = klua_states_generation();
	rcu_read_lock();
	for (s = klua_state_next(id); s; s = klua_state_next(id)) {
		if (dump_one(skb, cb, s))
			break;
		*id = s->id + 1UL;
	}
	rcu_read_unlock();
	return skb->len;
}

static int create_tied(struct genl_info *info, struct klua_new *new)
{
	struct tie *tie = kmalloc(sizeof(*tie), GFP_KERNEL_ACCOUNT);
	int err;

	if (!tie)
		return -ENOMEM;
	err = klua_state_make(new);
	if (err) {
		kfree(tie);
		return err;
	}
	tie->portid = info->snd_portid;
	tie->id = new->id;
	mutex_lock(&ties_mutex);
	list_add(&tie->list, &ties);
	mutex_unlock(&ties_mutex);
	return 0;
}

/* An attribute in bytes, or what stands for it. */
static u64 get_u64(struct genl_info *info, int type, u64 absent)
{
	return info->attrs[type] ? nla_get_u64(info->attrs[type]) : absent;
}

static int create_doit(struct sk_buff *request, struct genl_info *info)
{
	struct klua_new new = {
		.origin = KLUA_ORIGIN_USER,
		.ephemeral = info->attrs[KLUA_A_STATE_EPHEMERAL],
		.steps = get_u64(info, KLUA_A_STATE_STEPS_MAX, 0),
		.maxalloc = min_t(u64, SIZE_MAX,
				  get_u64(info, KLUA_A_STATE_MEMORY_MAX,
					  MEMORY_DEFAULT)),
	};
	int err = permitted(request, info->extack);

	if (err)
		return err;
	if (!info->attrs[KLUA_A_STATE_NAME]) {
		NL_SET_ERR_MSG(info->extack, "a name is needed");
		return -EINVAL;
	}
	new.name = nla_data(info->attrs[KLUA_A_STATE_NAME]);
	err = new.ephemeral ? create_tied(info, &new) : klua_state_make(&new);
	if (err) {
		say(info->extack, new.why);
		return err;
	}
	return reply_state(info, KLUA_CMD_STATE_CREATE, new.id);
}

static int destroy_doit(struct sk_buff *request, struct genl_info *info)
{
	bool force = info->attrs[KLUA_A_STATE_FORCE];
	struct klua_state *s;
	int err = permitted(request, info->extack);
	u32 id = 0;

	if (err)
		return err;
	rcu_read_lock();
	s = find(info);
	if (IS_ERR(s)) {
		err = PTR_ERR(s);
	} else if (s->origin == KLUA_ORIGIN_KERNEL && !force) {
		NL_SET_ERR_MSG(info->extack,
			       "a kernel module made this state; destroying it has to be forced");
		err = -EPERM;
	} else {
		id = s->id;
	}
	rcu_read_unlock();
	if (err)
		return err;
	err = klua_state_remove(id, false);
	if (err == -EBUSY)
		NL_SET_ERR_MSG(info->extack, "somebody holds the state");
	else if (err)
		NL_SET_ERR_MSG(info->extack, "the state is gone already");
	return err;
}

/* Under the state's lock, so that what it holds does not change. */
static int set_memory(struct klua_state *s, u64 bytes,
		      struct netlink_ext_ack *extack)
{
	s64 more = bytes - s->maxalloc;

	lockdep_assert_held(&s->lock);
	if (bytes < KLUA_MIN_ALLOC || bytes > LONG_MAX) {
		NL_SET_ERR_MSG(extack, "too little or too much memory");
		return -EINVAL;
	}
	/* Or else lowering the limit would free quota and no memory. */
	if (bytes < s->curralloc) {
		NL_SET_ERR_MSG(extack, "the state holds more memory than that");
		return -EBUSY;
	}
	if (s->origin == KLUA_ORIGIN_USER && !account(0, more))
		return -EDQUOT;
	WRITE_ONCE(s->maxalloc, bytes);
	return 0;
}

/* Netlink leaves a request that ends in -EINTR without any answer. */
static int answerable(int err)
{
	return err == -EINTR ? -ECANCELED : err;
}

static int wait_for(struct klua_state *s, struct netlink_ext_ack *extack)
{
	int err = klua_state_lock_wait(s);

	if (err)
		NL_SET_ERR_MSG(extack, "interrupted while the state was busy");
	return answerable(err);
}

static int try_limits(struct klua_state *s, struct genl_info *info)
{
	struct nlattr *memory = info->attrs[KLUA_A_STATE_MEMORY_MAX];
	struct nlattr *steps = info->attrs[KLUA_A_STATE_STEPS_MAX];
	int err;

	err = wait_for(s, info->extack);
	if (err)
		return err;
	if (memory)
		err = set_memory(s, nla_get_u64(memory), info->extack);
	if (!err && steps)
		klua_steps_set(s, nla_get_u64(steps));
	klua_state_unlock(s);
	return err;
}

static int set_limits(struct klua_state *s, struct genl_info *info)
{
	int err;

	if (!info->attrs[KLUA_A_STATE_MEMORY_MAX] &&
	    !info->attrs[KLUA_A_STATE_STEPS_MAX]) {
		NL_SET_ERR_MSG(info->extack, "there is nothing to set");
		return -EINVAL;
	}
	err = try_limits(s, info);
	if (err == -EDQUOT) {
		/* Those destroyed but not closed still count. */
		klua_states_flush();
		err = try_limits(s, info);
	}
	if (err == -EDQUOT)
		NL_SET_ERR_MSG(info->extack, "over user_bytes_max");
	return err;
}

static int set_doit(struct sk_buff *request, struct genl_info *info)
{
	struct klua_state *s;
	int err = permitted(request, info->extack);

	if (err)
		return err;
	s = find_and_get(info);
	if (IS_ERR(s))
		return PTR_ERR(s);
	err = set_limits(s, info);
	klua_state_put(s);
	return err;
}

static int cancel_doit(struct sk_buff *request, struct genl_info *info)
{
	struct klua_state *s;
	int err = permitted(request, info->extack);

	if (err)
		return err;
	rcu_read_lock();
	s = find(info);
	err = IS_ERR(s) ? PTR_ERR(s) : klua_state_stop(s);
	rcu_read_unlock();
	if (err == -ESRCH)
		NL_SET_ERR_MSG(info->extack, "nothing runs in the state");
	return err;
}

static int put_info(struct sk_buff *skb)
{
	if (nla_put_string(skb, KLUA_A_INFO_VERSION, KLUA_VERSION) ||
	    nla_put_string(skb, KLUA_A_INFO_LUA, LUA_RELEASE) ||
	    put_u64(skb, KLUA_A_INFO_MEMORY_MIN, KLUA_MIN_ALLOC) ||
	    put_u64(skb, KLUA_A_INFO_MEMORY_DEFAULT, MEMORY_DEFAULT) ||
	    nla_put_u32(skb, KLUA_A_INFO_SCRIPT_MAX, KLUA_SCRIPT_MAX) ||
	    nla_put_u32(skb, KLUA_A_INFO_OUTPUT_MAX, KLUA_OUTPUT_MAX) ||
	    put_u64(skb, KLUA_A_INFO_STEPS_DEFAULT, klua_default_steps()) ||
	    nla_put_u32(skb, KLUA_A_INFO_TIME_MAX, klua_max_ms()) ||
	    nla_put_u32(skb, KLUA_A_INFO_USER_STATES_MAX,
			READ_ONCE(user_states_max)) ||
	    put_u64(skb, KLUA_A_INFO_USER_BYTES_MAX,
		    READ_ONCE(user_bytes_max)))
		return -EMSGSIZE;
	if (static_key_enabled(&klua_timing) &&
	    nla_put_flag(skb, KLUA_A_INFO_TIME_STATISTICS))
		return -EMSGSIZE;
	return 0;
}

/* Tells nothing about any state, and so asks for no right. */
static int info_doit(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *hdr;

	if (!skb)
		return -ENOMEM;
	hdr = genlmsg_put_reply(skb, info, &family, 0, KLUA_CMD_INFO_GET);
	if (!hdr || put_info(skb))
		return drop_message(skb, -EMSGSIZE);
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

/**
 * struct run - a script on its way through the kernel
 * @script: its text
 * @len:    bytes of it
 * @name:   what messages call it
 * @sink:   what it printed
 * @result: what it returned, or its error
 * @steps:  what it took
 * @err:    how it ended
 */
struct run {
	char *script;
	size_t len;
	const char *name;
	struct klua_sink sink;
	struct klua_result result;
	u64 steps;
	int err;
};

static void run_free(struct run *run)
{
	kvfree(run->script);
	kvfree(run->sink.buf);
	kvfree(run->result.buf);
}

/* Attributes hold less than 64 KiB each: a script may come in several. */
static size_t gather(struct genl_info *info, char *to)
{
	struct nlattr *attr;
	size_t len = 0;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != KLUA_A_RUN_SCRIPT)
			continue;
		if (to)
			memcpy(to + len, nla_data(attr), nla_len(attr));
		len += nla_len(attr);
	}
	return len;
}

static int run_prepare(struct run *run, struct genl_info *info)
{
	struct nlattr *name = info->attrs[KLUA_A_RUN_CHUNKNAME];
	struct nlattr *max = info->attrs[KLUA_A_RUN_OUTPUT_MAX];

	if (!info->attrs[KLUA_A_RUN_SCRIPT]) {
		NL_SET_ERR_MSG(info->extack, "a script is needed");
		return -EINVAL;
	}
	run->len = gather(info, NULL);
	if (run->len > KLUA_SCRIPT_MAX) {
		NL_SET_ERR_MSG(info->extack, "the script is larger than 1 MiB");
		return -E2BIG;
	}
	run->name = name ? nla_data(name) : CHUNKNAME;
	run->sink.interruptible = info->attrs[KLUA_A_RUN_INTERRUPTIBLE];
	run->sink.size = max ? nla_get_u32(max) : KLUA_OUTPUT_DEFAULT;
	run->result.size = KLUA_RESULTS_MAX + 1;
	/* One byte more: none of them may be empty. */
	run->script = kvmalloc(run->len + 1, GFP_KERNEL_ACCOUNT);
	run->sink.buf = kvmalloc(run->sink.size + 1, GFP_KERNEL_ACCOUNT);
	run->result.buf = kvmalloc(run->result.size, GFP_KERNEL_ACCOUNT);
	if (!run->script || !run->sink.buf || !run->result.buf)
		return -ENOMEM;
	gather(info, run->script);
	return 0;
}

/* Nothing but an error here keeps a reply from following. */
static int run_in(struct klua_state *s, struct run *run,
		  struct netlink_ext_ack *extack)
{
	int err = wait_for(s, extack);

	if (err)
		return err;
	s->sink = &run->sink;
	run->steps = s->limits.steps;
	run->err = __klua_state_run(s, run->script, run->len, run->name,
				    &run->result);
	run->steps = s->limits.steps - run->steps;
	s->sink = NULL;
	klua_state_unlock(s);
	return 0;
}

/* One piece of what the script printed. */
static int reply_piece(struct genl_info *info, const char *text, size_t len)
{
	struct sk_buff *skb = genlmsg_new(nla_total_size(len), GFP_KERNEL);
	void *hdr;

	if (!skb)
		return -ENOMEM;
	hdr = genlmsg_put_reply(skb, info, &family, 0, KLUA_CMD_RUN);
	if (!hdr || nla_put(skb, KLUA_A_RUN_OUTPUT, len, text))
		return drop_message(skb, -EMSGSIZE);
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static int reply_output(struct genl_info *info, const struct klua_sink *sink)
{
	size_t pos, n;
	int err;

	for (pos = 0; pos < sink->len; pos += n) {
		n = min_t(size_t, sink->len - pos, PIECE);
		err = reply_piece(info, sink->buf + pos, n);
		if (err)
			return err;
	}
	return 0;
}

static int put_end(struct sk_buff *skb, const struct run *run)
{
	const struct klua_result *result = &run->result;
	size_t len = min_t(size_t, result->len, KLUA_RESULTS_MAX);

	if (nla_put_u32(skb, KLUA_A_RUN_ERRNO, -run->err) ||
	    put_u64(skb, KLUA_A_RUN_STEPS, run->steps) ||
	    put_u64(skb, KLUA_A_RUN_OUTPUT_DROPPED, run->sink.dropped) ||
	    put_u64(skb, KLUA_A_RUN_RESULTS_DROPPED, result->len - len))
		return -EMSGSIZE;
	if (run->err)
		return nla_put(skb, KLUA_A_RUN_MESSAGE, len, result->buf);
	if (nla_put_u32(skb, KLUA_A_RUN_RESULTS_COUNT, result->count))
		return -EMSGSIZE;
	return nla_put(skb, KLUA_A_RUN_RESULTS, len, result->buf);
}

/* The last message of a run's reply: how it ended. */
static int reply_end(struct genl_info *info, const struct run *run)
{
	struct sk_buff *skb = genlmsg_new(KLUA_RESULTS_MAX + 512, GFP_KERNEL);
	void *hdr;

	if (!skb)
		return -ENOMEM;
	hdr = genlmsg_put_reply(skb, info, &family, 0, KLUA_CMD_RUN);
	if (!hdr || put_end(skb, run))
		return drop_message(skb, -EMSGSIZE);
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static int reply_run(struct genl_info *info, const struct run *run)
{
	int err = reply_output(info, &run->sink) ?: reply_end(info, run);

	if (err)
		NL_SET_ERR_MSG(info->extack,
			       "the script ran, but its output does not fit into the socket's receive buffer");
	return err;
}

/* Programs that show no more than this see the beginning of the message. */
static void say_error(struct netlink_ext_ack *extack, const struct run *run)
{
#ifdef NL_SET_ERR_MSG_FMT
	NL_SET_ERR_MSG_FMT(extack, "%.*s",
			   (int)min_t(size_t, strcspn(run->result.buf, "\n"),
				      NETLINK_MAX_FMTMSG_LEN - 1),
			   run->result.buf);
#else
	/* This kernel passes on constant texts only. */
	NL_SET_ERR_MSG(extack, "the script failed; the reply's message says why");
#endif
}

static int run_script(struct run *run, struct genl_info *info)
{
	struct klua_state *s;
	int err;

	err = run_prepare(run, info);
	if (err)
		return err;
	s = find_and_get(info);
	if (IS_ERR(s))
		return PTR_ERR(s);
	err = run_in(s, run, info->extack);
	klua_state_put(s);
	if (err)
		return err;
	err = reply_run(info, run);
	if (!err && run->err)
		say_error(info->extack, run);
	return err ?: answerable(run->err);
}

static int run_doit(struct sk_buff *request, struct genl_info *info)
{
	struct run run = {};
	int err = permitted(request, info->extack);

	if (err)
		return err;
	if (security_locked_down(LOCKDOWN_INTEGRITY_MAX)) {
		NL_SET_ERR_MSG(info->extack, "the kernel is locked down");
		return -EPERM;
	}
	/*
	 * Unloading would wait for this run, and everything that uses generic
	 * netlink for the unloading: better let it fail.
	 */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	err = run_script(&run, info);
	run_free(&run);
	module_put(THIS_MODULE);
	return err;
}

/* Not const: Linux 6.1 takes it so. */
static struct netlink_range_validation output_range = {
	.max = KLUA_OUTPUT_MAX,
};

/* Up to its first NUL a text would mean something else than it says. */
static int whole_string(const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	if (strlen(nla_data(attr)) + 1 == nla_len(attr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "there is a NUL inside");
	return -EINVAL;
}

#define STRING_POLICY(n) \
	NLA_POLICY_VALIDATE_FN(NLA_NUL_STRING, whole_string, n)
#define ID_POLICY	NLA_POLICY_MIN(NLA_U32, 1)
#define NAME_POLICY	STRING_POLICY(KLUA_NAME_LEN)
#define STEPS_POLICY	NLA_POLICY_MIN(NLA_U64, 1)

static const struct nla_policy state_policy[] = {
	[KLUA_A_STATE_ID] = ID_POLICY,
	[KLUA_A_STATE_NAME] = NAME_POLICY,
};

static const struct nla_policy create_policy[] = {
	[KLUA_A_STATE_NAME] = NAME_POLICY,
	[KLUA_A_STATE_EPHEMERAL] = { .type = NLA_FLAG },
	[KLUA_A_STATE_MEMORY_MAX] = { .type = NLA_U64 },
	[KLUA_A_STATE_STEPS_MAX] = STEPS_POLICY,
};

static const struct nla_policy destroy_policy[] = {
	[KLUA_A_STATE_ID] = ID_POLICY,
	[KLUA_A_STATE_NAME] = NAME_POLICY,
	[KLUA_A_STATE_FORCE] = { .type = NLA_FLAG },
};

static const struct nla_policy set_policy[] = {
	[KLUA_A_STATE_ID] = ID_POLICY,
	[KLUA_A_STATE_NAME] = NAME_POLICY,
	[KLUA_A_STATE_MEMORY_MAX] = { .type = NLA_U64 },
	[KLUA_A_STATE_STEPS_MAX] = STEPS_POLICY,
};

static const struct nla_policy run_policy[] = {
	[KLUA_A_RUN_ID] = ID_POLICY,
	[KLUA_A_RUN_NAME] = NAME_POLICY,
	[KLUA_A_RUN_SCRIPT] = { .type = NLA_BINARY },
	[KLUA_A_RUN_CHUNKNAME] = STRING_POLICY(CHUNKNAME_LEN),
	[KLUA_A_RUN_OUTPUT_MAX] = NLA_POLICY_FULL_RANGE(NLA_U32,
							&output_range),
	[KLUA_A_RUN_INTERRUPTIBLE] = { .type = NLA_FLAG },
};

/* No attribute at all. Without a policy all of them would be ignored. */
static const struct nla_policy info_policy[] = {
	[KLUA_A_INFO_PAD] = { .type = NLA_REJECT },
};

/*
 * Policies of their own, since what one operation takes means nothing to
 * another; in the form that Linux 6.1 has, too.
 */
static const struct genl_ops ops[] = {
	{
		.cmd = KLUA_CMD_STATE_GET,
		.policy = state_policy,
		.maxattr = ARRAY_SIZE(state_policy) - 1,
		.doit = get_doit,
		.dumpit = get_dumpit,
	},
	{
		.cmd = KLUA_CMD_STATE_CREATE,
		.policy = create_policy,
		.maxattr = ARRAY_SIZE(create_policy) - 1,
		.doit = create_doit,
	},
	{
		.cmd = KLUA_CMD_STATE_DESTROY,
		.policy = destroy_policy,
		.maxattr = ARRAY_SIZE(destroy_policy) - 1,
		.doit = destroy_doit,
	},
	{
		.cmd = KLUA_CMD_STATE_SET,
		.policy = set_policy,
		.maxattr = ARRAY_SIZE(set_policy) - 1,
		.doit = set_doit,
	},
	{
		.cmd = KLUA_CMD_RUN,
		.policy = run_policy,
		.maxattr = ARRAY_SIZE(run_policy) - 1,
		.doit = run_doit,
	},
	{
		.cmd = KLUA_CMD_CANCEL,
		.policy = state_policy,
		.maxattr = ARRAY_SIZE(state_policy) - 1,
		.doit = cancel_doit,
	},
	{
		.cmd = KLUA_CMD_INFO_GET,
		.policy = info_policy,
		.maxattr = ARRAY_SIZE(info_policy) - 1,
		.doit = info_doit,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = KLUA_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_SYS_ADMIN, },
};

/* Scripts take seconds, in which other families must not have to wait. */
static struct genl_family family __ro_after_init = {
	.name = KLUA_FAMILY_NAME,
	.version = KLUA_FAMILY_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.resv_start_op = KLUA_CMD_STATE_GET,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/*
 * Under RCU, which keeps the family while somebody is told. Whoever uses the
 * Lua state directly may do so where netlink cannot send.
 */
static bool heard(void)
{
	return READ_ONCE(telling) && !in_hardirq() && !irqs_disabled() &&
	       genl_has_listeners(&family, &init_net, 0);
}

/* The beginning of an event. From softirq, and with the state's lock held. */
static struct sk_buff *event_new(u8 cmd, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_ATOMIC);

	if (!skb)
		return NULL;
	*hdr = genlmsg_put(skb, 0, 0, &family, 0, cmd);
	if (!*hdr) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

static void event_send(struct sk_buff *skb, void *hdr, int err)
{
	if (err) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, hdr);
	genlmsg_multicast(&family, skb, 0, 0, GFP_ATOMIC);
}

static void state_event(const struct klua_state *s, u8 cmd)
{
	struct sk_buff *skb;
	void *hdr;

	rcu_read_lock();
	if (heard()) {
		skb = event_new(cmd, &hdr);
		if (skb)
			event_send(skb, hdr, put_identity(skb, s));
	}
	rcu_read_unlock();
}

void klua_event_created(const struct klua_state *s)
{
	state_event(s, KLUA_CMD_STATE_CREATED);
}

void klua_event_destroyed(const struct klua_state *s)
{
	state_event(s, KLUA_CMD_STATE_DESTROYED);
}

/* A filter that fails may do so for each packet: its listeners shall live. */
static bool too_many(struct klua_state *s)
{
	if (time_after(jiffies, s->events_from + HZ)) {
		s->events_from = jiffies;
		s->events = 0;
	}
	if (s->events < EVENTS_MAX) {
		s->events++;
		return false;
	}
	s->events_lost++;
	return true;
}

static int put_event(struct sk_buff *skb, struct klua_state *s)
{
	int err = nla_put_u32(skb, KLUA_A_EVENT_ID, s->id) ?:
		  nla_put_string(skb, KLUA_A_EVENT_NAME, s->name);

	if (!err && s->events_lost)
		err = nla_put_u32(skb, KLUA_A_EVENT_SUPPRESSED, s->events_lost);
	s->events_lost = 0;
	return err;
}

/* Bytes of an error's text that an event has room for, whatever else it has. */
#define EVENT_TEXT	2048

void klua_event_error(struct klua_state *s, int err, const char *text,
		      size_t len)
{
	struct sk_buff *skb;
	void *hdr;

	rcu_read_lock();
	if (heard() && !too_many(s)) {
		skb = event_new(KLUA_CMD_SCRIPT_ERROR, &hdr);
		len = min_t(size_t, len, EVENT_TEXT);
		if (skb)
			event_send(skb, hdr, put_event(skb, s) ?:
				   nla_put_u32(skb, KLUA_A_EVENT_ERRNO, -err) ?:
				   nla_put(skb, KLUA_A_EVENT_MESSAGE, len,
					   text));
	}
	rcu_read_unlock();
}

void klua_event_limit(struct klua_state *s, enum klua_limit which)
{
	struct sk_buff *skb;
	void *hdr;

	rcu_read_lock();
	if (heard() && !too_many(s)) {
		skb = event_new(KLUA_CMD_LIMIT_HIT, &hdr);
		if (skb)
			event_send(skb, hdr, put_event(skb, s) ?:
				   nla_put_u32(skb, KLUA_A_EVENT_LIMIT, which));
	}
	rcu_read_unlock();
}

int klua_netlink_init(void)
{
	int err = netlink_register_notifier(&tie_notifier);

	if (err)
		return err;
	err = genl_register_family(&family);
	if (err) {
		netlink_unregister_notifier(&tie_notifier);
		return err;
	}
	WRITE_ONCE(telling, true);
	return 0;
}

void klua_netlink_exit(void)
{
	struct tie *tie, *next;

	/* States that close now may still have something to tell. */
	WRITE_ONCE(telling, false);
	synchronize_rcu();
	genl_unregister_family(&family);
	netlink_unregister_notifier(&tie_notifier);
	list_for_each_entry_safe(tie, next, &ties, list)
		kfree(tie);
}
