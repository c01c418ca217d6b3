// SPDX-License-Identifier: GPL-2.0-only
/*
 * dnsfilter: a packet filter whose policy is a Lua script.
 *
 * A netfilter hook gives what each UDP packet to port 53 carries to the Lua
 * function verdict() in the state "dnsfilter", and does as it says. The script
 * comes through the firmware loader: a policy is data that an administrator
 * replaces without compiling anything, and the loader already knows where the
 * kernel's data lives, reads it where security modules can object, and packs
 * it into initramfs images by MODULE_FIRMWARE().
 *
 * The hook is LOCAL_IN because the server to be guarded runs on this host:
 * there forwarded packets are out of the way, and IPv4 fragments have been put
 * together, so a question cannot be hidden by cutting it up. A router would
 * use FORWARD. Not seen are DNS over TCP and, unless connection tracking is
 * on, what an IPv6 sender put into a second fragment.
 *
 * The state has no function of this module in its globals, so it may outlive
 * the module in the hands of somebody who holds it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/firmware.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "states.h"

#define STATE		"dnsfilter"
#define SCRIPT		"dnsfilter.lua"
#define DNS_PORT	53

/* The question of a DNS message ends before its 272nd byte. */
#define SNAPLEN		512

/*
 * Steps for one packet. The longest name takes some thousands; what takes more
 * than this, two milliseconds or so, must not hold up other packets any longer.
 */
#define PACKET_STEPS	100000

static char *script = SCRIPT;
module_param(script, charp, 0444);
MODULE_PARM_DESC(script, "file below /lib/firmware with the policy (default " SCRIPT ")");

static unsigned long maxalloc = 1 << 20;
module_param(maxalloc, ulong, 0444);
MODULE_PARM_DESC(maxalloc, "bytes that the script may use (default 1 MiB)");

static bool verbose;
module_param(verbose, bool, 0444);
MODULE_PARM_DESC(verbose, "let the script print what it accepts, too (default off)");

/*
 * Open by default: this is a list of unwanted names, not an access control,
 * and a host that resolves nothing because a script has a fault is worse off
 * than one that resolves too much.
 */
static bool fail_open = true;
module_param(fail_open, bool, 0644);
MODULE_PARM_DESC(fail_open, "pass a packet for which the script fails (default on)");

static struct klua_state *state;

/**
 * struct question - a packet on its way through the script
 * @skb:    the packet
 * @offset: where in @skb the payload starts
 * @len:    bytes of the payload that the script gets to see
 * @accept: out: what the script said
 */
struct question {
	const struct sk_buff *skb;
	unsigned int offset;
	unsigned int len;
	bool accept;
};

/* @accept = verdict(payload) */
static int judge(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	const char *verdict;
	luaL_Buffer payload;
	char *bytes;

	lua_getglobal(L, "verdict");
	bytes = luaL_buffinitsize(L, &payload, q->len);
	/* copies from wherever the bytes are: head, page fragments, list */
	if (skb_copy_bits(q->skb, q->offset, bytes, q->len))
		return luaL_error(L, "the packet is shorter than it says");
	luaL_pushresultsize(&payload, q->len);
	lua_call(L, 1, 1);

	verdict = lua_tostring(L, -1);
	q->accept = verdict && !strcmp(verdict, "accept");
	if (!q->accept && (!verdict || strcmp(verdict, "drop")))
		return luaL_error(L, "verdict() returned %s, not \"accept\" or \"drop\"",
				  luaL_tolstring(L, -1, NULL));
	return 0;
}

/* Asks the script; where it fails, @fail_open answers in its place. */
static bool accepted(struct question *q)
{
	bool open = READ_ONCE(fail_open);
	int err;

	klua_state_lock(state);
	err = __klua_state_call(state, judge, q);
	if (err)
		pr_warn_ratelimited("no verdict, packet %s: %*pE (%pe)\n",
				    open ? "accepted" : "dropped",
				    (int)strlen(state->errmsg), state->errmsg,
				    ERR_PTR(err));
	klua_state_unlock(state);
	return err ? open : q->accept;
}

/* Where the UDP header of a packet starts, or -1 if it has none. */
static int udp_offset(const struct sk_buff *skb, u8 pf)
{
	unsigned int offset = 0;

	if (pf == NFPROTO_IPV4)
		return ip_hdr(skb)->protocol == IPPROTO_UDP ?
		       skb_network_offset(skb) + ip_hdrlen(skb) : -1;

	if (ipv6_find_hdr(skb, &offset, IPPROTO_UDP, NULL, NULL) < 0)
		return -1;
	return offset;
}

static unsigned int filter(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *hook)
{
	int offset = udp_offset(skb, hook->pf);
	struct question q = { .skb = skb };
	const struct udphdr *udp;
	struct udphdr copy;
	unsigned int len;

	if (offset < 0)
		return NF_ACCEPT;
	udp = skb_header_pointer(skb, offset, sizeof(copy), &copy);
	if (!udp || udp->dest != htons(DNS_PORT))
		return NF_ACCEPT;

	/*
	 * The server sees what the UDP header counts. Where that is more than
	 * there is, or less than the header itself, UDP will drop the packet
	 * or, for an IPv6 jumbogram's 0, go by the packet's length.
	 */
	q.offset = offset + sizeof(*udp);
	q.len = skb->len - q.offset;
	len = ntohs(udp->len);
	if (len >= sizeof(*udp))
		q.len = min_t(unsigned int, q.len, len - sizeof(*udp));
	q.len = min_t(unsigned int, q.len, SNAPLEN);

	return accepted(&q) ? NF_ACCEPT : NF_DROP;
}

/* The first network namespace only; NFPROTO_INET is IPv4 and IPv6. */
static const struct nf_hook_ops ops = {
	.hook = filter,
	.pf = NFPROTO_INET,
	.hooknum = NF_INET_LOCAL_IN,
	.priority = NF_IP_PRI_FILTER,
};

/* After the script ran: checks and sets the globals that the two share. */
static int share_globals(lua_State *L)
{
	if (lua_getglobal(L, "verdict") != LUA_TFUNCTION)
		return luaL_error(L, "it defines no function verdict()");
	lua_pushboolean(L, verbose);
	lua_setglobal(L, "verbose");
	return 0;
}

/* The firmware loader wants a device, if only to name it in the log. */
static int read_script(const struct firmware **fw)
{
	struct device *dev = root_device_register(KBUILD_MODNAME);
	int err;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	/* direct: without a helper in user space to wait for */
	err = request_firmware_direct(fw, script, dev);
	if (err)
		pr_err("no script /lib/firmware/%s (%pe)\n", script,
		       ERR_PTR(err));
	root_device_unregister(dev);
	return err;
}

static int load_script(void)
{
	const struct firmware *fw;
	int err;

	err = read_script(&fw);
	if (err)
		return err;

	klua_state_lock(state);
	err = __klua_state_run(state, fw->data, fw->size, "=policy", NULL);
	if (!err)
		err = __klua_state_call(state, share_globals, NULL);
	if (err)	/* the first line; a traceback may follow */
		pr_err("script %s: %*pE (%pe)\n", script,
		       (int)strcspn(state->errmsg, "\n"), state->errmsg,
		       ERR_PTR(err));
	klua_state_unlock(state);
	release_firmware(fw);

	return err ?: klua_state_set_steps(state, PACKET_STEPS);
}

/*
 * Creating gives the table a reference; the second one is ours, without which
 * anybody could destroy the state under the hook.
 */
static int open_state(void)
{
	if (klua_state_lookup(STATE)) {
		pr_err("there is a state " STATE " that is not ours\n");
		return -EEXIST;
	}
	if (!klua_state_create(maxalloc, STATE))
		return -ENOMEM;	/* the log says why */
	state = klua_state_find(STATE);
	return state ? 0 : -ENOENT;
}

/*
 * dnsctl holds the state for the length of one command, which can make a try
 * to destroy it fail. A name that is gone means that somebody else did it.
 */
static void close_state(void)
{
	int tries = 100;

	klua_state_put(state);
	while (klua_state_destroy(STATE) && klua_state_lookup(STATE)) {
		if (!--tries) {
			pr_warn("state %s is in use elsewhere, left alone\n",
				STATE);
			return;
		}
		msleep(20);
	}
}

static int __init dnsfilter_init(void)
{
	int err;

	err = open_state();
	if (err)
		return err;
	err = load_script();
	if (err)
		goto err_state;
	err = nf_register_net_hook(&init_net, &ops);
	if (err)
		goto err_state;
	return 0;

err_state:
	close_state();
	return err;
}

static void __exit dnsfilter_exit(void)
{
	nf_unregister_net_hook(&init_net, &ops);
	/* a packet that met the hook before may still be in the script */
	synchronize_net();
	close_state();
}

module_init(dnsfilter_init);
module_exit(dnsfilter_exit);

KLUA_IMPORT_NS;
MODULE_FIRMWARE(SCRIPT);
MODULE_DESCRIPTION("DNS packet filter with its policy in Lua");
MODULE_LICENSE("GPL");
